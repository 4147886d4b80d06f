// Package config reads gateway.yaml: which upstreams there are, and which requests go to them.
//
// A file is right as a whole or refused as a whole. Everything that is wrong with it is reported at once, each fault
// with its file and line.
package config

import (
	"net/netip"
	"net/url"
	"time"

	"github.com/glarimy/ums/gateway/cors"
)

// Version is the only version of the format so far.
const Version = 1

// Config is what a file says. Load makes it; nothing changes it afterwards.
type Config struct {
	Upstreams []Upstream // in the file's order
	Routes    []Route    // in the file's order
	Stale     Stale

	Access         Access
	RateLimits     []RateLimit
	RateLimitRedis string // the URL of the Redis that gateways share their limits in; empty for none; a secret
	Compression    Compression
	CORS           *cors.Options  // nil if pages of other origins may not call
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
}

// Stale is how much is kept of old answers, for the time of an upstream's error.
type Stale struct {
	Size int64 // bytes; 0: nothing is kept
}

// Upstream is the service that fills one slot.
type Upstream struct {
	Slot string
	URL  *url.URL   // scheme and host alone; of a list the first
	URLs []*url.URL // the instances, if the file lists them
	DNS  bool       // every address of the URL's host is an instance
	// Resilience is how the upstream is treated; the zero value stands for DefaultResilience.
	Resilience Resilience
}

// Route says where requests for some methods of a path go.
type Route struct {
	Path    string   // a pattern in the syntax of package route
	Methods []string // GET stands for HEAD as well
	// Upstream is the slot that serves the route; empty if the gateway itself answers it.
	Upstream string
	// Aggregate is what the gateway puts together to answer the route, in the answer's order; empty if it does not.
	Aggregate []Part
	// Respond is how else the gateway itself answers; empty if it does not.
	Respond Response
	// Timeout is the longest time until the first byte of the answer; 0 means any time. An aggregate has one.
	Timeout time.Duration
	// BodyLimit is the largest request body in bytes; 0 means that the route takes none.
	BodyLimit int64
	// StaleIfError is the age up to which an old answer stands in for an upstream that fails; 0: none does.
	StaleIfError time.Duration
	// Scopes are all needed; without one the route is open to anybody.
	Scopes []string
	// RateLimit names the limit of the route; empty for none.
	RateLimit string
}

// Response is an answer of the gateway's own.
type Response string

// The answers of the gateway's own.
const (
	NotImplemented Response = "not-implemented" // 501 with a problem: the path is reserved
	OpenAPI        Response = "openapi"         // the OpenAPI document of all routes
	Docs           Response = "docs"            // the same as a page to read
)

// Upstream returns the upstream that fills a slot.
func (c Config) Upstream(slot string) (Upstream, bool) {
	for _, u := range c.Upstreams {
		if u.Slot == slot {
			return u, true
		}
	}
	return Upstream{}, false
}
