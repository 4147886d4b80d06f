// Package reload puts a changed file in force in a process that goes on running: on a signal, and when the file changes.
//
// What is in force is replaced as a whole or not at all. A file that cannot be used leaves everything as it was, and is
// logged, counted, and told by a metric until it is mended.
package reload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/prometheus/client_golang/prometheus"
)

// settle is how long files are left alone after a change: an editor's write, or the swap of a mounted volume, is several
// changes.
const settle = 100 * time.Millisecond

// mostSettles bounds the waiting where changes do not end.
const mostSettles = 10

// Options are what a [Reloader] is given. Load, Apply, Logger, Registerer and Now are required.
type Options[T any] struct {
	// Path is the file of the configuration; empty if there is none to watch, and only a signal loads again.
	Path string
	// Load reads the file and finds it right; what it returns is only given to Apply.
	Load func() (T, error)
	// Apply puts in force what was loaded. After an error the one before must still be in force.
	Apply func(T) error
	// Hooks are other files that are reloaded by themselves, such as certificates and keys.
	Hooks      []Hook
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Hook is something that is read from files of its own.
type Hook struct {
	Name  string // in the log
	Files []string
	// Reload reads the files and puts them in force. After an error those before must still be in force.
	Reload func() error
}

// Reloader watches files. Make it before the first load, so that no change falls between, and run it once.
type Reloader struct {
	sources []*source
	logger  *slog.Logger
	metrics *metrics
	now     func() time.Time
}

// source is what is reloaded as one.
type source struct {
	Hook
	seen   fingerprint // of the files when they were read last
	failed bool
}

// New returns a Reloader, which remembers what the files hold now. The error is that of a metric which the registerer
// refuses.
func New[T any](o Options[T]) (*Reloader, error) {
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	r := &Reloader{logger: o.Logger, metrics: m, now: o.Now}
	whole := Hook{Name: "configuration", Reload: func() error {
		value, err := o.Load()
		if err != nil {
			return err
		}
		return o.Apply(value)
	}}
	if o.Path != "" {
		whole.Files = []string{o.Path}
	}
	for _, hook := range append([]Hook{whole}, o.Hooks...) {
		r.sources = append(r.sources, &source{Hook: hook, seen: read(hook.Files)})
	}
	return r, nil
}

// Run reloads until ctx ends: everything when something comes over hangup, and else what has changed. Where files cannot
// be watched it says so, and listens to hangup alone.
func (r *Reloader) Run(ctx context.Context, hangup <-chan os.Signal) {
	r.metrics.reloaded(r.now(), true)
	var events <-chan fsnotify.Event
	var faults <-chan error
	w, err := r.watch()
	if err != nil {
		r.logger.WarnContext(ctx, "files are not watched; send SIGHUP after a change", "error", err)
	} else {
		defer func() { _ = w.Close() }()
		events, faults = w.Events, w.Errors
	}
	due := time.NewTimer(0) // at once: what has changed since New
	defer due.Stop()
	postponed := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			r.reload(ctx, func(*source) bool { return true })
		case <-due.C:
			postponed = 0
			r.reload(ctx, func(s *source) bool { return s.seen != read(s.Files) })
			_ = r.follow(w) // a folder that is gone comes back with a change of the one that led to it
		case <-events:
			if postponed++; postponed <= mostSettles {
				due.Reset(settle)
			}
		case err := <-faults:
			r.logger.WarnContext(ctx, "a change of files may have been missed; looking at all of them", "error", err)
			due.Reset(settle)
		}
	}
}

// reload reloads those sources that a function chooses.
func (r *Reloader) reload(ctx context.Context, chosen func(*source) bool) {
	reloaded, good := false, true
	for _, s := range r.sources {
		if chosen(s) {
			reloaded = true
			r.reloadOne(ctx, s)
		}
		good = good && !s.failed
	}
	if reloaded {
		r.metrics.reloaded(r.now(), good)
	}
}

func (r *Reloader) reloadOne(ctx context.Context, s *source) {
	s.seen = read(s.Files) // before they are loaded: what changes later is another change
	err := s.Reload()
	s.failed = err != nil
	r.metrics.count(err)
	if err != nil {
		r.logger.ErrorContext(ctx, "not reloaded; what was before stays in force", "what", s.Name, "files", s.Files, "error", err)
		return
	}
	r.logger.InfoContext(ctx, "reloaded", "what", s.Name, "files", s.Files)
}

// metrics tell of reloads.
type metrics struct {
	reloads     *prometheus.CounterVec
	good        prometheus.Gauge
	lastSuccess prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ums_gateway_config_reloads_total",
			Help: "Reloads of the configuration, and of the files beside it, by result: success or failure.",
		}, []string{"result"}),
		good: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ums_gateway_config_last_reload_successful",
			Help: "Whether what is in force is what the files say: 1, or 0 since a file could not be used.",
		}),
		lastSuccess: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ums_gateway_config_last_success_timestamp_seconds",
			Help: "When the last reload after which everything was as the files say ended, or the process began, as Unix time.",
		}),
	}
	if err := errors.Join(r.Register(m.reloads), r.Register(m.good), r.Register(m.lastSuccess)); err != nil {
		return nil, fmt.Errorf("register the metrics of reloads: %w", err)
	}
	m.reloads.WithLabelValues(success)
	m.reloads.WithLabelValues(failure)
	return m, nil
}

const success, failure = "success", "failure"

func (m *metrics) count(err error) {
	result := success
	if err != nil {
		result = failure
	}
	m.reloads.WithLabelValues(result).Inc()
}

func (m *metrics) reloaded(now time.Time, good bool) {
	if !good {
		m.good.Set(0)
		return
	}
	m.good.Set(1)
	m.lastSuccess.Set(float64(now.UnixMilli()) / float64(time.Second/time.Millisecond))
}
