package gateway

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/reload"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/problem"
)

// front is what every request meets first, whatever the configuration says: probes, the access log, the metrics that all
// services have; and the one place that knows which configuration is in force.
type front struct {
	current  *reload.Current[*Gateway]
	logger   *slog.Logger
	draining atomic.Bool
	stopping atomic.Bool // streams end
	every    uint64      // log one request in so many; 0: none
	seen     atomic.Uint64
	inFlight atomic.Int64
	duration *prometheus.HistogramVec
	observed [8][600]atomic.Pointer[prometheus.Observer] // children of duration by method and status
}

func newFront(c httpserver.Config, g *Gateway, logger *slog.Logger, registry prometheus.Registerer) (*front, error) {
	f := &front{
		current: reload.NewCurrent(g, (*Gateway).Close), logger: logger, duration: httpserver.RequestDuration("gateway"),
	}
	var err error
	if f.every, err = c.LogEvery(); err != nil {
		return nil, err
	}
	inFlight := prometheus.NewGaugeFunc(httpserver.RequestsInFlight("gateway"), func() float64 {
		return float64(f.inFlight.Load())
	})
	for _, collector := range []prometheus.Collector{f.duration, inFlight} {
		if err := registry.Register(collector); err != nil {
			return nil, fmt.Errorf("register the metrics of the gateway: %w", err)
		}
	}
	return f, nil
}

// Serve implements exchange.Handler.
func (f *front) Serve(x *exchange.Exchange) {
	f.inFlight.Add(1)
	defer f.done(x) // also when the answer breaks off by a panic
	identify(x)
	if path, ok := probed(x.Target); ok {
		f.probe(x, path)
		return
	}
	g := f.current.Acquire()
	defer g.Release()
	g.Value.Serve(x)
}

// replace puts a configuration in force, and has the one before it end with its last request.
func (f *front) replace(g *Gateway) {
	f.current.Replace(g)
	if f.stopping.Load() {
		f.endStreams()
	}
}

// endStreams ends the streams of every configuration that still has any, also of one that is put in force afterwards.
func (f *front) endStreams() {
	f.stopping.Store(true)
	f.current.Each((*Gateway).EndStreams)
}

// probed returns the path of a probe. No client waits for those, so that the time of requests leaves them out.
func probed(target string) (path string, ok bool) {
	if !strings.HasPrefix(target, "/livez") && !strings.HasPrefix(target, "/readyz") {
		return "", false // nearly every request
	}
	path, _, _ = strings.Cut(target, "?")
	return path, path == "/livez" || path == "/readyz"
}

// probe answers /livez and /readyz. Live means that this process answers at all; ready, that it wants requests.
func (f *front) probe(x *exchange.Exchange, path string) {
	x.Respond(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			problem.Write(w, r, problem.New(problem.MethodNotAllowed, "Probes answer GET and HEAD."))
			return
		}
		if path == "/readyz" && f.draining.Load() {
			w.Header().Set("Retry-After", "1")
			problem.Write(w, r, problem.New(problem.Unavailable, "The server is stopping."))
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok"}` + "\n"))
	}))
}

func (f *front) done(x *exchange.Exchange) {
	f.inFlight.Add(-1)
	status := x.Answer.Status
	if status == 0 {
		status = http.StatusInternalServerError
	}
	if _, ok := probed(x.Target); !ok {
		f.observer(x.Method, status).Observe(x.Took().Seconds())
	}
	if f.every == 0 || status < http.StatusInternalServerError && f.every > 1 && f.seen.Add(1)%f.every != 0 {
		return
	}
	f.log(x, status)
}

func (f *front) log(x *exchange.Exchange, status int) {
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	path, _, _ := strings.Cut(x.Target, "?") // the query may hold phone numbers
	f.logger.LogAttrs(x.Client.Context(), level, "request",
		slog.String("request_id", x.RequestID),
		slog.String("client", cmp.Or(x.ClientIP, x.RemoteIP)),
		slog.String("method", x.Method),
		slog.String("path", path),
		slog.Int("status", status),
		slog.Int64("bytes", x.Answer.Bytes),
		slog.Duration("took", x.Took()))
}

// observer returns the series of a method and status, looked up once.
func (f *front) observer(method string, status int) prometheus.Observer {
	place := &f.observed[indexOf(method)][min(status, 599)]
	if o := place.Load(); o != nil {
		return *o
	}
	if indexOf(method) == indexOf(otherMethod) {
		method = otherMethod
	}
	o := f.duration.WithLabelValues(method, strconv.Itoa(status))
	place.Store(&o)
	return o
}
