package gateway_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/glarimy/ums/gateway"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
	g := startWith(t, mustLoad(t, environment(map[string]string{
		"FIND_URL": upstream.url, "ADD_URL": refusedURL, "SEARCH_URL": upstream.url, "JOURNAL_URL": upstream.url,
	})))
	for _, request := range []string{
		"GET /user/x", "GET /user/y", "HEAD /user/z", "DELETE /user/x", "GET /nowhere", "BREW /user/x", "PUT /user/x",
		"GET /user/x/overview",
	} {
		roundTrip(t, g.addr, request+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	}
	waitFor(t, func() bool { return answered(t, g.registry) == 8 }) // a request is counted after its answer
	want := `
# HELP ums_gateway_requests_total Requests by route, the upstream that serves it, method and class of the answer's status.
# TYPE ums_gateway_requests_total counter
ums_gateway_requests_total{code="4xx",method="GET",route="/user/{name}",upstream="find"} 2
ums_gateway_requests_total{code="4xx",method="HEAD",route="/user/{name}",upstream="find"} 1
ums_gateway_requests_total{code="5xx",method="DELETE",route="/user/{name}",upstream="add"} 1
ums_gateway_requests_total{code="4xx",method="GET",route="none",upstream="none"} 1
ums_gateway_requests_total{code="4xx",method="other",route="none",upstream="none"} 1
ums_gateway_requests_total{code="4xx",method="PUT",route="none",upstream="none"} 1
ums_gateway_requests_total{code="5xx",method="GET",route="/user/{name}/overview",upstream="gateway"} 1
`
	if err := testutil.GatherAndCompare(withoutZeros{g.registry}, strings.NewReader(want), "ums_gateway_requests_total"); err != nil {
		t.Error(err)
	}
	want = `
# HELP ums_gateway_failures_total Requests that did not end well, by upstream and by what happened.
# TYPE ums_gateway_failures_total counter
ums_gateway_failures_total{kind="broken",upstream="find"} 1
ums_gateway_failures_total{kind="unavailable",upstream="add"} 1
`
	if err := testutil.GatherAndCompare(withoutZeros{g.registry}, strings.NewReader(want), "ums_gateway_failures_total"); err != nil {
		t.Error(err)
	}
}

// withoutZeros leaves out the counters at zero, which are there so that a first event is a rise.
type withoutZeros struct{ prometheus.Gatherer }

func (w withoutZeros) Gather() ([]*dto.MetricFamily, error) {
	families, err := w.Gatherer.Gather()
	for _, family := range families {
		family.Metric = slices.DeleteFunc(family.GetMetric(), func(m *dto.Metric) bool {
			return m.GetCounter() != nil && m.GetCounter().GetValue() == 0
		})
	}
	return families, err
}

// answered returns how many requests the histogram of waiting times has seen.
func answered(tb testing.TB, g prometheus.Gatherer) (n uint64) {
	tb.Helper()
	families, err := g.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			n += m.GetHistogram().GetSampleCount()
		}
	}
	return n
}

// TestMetrics_shared checks that a second gateway, as a reload makes one, goes on with the first one's series.
func TestMetrics_shared(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	c := mustLoad(t, func(string) string { return "" })
	logger := slog.New(slog.DiscardHandler)
	backends := newBackends(t, logger, registry)
	for range 2 {
		g, err := gateway.NewGateway(c, backends, logger, registry, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) != 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}
