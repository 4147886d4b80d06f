package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/glarimy/ums/gateway/ratelimit"
)

// RateLimit is a limit that routes name.
type RateLimit struct {
	Name      string
	Policy    ratelimit.Policy
	ByAddress bool // by the client's address, also where it has a key
}

// RateLimit returns the limit of a name.
func (c Config) RateLimit(name string) (RateLimit, bool) {
	for _, l := range c.RateLimits {
		if l.Name == name {
			return l, true
		}
	}
	return RateLimit{}, false
}

func (r *reader) rateLimits(n *yaml.Node) []RateLimit {
	if n == nil {
		return nil
	}
	fields, ok := r.mapping(n, "rate_limits")
	if !ok {
		return nil
	}
	var list []RateLimit
	for _, name := range order(n, fields) {
		if !isSlot(name) {
			r.fault(fields[name], "%q is no name for a rate limit: use lower-case letters, digits and -, a letter first", name)
			continue
		}
		list = append(list, r.rateLimit(fields[name], name))
	}
	return list
}

// rateLimitRedis reads a URL that may hold a password, which no fault tells. An empty one is none.
func (r *reader) rateLimitRedis(n *yaml.Node) string {
	text, ok := r.text(n, "the URL of the rate limits' Redis")
	if !ok || text == "" {
		return ""
	}
	if err := ratelimit.CheckURL(text); err != nil {
		r.fault(n, "%v; write it like redis://HOST:6379, or rediss://USER:PASSWORD@HOST:6379/0 for TLS", err)
	}
	return text
}

func (r *reader) rateLimit(n *yaml.Node, name string) RateLimit {
	l := RateLimit{Name: name}
	what := "rate limit " + name
	fields, ok := r.mapping(n, what, "rate", "burst", "by")
	if !ok {
		return l
	}
	count, per, rated := r.rate(r.required(n, fields, "rate", what), what)
	burst, bursts := r.burst(r.required(n, fields, "burst", what), what)
	if by := fields["by"]; by != nil {
		text, ok := r.text(by, "what "+what+" goes by")
		known := []string{"key", "address"}
		if ok && !slices.Contains(known, text) {
			r.fault(by, "%s goes by key or by address, not by %q%s", what, text, suggest(text, known))
		}
		l.ByAddress = text == "address"
	}
	if rated && bursts {
		var err error
		if l.Policy, err = ratelimit.NewPolicy(name, count, per, burst); err != nil {
			r.fault(n, "%s: %v", what, err)
		}
	}
	return l
}

// rate reads how many requests there may be in a period; n may be nil, which is told already.
func (r *reader) rate(n *yaml.Node, what string) (count int, per time.Duration, ok bool) {
	if n == nil {
		return 0, 0, false
	}
	text, ok := r.text(n, "the rate of "+what)
	if !ok {
		return 0, 0, false
	}
	if count, per, ok = parseRate(text); !ok {
		r.fault(n, "the rate %q of %s is none: write it like 100/s, 600/m or 1000/h", text, what)
	}
	return count, per, ok
}

// burst reads how many requests may come at once; n may be nil, which is told already.
func (r *reader) burst(n *yaml.Node, what string) (int, bool) {
	if n == nil {
		return 0, false
	}
	text, ok := r.text(n, "the burst of "+what)
	if !ok {
		return 0, false
	}
	burst, err := strconv.Atoi(text)
	if err != nil {
		r.fault(n, "the burst %q of %s is no number: it is how many requests may come at once", text, what)
	}
	return burst, err == nil
}

// parseRate reads a number of requests in a second, minute or hour.
func parseRate(text string) (count int, per time.Duration, ok bool) {
	number, unit, found := strings.Cut(text, "/")
	switch unit {
	case "s":
		per = time.Second
	case "m":
		per = time.Minute
	case "h":
		per = time.Hour
	default:
		return 0, 0, false
	}
	count, err := strconv.Atoi(strings.TrimSpace(number))
	return count, per, found && err == nil && count > 0
}

// limited reads the limit of a route.
func (r *reader) limited(n *yaml.Node, limits []RateLimit, out *Route) {
	name, ok := r.text(n, "the rate limit of a route")
	if !ok {
		return
	}
	known := make([]string, len(limits))
	for i, l := range limits {
		known[i] = l.Name
	}
	if !slices.Contains(known, name) {
		r.fault(n, "no rate limit is called %q%s", name, suggest(name, known))
		return
	}
	out.RateLimit = name
}
