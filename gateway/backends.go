package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/stale"
	"github.com/glarimy/ums/gateway/upstream"
	"github.com/glarimy/ums/gateway/wire"
)

// Backends is what outlives a configuration: the connections to upstreams, what is known of their health, and old answers.
// There is one for the life of the process. It is safe for concurrent use.
type Backends struct {
	registry *upstream.Registry
	answers  *stale.Cache
}

// NewBackends returns backends of which no configuration makes use yet. The resolver looks up upstreams' names; nil is the
// system's. The error is that of metrics that the registerer refuses.
func NewBackends(logger *slog.Logger, registerer prometheus.Registerer, resolver upstream.Resolver) (*Backends, error) {
	plain, _ := resolver.(*net.Resolver)
	registry, err1 := upstream.NewRegistry(upstream.Options{
		Logger: logger, Registerer: registerer, Resolver: resolver,
		Attach: func(e upstream.Endpoint) any { return wire.NewPool(wire.Endpoint(e), plain) },
		Detach: func(i *upstream.Instance) { poolOf(i).Close() },
	})
	answers, err2 := stale.New(registerer)
	return &Backends{registry: registry, answers: answers}, errors.Join(err1, err2)
}

// poolOf returns the connections to an instance.
func poolOf(i *upstream.Instance) *wire.Pool {
	return i.Attached().(*wire.Pool) //nolint:forcetypeassert // it is what Attach returns
}

// slot is the upstream of one slot.
type slot struct {
	name     string
	upstream *upstream.Upstream
	failures map[Kind]prometheus.Counter
}

// use opens the upstreams of a configuration. It looks names up for two seconds at most.
func (b *Backends) use(c config.Config, m *metrics) (slots map[string]*slot, release func()) {
	upstreams, release := b.registry.Use(context.Background(), c.Upstreams)
	slots = make(map[string]*slot, len(upstreams))
	for name, u := range upstreams {
		slots[name] = &slot{name: name, upstream: u, failures: m.failuresOf(name)}
	}
	return slots, release
}

// RoundTrip sends a request of the gateway's own to an instance, under the same rules as those of clients, and reads the
// whole answer. It implements [http.RoundTripper].
func (s *slot) RoundTrip(r *http.Request) (*http.Response, error) {
	var turn upstream.Call
	if err := s.upstream.Begin(&turn); err != nil {
		return nil, &wire.DialError{Err: err}
	}
	defer turn.End(upstream.Canceled)
	for {
		instance, err := turn.Pick()
		if err != nil {
			return nil, &wire.DialError{Err: err}
		}
		response, err := poolOf(instance).RoundTrip(r)
		if err == nil {
			turn.Answered(response.StatusCode)
			turn.End(upstream.Answered)
			return response, nil
		}
		if !turn.Failed(upstream.Attempt{
			Method: r.Method, Replayable: r.Body == nil || r.Body == http.NoBody, Outcome: ownOutcome(r.Context(), err),
		}) {
			return nil, err
		}
	}
}

// ownOutcome tells from an error how an exchange of the gateway's own ended.
func ownOutcome(ctx context.Context, err error) upstream.Outcome {
	_, isDial := errors.AsType[*wire.DialError](err)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return upstream.TimedOut
	case ctx.Err() != nil:
		return upstream.Canceled
	case isDial:
		return upstream.ConnectFailed
	default:
		return upstream.Broken
	}
}
