// Package httpserver is the chassis of every service: listeners, request ids, deadlines, access log, metrics, probes and
// a stop that loses no request.
package httpserver

import "time"

// Config is what an operator can set of a server.
type Config struct {
	// Addr is where requests arrive.
	Addr string `env:"ADDR" envDefault:":8080"`

	// AdminAddr is where metrics and profiles are; "off" for nowhere.
	AdminAddr string `env:"ADMIN_ADDR" envDefault:":9464"`

	// ShutdownDelay is how long to serve on after the stop signal; ShutdownTimeout, how long requests in flight may take
	// after that.
	ShutdownDelay   time.Duration `env:"SHUTDOWN_DELAY"   envDefault:"0s"`
	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"20s"`

	// AccessLog is off, sampled (one request in AccessLogSample) or all. Unless off, every 5xx is logged.
	AccessLog       string `env:"ACCESS_LOG"        envDefault:"sampled"`
	AccessLogSample uint64 `env:"ACCESS_LOG_SAMPLE" envDefault:"100"`
}

// Limits of every connection. The idle time is above that of the gateway's connections, so that it is the gateway who
// closes an idle one and never meets one that the service is just closing.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 32 << 10
)
