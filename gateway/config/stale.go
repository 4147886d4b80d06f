package config

import (
	"net/http"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

const (
	// defaultStaleSize is what is kept if a route asks for it and the file says no more, in bytes.
	defaultStaleSize = 32 << 20
	leastStaleSize   = 64 << 10
	maxStaleAge      = 7 * 24 * time.Hour
)

// staleIfError reads up to what age an old answer of a route stands in for an error.
func (r *reader) staleIfError(n *yaml.Node, out *Route) {
	if n == nil {
		return
	}
	switch {
	case out.Upstream == "":
		r.fault(n, `"stale_if_error" goes with "upstream": the gateway answers this route itself`)
	case !slices.Equal(out.Methods, []string{http.MethodGet}):
		r.fault(n, `"stale_if_error" goes with methods: [GET] alone: no other answer can be kept`)
	case out.Timeout == 0:
		r.fault(n, `"stale_if_error" goes with a timeout: a stream cannot be kept`)
	default:
		durationSetting("stale_if_error", &out.StaleIfError, time.Second, maxStaleAge).read(r, n, "stale_if_error")
	}
}

// staleSize reads how much is kept of old answers: nothing, unless a route wants it.
func (r *reader) staleSize(n *yaml.Node, routes []Route) Stale {
	c := Stale{Size: defaultStaleSize}
	c = section(r, n, "stale", c, func(s *Stale) []setting {
		return []setting{{"size", func(r *reader, n *yaml.Node, what string) { r.staleBytes(n, what, s) }}}
	})
	if !slices.ContainsFunc(routes, func(route Route) bool { return route.StaleIfError > 0 }) {
		c.Size = 0
	}
	return c
}

func (r *reader) staleBytes(n *yaml.Node, what string, out *Stale) {
	size, ok := r.size(n, what, "64KiB or 32MiB")
	switch {
	case !ok:
	case size < leastStaleSize:
		r.fault(n, "%s is %d, which is less than 64KiB; to keep nothing, write no stale_if_error", what, size)
	default:
		out.Size = size
	}
}
