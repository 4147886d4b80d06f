package upstream

import (
	"context"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/glarimy/ums/gateway/config"
)

// Resolver finds the addresses of a name. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

const (
	lookupTimeout = 2 * time.Second
	// retryLookup is the pause after a lookup that failed, if the interval is not shorter.
	retryLookup = time.Second
)

// fixed returns the endpoints of an upstream that no lookup is needed for.
func fixed(c config.Upstream) []Endpoint {
	urls := c.URLs
	if len(urls) == 0 {
		urls = []*url.URL{c.URL}
	}
	endpoints := make([]Endpoint, len(urls))
	for i, u := range urls {
		endpoints[i] = endpointOf(u, "")
	}
	return endpoints
}

// lookup looks the upstream's name up once, makes its addresses the members, and returns the pause until the next time.
// When it fails, the members stay who they were: a resolver that is away says nothing of the instances.
func (s *Set) lookup(ctx context.Context, u *url.URL) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addrs, err := s.options.Resolver.LookupNetIP(ctx, "ip", u.Hostname())
	if s.ctx.Err() != nil {
		return retryLookup // closed; nobody will look
	}
	if err != nil || len(addrs) == 0 {
		s.counts.lookupFailed()
		s.options.Logger.Warn("a name could not be looked up; its instances stay as they were",
			slog.String("slot", s.slot), slog.String("name", u.Hostname()), slog.Any("error", err))
		return min(s.settings.Lookup, retryLookup)
	}
	addrs = oneFamily(addrs)
	endpoints := make([]Endpoint, len(addrs))
	for i, a := range addrs {
		endpoints[i] = endpointOf(u, a.String())
	}
	s.update(endpoints)
	return s.settings.Lookup
}

// oneFamily returns the IPv4 addresses, or the others if there are none, each once. An instance that has an address of
// each family is one instance, and nothing in the answer tells which two belong together.
func oneFamily(addrs []netip.Addr) []netip.Addr {
	var v4, v6 []netip.Addr
	for _, a := range addrs {
		if a = a.Unmap(); a.Is4() {
			v4 = append(v4, a)
		} else {
			v6 = append(v6, a)
		}
	}
	if len(v4) == 0 {
		v4 = v6
	}
	slices.SortFunc(v4, netip.Addr.Compare)
	return slices.Compact(v4)
}
