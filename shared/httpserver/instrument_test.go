package httpserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/glarimy/ums/shared/httpserver"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	s := start(t, func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Get("X-Request-Id") }, nil, nil)
	made := regexp.MustCompile(`^[0-9a-f]{32}$`)
	for name, tc := range map[string]struct {
		sent  string
		taken bool
	}{
		"none":           {},
		"a UUID":         {sent: "01890a5d-ac96-774b-bcce-b302099a8057", taken: true},
		"128 characters": {sent: strings.Repeat("~", 128), taken: true},
		"129 characters": {sent: strings.Repeat("a", 129)},
		"a space":        {sent: "a b"},
		"a tab":          {sent: "a\tb"},
		"not ASCII":      {sent: "é"},
	} {
		var headers []string
		if tc.sent != "" {
			headers = []string{"X-Request-Id", tc.sent}
		}
		resp, _ := s.get(t, "/", headers...)
		got, inside := resp.Header.Get("X-Request-Id"), <-seen
		if got != inside {
			t.Errorf("%s: the client sees %q, the handler %q", name, got, inside)
		}
		if tc.taken && got != tc.sent || !tc.taken && !made.MatchString(got) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestRequestIDsAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := httpserver.NewRequestID()
		if seen[id] || !httpserver.ValidRequestID(id) {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	type deadline struct {
		in  time.Duration
		has bool
		err error
	}
	seen := make(chan deadline, 1)
	s := start(t, func(_ http.ResponseWriter, r *http.Request) {
		at, has := r.Context().Deadline()
		seen <- deadline{in: time.Until(at), has: has, err: r.Context().Err()}
	}, nil, nil)
	for _, tc := range []struct {
		sent string
		want bool
		most time.Duration
	}{
		{sent: ""},
		{sent: "60000", want: true, most: time.Minute},
		{sent: "1", want: true, most: time.Millisecond},
		{sent: "0", want: true},
		{sent: "-1"},
		{sent: "1.5"},
		{sent: "1s"},
		{sent: "9223372036854775807"}, // would overflow a duration
	} {
		s.get(t, "/", "Ums-Deadline-Ms", tc.sent)
		got := <-seen
		if got.has != tc.want || got.has && got.in > tc.most {
			t.Errorf("%q: got %+v", tc.sent, got)
		}
		if tc.sent == "60000" && got.in < 30*time.Second {
			t.Errorf("%q: only %v are left", tc.sent, got.in)
		}
		if tc.sent == "0" && !errors.Is(got.err, context.DeadlineExceeded) {
			t.Errorf("%q: the handler's context goes on: %v", tc.sent, got.err)
		}
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mode     string
		sample   uint64
		requests int // that succeed; one that fails follows
		want     int
	}{
		{mode: "off", requests: 3, want: 0},
		{mode: "all", requests: 3, want: 4},
		{mode: "sampled", sample: 2, requests: 6, want: 4},
		{mode: "sampled", sample: 1000, requests: 6, want: 1},
		{mode: "sampled", sample: 0, requests: 2, want: 3},
		{mode: "", sample: 1000, requests: 2, want: 1},
	} {
		t.Run(fmt.Sprint(tc.mode, tc.sample), func(t *testing.T) {
			t.Parallel()
			s := start(t, fail, func(c *httpserver.Config) { c.AccessLog, c.AccessLogSample = tc.mode, tc.sample }, nil)
			for range tc.requests {
				s.get(t, "/user/Krishna%2FMohan")
			}
			s.get(t, "/fail")
			if got := len(s.log.lines(t, "request")); got != tc.want {
				t.Errorf("%d lines, want %d: %s", got, tc.want, s.log)
			}
		})
	}
}

// fail answers /fail with 503 and all else with 200 and five bytes.
func fail(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/fail" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprint(w, "hello")
}

func TestAccessLogLine(t *testing.T) {
	t.Parallel()
	s := start(t, fail, nil, nil)
	s.get(t, "/user/Krishna%2FMohan?phone=9731423166", "X-Request-Id", "r-1")
	s.do(t, http.MethodDelete, s.url("/fail?phone_prefix=97314"))
	lines := s.log.lines(t, "request")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2", len(lines))
	}
	for i, want := range []map[string]any{
		{"level": "INFO", "service": "test", "request_id": "r-1", "method": "GET", "path": "/user/Krishna%2FMohan", "status": 200.0, "bytes": 5.0},
		{"level": "WARN", "service": "test", "method": "DELETE", "path": "/fail", "status": 503.0, "bytes": 5.0},
	} {
		for key, value := range want {
			if lines[i][key] != value {
				t.Errorf("line %d: %s = %v, want %v", i, key, lines[i][key], value)
			}
		}
		if took, ok := lines[i]["took"].(float64); !ok || took <= 0 {
			t.Errorf("line %d: took = %v", i, lines[i]["took"])
		}
	}
	if strings.Contains(s.log.String(), "97314") {
		t.Errorf("the log holds a query, which may hold phone numbers: %s", s.log)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	inside := make(chan *prometheus.Registry, 1)
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gauge" {
			expectInFlight(t, <-inside, 1)
		}
		fail(w, r)
	}, nil, nil)
	inside <- s.registry
	s.get(t, "/gauge")
	s.get(t, "/fail")
	s.get(t, "/fail")
	s.do(t, "BREW", s.url("/"))
	s.do(t, http.MethodHead, s.url("/"))
	s.get(t, "/livez") // probes are not counted: nobody waits for them
	s.get(t, "/readyz")
	expectInFlight(t, s.registry, 0)
	want := map[string]uint64{"GET 200": 1, "GET 503": 2, "other 200": 1, "HEAD 200": 1}
	got := map[string]uint64{}
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "ums_http_request_duration_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["service"] != "test" {
				t.Errorf("labels = %v", labels)
			}
			got[labels["method"]+" "+labels["code"]] = m.GetHistogram().GetSampleCount()
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if problems, err := testutil.GatherAndLint(s.registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	if resp, body := s.do(t, http.MethodGet, "http://"+s.AdminAddr()+"/metrics"); resp.StatusCode != http.StatusOK ||
		!strings.Contains(body, `ums_http_request_duration_seconds_count{code="503",method="GET",service="test"} 2`) {
		t.Errorf("/metrics: %s, %s", resp.Status, body)
	}
	if resp, _ := s.get(t, "/metrics"); strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain; version") {
		t.Error("clients can see the metrics")
	}
}

func expectInFlight(t *testing.T, r prometheus.Gatherer, n int) {
	t.Helper()
	const name = "ums_http_requests_in_flight"
	want := "# HELP " + name + " Requests being served.\n# TYPE " + name + " gauge\n" + name + fmt.Sprintf("{service=\"test\"} %d\n", n)
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), name); err != nil {
		t.Error(err)
	}
}

// TestStreams: what lies below a handler's writer can be reached.
func TestStreams(t *testing.T) {
	t.Parallel()
	flushed, read := make(chan error, 1), make(chan struct{})
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := io.WriteString(w, "first")
		flushed <- errors.Join(err, http.NewResponseController(w).Flush(), http.NewResponseController(w).SetWriteDeadline(time.Time{}))
		select {
		case <-read:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, "second")
	}, nil, nil)
	resp, err := s.client.Get(s.url("/"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first" {
		t.Fatalf("got %q, %v", first, err)
	}
	if err := <-flushed; err != nil {
		t.Error(err)
	}
	close(read)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "second" {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	service := func() httpserver.Service {
		return httpserver.Service{Name: "test", Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()}
	}
	_, err := httpserver.New(httpserver.Config{AccessLog: "some"}, service())
	if err == nil || !strings.Contains(err.Error(), `ACCESS_LOG is "some": use off, sampled or all`) {
		t.Errorf("access log: error = %v", err)
	}
	twice := service()
	if _, err := httpserver.New(httpserver.Config{}, twice); err != nil {
		t.Fatal(err)
	}
	if _, err := httpserver.New(httpserver.Config{}, twice); err == nil || !strings.Contains(err.Error(), "register the metrics of test") {
		t.Errorf("two of one name in one registry: error = %v", err)
	}
}
