package system

import (
	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/readevents"
	"github.com/glarimy/ums/shared/usercache"
)

// Config is what an operator can set of the whole system. The variables are those of the services themselves.
type Config struct {
	Server httpserver.Config // of the gateway; the services behind it are for this process alone
	TLS    gateway.TLS       // of the gateway
	Cache  usercache.Config
	Fence  usercache.FenceConfig
	Relay  add.RelayConfig
	Reads  readevents.Config
	Bus    transport.Config   // without a URL: one in this process, apart from the cache
	Pages  search.PagesConfig // without keys: one that is kept in the data folder

	Journal journal.Settings // without keys: the same one

	Data string // folder of the database, the lock and the cursors' key

	DatabaseURL      string `env:"DATABASE_URL"` // empty: SQLite in the data folder
	DatabasePassword string `env:"DATABASE_PASSWORD"`
	MaxConnections   int    `env:"DATABASE_MAX_CONNECTIONS" envDefault:"32"`
	RedisURL         string `env:"REDIS_URL"` // empty: one in this process

	GatewayConfig string              `env:"GATEWAY_CONFIG"` // a gateway.yaml; empty: the built-in one
	Getenv        func(string) string // for the variables that gateway.yaml takes

	// Where a slot is filled by a program elsewhere; the slot's own service is then not started.
	FindURL    string `env:"FIND_URL"`
	AddURL     string `env:"ADD_URL"`
	SearchURL  string `env:"SEARCH_URL"`
	JournalURL string `env:"JOURNAL_URL"`
}
