package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/access"
	"github.com/glarimy/ums/gateway/clientaddr"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/cors"
	"github.com/glarimy/ums/gateway/ratelimit"
	"github.com/glarimy/ums/shared/problem"
)

// lookAtKeysEvery is how often the file of API keys is looked at: a change is in force after two looks. The issuer's keys are
// fetched, or read from their file, when a look finds that due, which is every ten minutes.
const lookAtKeysEvery = 5 * time.Second

// guards are what the guards of one configuration after another share: who may call, as long as that is configured the
// same, and what is known of the clients' limits.
type guards struct {
	logger     *slog.Logger
	registerer prometheus.Registerer
	tick       <-chan time.Time // when keys are looked at; nil: lookAtKeysEvery
	access     lease[*access.Authenticator]
	limiter    lease[*ratelimit.Limiter]
}

// guard stands before the routes of one configuration.
type guard struct {
	access  *access.Authenticator
	limiter *ratelimit.Limiter // nil: no route has a limit
	limits  map[string]config.RateLimit
	cors    *cors.Policy // nil: no origins
	proxies clientaddr.Proxies
	trusts  bool // there are trusted proxies
	refused map[problem.Type]prometheus.Counter
	back    []func()
}

// guard returns the guard of a configuration. The error says what of it cannot be had, such as the file of the API keys.
func (s *guards) guard(c config.Config, refused map[problem.Type]prometheus.Counter) (*guard, error) {
	w := &guard{
		limits: make(map[string]config.RateLimit, len(c.RateLimits)), refused: refused,
		proxies: clientaddr.Trust(c.TrustedProxies...), trusts: len(c.TrustedProxies) > 0,
	}
	if c.CORS != nil {
		w.cors = cors.New(*c.CORS)
	}
	limited := false
	for _, l := range c.RateLimits {
		w.limits[l.Name] = l
	}
	for _, r := range c.Routes {
		limited = limited || w.limits[r.RateLimit].Policy.Limited()
	}
	if err := w.take(s, c, limited); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *guard) take(s *guards, c config.Config, limited bool) error {
	key, err := json.Marshal([]any{c.Access, access.Rules(c)})
	if err != nil {
		return fmt.Errorf("compare who may call: %w", err)
	}
	a, back, err := s.access.take(string(key), func() (*access.Authenticator, func(), error) { return s.openAccess(c) })
	if err != nil {
		return err
	}
	w.access, w.back = a, append(w.back, back)
	if !limited {
		return nil
	}
	l, back, err := s.limiter.take(c.RateLimitRedis, func() (*ratelimit.Limiter, func(), error) {
		return s.openLimiter(c.RateLimitRedis)
	})
	if err != nil {
		return err
	}
	w.limiter, w.back = l, append(w.back, back)
	return nil
}

// close gives back what other guards may share. It may be called more than once.
func (w *guard) close() {
	for _, back := range w.back {
		back()
	}
}

// openAccess opens who may call, and keeps the keys fresh until the function that it returns is called.
func (s *guards) openAccess(c config.Config) (*access.Authenticator, func(), error) {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 2 * lookAtKeysEvery,
	}
	a, err := access.Open(access.Options{Config: c, Transport: transport, Logger: s.logger, Now: time.Now})
	if err != nil {
		return nil, nil, err
	}
	if a.IsOpen() {
		return a, func() {}, nil
	}
	ticker := time.NewTicker(lookAtKeysEvery)
	tick := ticker.C
	if s.tick != nil {
		tick = s.tick
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.Run(ctx, tick)
	}()
	return a, func() {
		cancel()
		ticker.Stop()
		<-ended
		transport.CloseIdleConnections()
	}, nil
}

func (s *guards) openLimiter(redisURL string) (*ratelimit.Limiter, func(), error) {
	o := ratelimit.Options{Logger: s.logger, Registerer: s.registerer, Now: time.Now}
	end := func() {}
	if redisURL != "" {
		client, err := ratelimit.Open(redisURL)
		if err != nil {
			return nil, nil, err
		}
		o.Redis = client
		end = func() {
			if err := client.Close(); err != nil {
				s.logger.Debug("the rate limits' Redis was not left in peace", slog.Any("error", err))
			}
		}
	}
	l, err := ratelimit.New(o)
	if err != nil {
		end()
		return nil, nil, err
	}
	return l, end, nil
}

// reloadKeys looks at the file of the API keys now. After an error the keys of before stay in force.
func (s *guards) reloadKeys() error {
	if a := s.access.now(); a != nil {
		return a.Reload()
	}
	return nil
}
