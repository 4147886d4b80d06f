package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// DefaultMaxBuckets is how many clients are remembered in memory unless Options say otherwise: about 10 MB.
const DefaultMaxBuckets = 50_000

// Options are what a Limiter is made of. Logger, Registerer and Now are required.
type Options struct {
	// Redis is where the gateways share their buckets; nil for one gateway alone. The limiter does not close it.
	Redis redis.UniversalClient
	// MaxBuckets bounds the memory; 0 means DefaultMaxBuckets. Those used longest ago are forgotten first.
	MaxBuckets int
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Limiter decides which requests pass. It knows no policies, so that one Limiter, with all that it remembers, outlives
// the reloads of a configuration. It is safe for concurrent use.
type Limiter struct {
	local     *local
	shared    *shared // nil without Redis
	now       func() time.Time
	decisions *prometheus.CounterVec
	alone     prometheus.Counter
}

// New returns a limiter; it does not connect. The error is that of a metric that the registerer refuses.
func New(o Options) (*Limiter, error) {
	if o.MaxBuckets == 0 {
		o.MaxBuckets = DefaultMaxBuckets
	}
	decisions, err1 := register(o.Registerer, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ums_gateway_rate_limit_decisions_total",
		Help: "Requests that a rate limit let pass or refused, by policy.",
	}, []string{"policy", "decision"}))
	alone, err2 := register(o.Registerer, prometheus.NewCounter(prometheus.CounterOpts{
		Name: "ums_gateway_rate_limit_alone_total",
		Help: "Decisions that this gateway took by itself, because Redis was away or slow.",
	}))
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("register the metrics of the rate limits: %w", err)
	}
	l := &Limiter{local: newLocal(o.MaxBuckets), now: o.Now, decisions: decisions, alone: alone}
	if o.Redis != nil {
		l.shared = newShared(o.Redis, func(open bool) {
			if open {
				o.Logger.Warn("the rate limits' Redis is away: each gateway limits by itself")
			} else {
				o.Logger.Info("the rate limits' Redis is back: the gateways share their limits again")
			}
		})
	}
	return l, nil
}

// Allow decides whether a request under a policy passes; key is whose request it is, such as Identity.Key or AddressKey.
// It takes some tens of milliseconds at most, whatever becomes of Redis. A request that is refused costs the client
// nothing. The zero Policy lets everything pass. Neither argument is kept.
func (l *Limiter) Allow(ctx context.Context, p Policy, key string) Decision {
	if !p.Limited() {
		return Decision{Allowed: true}
	}
	d := l.decide(ctx, p, key)
	decision := "refused"
	if d.Allowed {
		decision = "passed"
	}
	l.decisions.WithLabelValues(p.name, decision).Inc()
	return d
}

func (l *Limiter) decide(ctx context.Context, p Policy, key string) Decision {
	now := l.now().UnixMicro()
	if l.shared == nil {
		return p.decide(l.local.take(p, key, now))
	}
	if level, empty := l.local.refuses(p, key, now); empty {
		return p.decide(false, level)
	}
	allowed, level, err := l.shared.take(ctx, p, key)
	if err != nil {
		l.alone.Inc()
		return p.decide(l.local.take(p, key, now))
	}
	// Counted from before the question was sent, so that what is kept here never refuses longer than Redis would.
	l.local.learn(p, key, now+level)
	return p.decide(allowed, level)
}

// register registers a collector, or returns its like that is registered already.
func register[C prometheus.Collector](r prometheus.Registerer, c C) (C, error) {
	err := r.Register(c)
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing, nil
		}
	}
	return c, err
}
