package readevents_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/event/eventtest"
	"github.com/glarimy/ums/shared/readevents"
)

// fakeBus takes events, or does what its test wants.
type fakeBus struct {
	mu      sync.Mutex
	taken   []event.Event
	publish func(ctx context.Context, events []event.Event) []error // nil takes them
}

func (b *fakeBus) Publish(ctx context.Context, events []event.Event) []error {
	if b.publish != nil {
		return b.publish(ctx, events)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = append(b.taken, events...)
	return nil
}

func (b *fakeBus) events() []event.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]event.Event(nil), b.taken...)
}

// running is a recorder that runs.
type running struct {
	*readevents.Recorder
	registry *prometheus.Registry
	stop     func()
}

func start(t *testing.T, c readevents.Config, b *fakeBus) *running {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	recorder, err := readevents.New(c, "find", event.SourceFind, readevents.Dependencies{
		Bus: b, Logger: slog.New(slog.DiscardHandler), Registry: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- recorder.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Run = %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("Run does not end")
		}
	})
	t.Cleanup(stop)
	return &running{Recorder: recorder, registry: registry, stop: stop}
}

func request(t *testing.T, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/user/KrishnaMohan", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (r *running) wantMetrics(t *testing.T, published, dropped int) {
	t.Helper()
	want := fmt.Sprintf(`
		# HELP ums_read_events_dropped_total Events of reads that were dropped: the bus does not keep up or is away.
		# TYPE ums_read_events_dropped_total counter
		ums_read_events_dropped_total{service="find"} %d
		# HELP ums_read_events_published_total Events of reads that the bus took.
		# TYPE ums_read_events_published_total counter
		ums_read_events_published_total{service="find"} %d
	`, dropped, published)
	if err := testutil.GatherAndCompare(r.registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	var b fakeBus
	r := start(t, readevents.Config{Reads: "all"}, &b)
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	r.Found(request(t, "Ums-Actor", "someone", "X-Request-Id", "r-1", "Traceparent", trace), "ಕೃಷ್ಣಮೋಹನ\"")
	r.Searched(request(t, "X-Request-Id", "with a space", "Ums-Actor", strings.Repeat("x", 300)), "phone_prefix", 17)
	r.stop()
	got := b.events()
	if len(got) != 2 {
		t.Fatalf("the bus has %d events, want 2", len(got))
	}
	for i := range got {
		if err := eventtest.Check(got[i]); err != nil {
			t.Error(err)
		}
		if age := time.Since(got[i].Time); age < 0 || age > time.Minute {
			t.Errorf("the time is %s", got[i].Time)
		}
		got[i].ID, got[i].Time = "", time.Time{}
	}
	want := []event.Event{
		{
			Source: event.SourceFind, Type: event.TypeFound, User: "ಕೃಷ್ಣಮೋಹನ\"", Actor: "someone", RequestID: "r-1",
			Traceparent: trace, Data: []byte(`{"name":"ಕೃಷ್ಣಮೋಹನ\""}`),
		},
		{
			Source: event.SourceFind, Type: event.TypeSearched, Actor: strings.Repeat("x", 255),
			Data: []byte(`{"filter":"phone_prefix","count":17}`),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.wantMetrics(t, 2, 0)
}

// TestABusThatHangs stands in nobody's way: what does not fit into the buffer is dropped and counted.
func TestABusThatHangs(t *testing.T) {
	t.Parallel()
	called, over := make(chan struct{}, 1), make(chan struct{})
	b := fakeBus{publish: func(ctx context.Context, events []event.Event) []error {
		select {
		case called <- struct{}{}:
		default:
		}
		<-over
		<-ctx.Done()
		results := make([]error, len(events))
		for i := range results {
			results[i] = ctx.Err()
		}
		return results
	}}
	r := start(t, readevents.Config{Reads: "all"}, &b)
	r.Found(request(t), "KrishnaMohan")
	<-called // and it does not return before all is read
	const reads = 10_000
	one := request(t)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for range reads { // a recorder that waits for the bus never comes to the end
			r.Found(one, "KrishnaMohan")
		}
	}()
	select {
	case <-read:
	case <-time.After(20 * time.Second):
		t.Error("reads wait for the bus")
	}
	close(over)
	<-read
	r.stop()
	r.wantMetrics(t, 0, reads+1)
}

// TestABusThatIsBack is used again.
func TestABusThatIsBack(t *testing.T) {
	t.Parallel()
	var b fakeBus
	fails := true
	tried := make(chan struct{}, 1)
	b.publish = func(_ context.Context, events []event.Event) []error {
		if !fails {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.taken = append(b.taken, events...)
			return nil
		}
		fails = false
		tried <- struct{}{}
		results := make([]error, len(events))
		for i := range results {
			results[i] = errors.New("away")
		}
		return results
	}
	r := start(t, readevents.Config{Reads: "all"}, &b)
	r.Found(request(t), "KrishnaMohan")
	<-tried
	r.Found(request(t), "KrishnaMohan")
	r.stop()
	r.wantMetrics(t, 1, 1)
}

func TestSampled(t *testing.T) {
	t.Parallel()
	var b fakeBus
	r := start(t, readevents.Config{Reads: "sampled", Sample: 10}, &b)
	for range 1000 {
		r.Found(request(t), "KrishnaMohan")
	}
	r.stop()
	if n := len(b.events()); n != 100 {
		t.Errorf("%d of 1000 reads were told, want 100", n)
	}
}

// TestOff costs a request nothing.
func TestOff(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		config readevents.Config
		bus    bool
		says   string
	}{
		"by default": {bus: true}, "off": {config: readevents.Config{Reads: "off"}, bus: true},
		"without a bus": {config: readevents.Config{Reads: "all"}, says: "there is no EVENTS_URL"},
	} {
		var logs bytes.Buffer
		d := readevents.Dependencies{Logger: slog.New(slog.NewTextHandler(&logs, nil)), Registry: prometheus.NewRegistry()}
		var b fakeBus
		if tc.bus {
			d.Bus = &b
		}
		r, err := readevents.New(tc.config, "find", event.SourceFind, d)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r.Found(request(t), "KrishnaMohan")
		if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Run = %v", name, err)
		}
		if len(b.events()) > 0 || !strings.Contains(logs.String(), tc.says) || tc.says == "" && logs.Len() > 0 {
			t.Errorf("%s: the bus has %v, the log says %q", name, b.events(), &logs)
		}
	}
	if _, err := readevents.New(readevents.Config{Reads: "some"}, "find", "", readevents.Dependencies{}); err == nil ||
		!strings.Contains(err.Error(), "JOURNAL_READS") {
		t.Errorf("a wrong setting: %v", err)
	}
}

// TestOffAllocatesNothing holds for a hit of find's cache.
func TestOffAllocatesNothing(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	r, err := readevents.New(readevents.Config{}, "find", event.SourceFind, readevents.Dependencies{})
	if err != nil {
		t.Fatal(err)
	}
	one := request(t)
	if n := testing.AllocsPerRun(100, func() { r.Found(one, "KrishnaMohan") }); n > 0 {
		t.Errorf("it allocates %v times", n)
	}
}

func BenchmarkFound(b *testing.B) {
	for _, reads := range []string{"off", "sampled", "all"} {
		b.Run(reads, func(b *testing.B) {
			r, err := readevents.New(readevents.Config{Reads: reads, Sample: 100}, "find", event.SourceFind, readevents.Dependencies{
				Bus:    &fakeBus{publish: func(context.Context, []event.Event) []error { return nil }},
				Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
			})
			if err != nil {
				b.Fatal(err)
			}
			go func() { _ = r.Run(b.Context()) }()
			one := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", nil)
			one.Header.Set("X-Request-Id", "r-1")
			b.ReportAllocs()
			for b.Loop() {
				r.Found(one, "KrishnaMohan")
			}
		})
	}
}
