// Package cors lets pages of other origins call the API from a browser (Cross-Origin Resource Sharing, as the Fetch
// standard defines it, section 3.3).
//
// Origins are compared exactly, and are told back one by one: there is no wildcard, so that there is none with
// credentials either. An origin that is not listed is answered like any other client, without the headers that would
// let its page read the answer; CORS protects a browser's user, it does not keep requests out.
package cors

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options are what a Policy is made of.
type Options struct {
	// Origins are those whose pages may call: scheme://host or scheme://host:port, as browsers write them.
	Origins []string
	// RequestHeaders are those that a page may send, beyond the few that need no leave.
	RequestHeaders []string
	// ExposedHeaders are those of an answer that a page may read, beyond the few that need no leave.
	ExposedHeaders []string
	// Credentials lets pages send cookies and client certificates. An Authorization header that a page sets by itself
	// needs no such leave.
	Credentials bool
	// MaxAge is how long a browser may remember the answer to a preflight; whole seconds. Browsers cap it (2 h).
	MaxAge time.Duration
}

// Policy answers for a set of origins. A nil *Policy is CORS switched off: it sets nothing. It never changes, and is safe
// for concurrent use.
type Policy struct {
	origins     []string
	headers     string // of requests
	exposed     string
	credentials bool
	maxAge      string
}

// New returns a policy.
func New(o Options) *Policy {
	return &Policy{
		origins:     slices.Clone(o.Origins),
		headers:     strings.Join(o.RequestHeaders, ", "),
		exposed:     strings.Join(o.ExposedHeaders, ", "),
		credentials: o.Credentials,
		maxAge:      strconv.FormatInt(int64(o.MaxAge/time.Second), 10),
	}
}

// Preflight answers a browser that asks what it may send. It reports whether the request is a preflight: an OPTIONS with
// Origin and Access-Control-Request-Method; the answer is then 204 without a body, whatever the origin, and the request
// goes no further, nor needs credentials, which a browser does not send with it. allow is the methods of the path,
// separated by commas, as for the header Allow. get returns a header of the request, or ""; add adds a header to the
// answer.
func (p *Policy) Preflight(method string, get func(name string) string, allow string, add func(name, value string)) bool {
	if p == nil || method != http.MethodOptions || get("Access-Control-Request-Method") == "" {
		return false
	}
	origin := get("Origin")
	if origin == "" {
		return false
	}
	// A cache between must not give one origin's answer to another; Origin of a refused one counts as well.
	add("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
	if !p.allowed(origin) {
		return true
	}
	p.addOrigin(origin, add)
	add("Access-Control-Allow-Methods", allow)
	if p.headers != "" {
		add("Access-Control-Allow-Headers", p.headers)
	}
	add("Access-Control-Max-Age", p.maxAge)
	return true
}

// Apply adds to any other answer what lets a page of the origin read it. origin is the request's header Origin, or "".
// What an upstream says in Access-Control-* headers is to be taken away before: there is one policy.
func (p *Policy) Apply(origin string, add func(name, value string)) {
	if p == nil {
		return
	}
	add("Vary", "Origin")
	if origin == "" || !p.allowed(origin) {
		return
	}
	p.addOrigin(origin, add)
	if p.exposed != "" {
		add("Access-Control-Expose-Headers", p.exposed)
	}
}

// Strips reports whether an upstream's header stays behind, because the policy speaks for it. The name's case does not
// matter.
func (p *Policy) Strips(name string) bool {
	const prefix = "Access-Control-"
	return p != nil && len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

func (p *Policy) allowed(origin string) bool { return slices.Contains(p.origins, origin) }

func (p *Policy) addOrigin(origin string, add func(name, value string)) {
	add("Access-Control-Allow-Origin", origin)
	if p.credentials {
		add("Access-Control-Allow-Credentials", "true")
	}
}
