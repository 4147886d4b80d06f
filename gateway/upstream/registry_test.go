package upstream_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/upstream"
)

// named is a configuration whose instances are looked up.
func named(scheme string) config.Upstream {
	c := config.Upstream{Slot: "find", URL: &url.URL{Scheme: scheme, Host: "find.ums:8080"}, DNS: true}
	c.Resilience = config.DefaultResilience()
	c.Resilience.Health = config.Health{}
	return c
}

func addresses(s *upstream.Set) string {
	var list []string
	for _, i := range s.Instances() {
		list = append(list, i.Addr())
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestRegistry_lookup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.resolve("10.0.0.1", "10.0.0.2", "::ffff:10.0.0.1", "fd00::1")
		s := w.use(t, named("http")).Set()
		steps := []struct {
			addrs []string
			want  string
		}{
			{[]string{"10.0.0.1", "10.0.0.2"}, "10.0.0.1:8080 10.0.0.2:8080"},
			{[]string{"10.0.0.3", "10.0.0.2"}, "10.0.0.2:8080 10.0.0.3:8080"},
			{nil, "10.0.0.2:8080 10.0.0.3:8080"}, // a lookup that fails
			{[]string{"fd00::1"}, "[fd00::1]:8080"},
		}
		if got := addresses(s); got != steps[0].want {
			t.Errorf("at first %s, want %s: IPv4 alone, each once", got, steps[0].want)
		}
		kept := pick(t, s, "10.0.0.2:8080")
		for _, step := range steps[1:3] {
			w.resolve(step.addrs...)
			after(5100 * time.Millisecond)
			if got := addresses(s); got != step.want {
				t.Errorf("the name has %v: %s, want %s", step.addrs, got, step.want)
			}
		}
		if pick(t, s, "10.0.0.2:8080") != kept {
			t.Error("an instance that stayed lost its state")
		}
		w.resolve(steps[3].addrs...)
		after(2 * time.Second) // sooner after a failure
		if got := addresses(s); got != steps[3].want {
			t.Errorf("after the failure: %s, want %s", got, steps[3].want)
		}
		if want := []string{"10.0.0.1:8080", "10.0.0.3:8080"}; !slices.Equal(w.letGo(), want) {
			t.Errorf("let go of %v, want %v: one has requests in flight", w.letGo(), want)
		}
		kept.Done(upstream.Answered)
		kept.Done(upstream.Answered)
		if want, gone := "10.0.0.2:8080", w.letGo(); len(gone) != 3 || gone[2] != want {
			t.Errorf("let go of %v, want %s at last", gone, want)
		}
	})
}

func TestRegistry_lookup_later(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		u := w.use(t, named("https"))
		var c upstream.Call
		if err := u.Begin(&c); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Pick(); err == nil {
			t.Error("picked an instance of a name that has none")
		}
		w.resolve("10.0.0.1")
		after(1100 * time.Millisecond)
		i := pick(t, u.Set(), "10.0.0.1:8080")
		want := upstream.Endpoint{Addr: "10.0.0.1:8080", Host: "find.ums:8080", TLS: true, ServerName: "find.ums"}
		if got := i.Endpoint(); got != want {
			t.Errorf("endpoint %+v, want %+v", got, want)
		}
		if got := i.Attached(); got != "pool of 10.0.0.1:8080" {
			t.Errorf("attached is %v", got)
		}
	})
}

func TestRegistry_reload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first, release := w.registry.Use(t.Context(), []config.Upstream{listed(2, nil)})
		fail(t, first["find"].Set(), addr(0), 2, upstream.ConnectFailed)

		same, releaseSame := w.registry.Use(t.Context(), []config.Upstream{listed(2, nil)})
		if same["find"] != first["find"] {
			t.Error("the same configuration, and another upstream")
		}
		other, releaseOther := w.registry.Use(t.Context(), []config.Upstream{listed(2, func(r *config.Resilience) { r.Retries.Attempts = 1 })})
		if other["find"] == first["find"] {
			t.Error("another configuration, and the same upstream")
		}
		release()
		release() // does no harm
		if got := shares(t, same["find"].Set(), 100); got[addr(0)] != 0 {
			t.Error("the instance that was out is in again after a reload")
		}
		if len(w.letGo()) != 0 {
			t.Errorf("let go of %v, which is in use", w.letGo())
		}
		releaseSame()
		if len(w.letGo()) != 2 {
			t.Errorf("let go of %v, want both", w.letGo())
		}
		again, releaseAgain := w.registry.Use(t.Context(), []config.Upstream{listed(2, nil)})
		if again["find"] == first["find"] {
			t.Error("an upstream that nobody used is back")
		}
		releaseAgain()
		releaseOther()
	})
}

func TestRegistry_metrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		u := w.use(t, listed(3, func(r *config.Resilience) {
			r.Retries = config.Retries{Attempts: 1, MinPerSecond: 1}
			r.Limit = config.Limit{Min: 1, Max: 1, Latency: time.Second}
			r.Breaker.Requests = 6
		}))
		var c, second upstream.Call
		broken := upstream.Attempt{Method: "GET", Replayable: true, Outcome: upstream.ConnectFailed}
		for range 10 { // 5 s of a minimum of 1 are used up by the fifth
			if u.Begin(&c) != nil {
				continue // the breaker has opened
			}
			if err := u.Begin(&second); err == nil {
				t.Error("two at a time, want one")
			}
			for again := true; again; again = c.Failed(broken) {
				if _, err := c.Pick(); err != nil {
					t.Fatal(err)
				}
			}
		}
		const want = `
# HELP ums_gateway_upstream_breaker_state 1 for the state in which the circuit breaker is.
# TYPE ums_gateway_upstream_breaker_state gauge
ums_gateway_upstream_breaker_state{state="closed",upstream="find"} 0
ums_gateway_upstream_breaker_state{state="half-open",upstream="find"} 0
ums_gateway_upstream_breaker_state{state="open",upstream="find"} 1
# HELP ums_gateway_upstream_ejections_total Instances that were left out, by cause.
# TYPE ums_gateway_upstream_ejections_total counter
ums_gateway_upstream_ejections_total{cause="connect",upstream="find"} 3
ums_gateway_upstream_ejections_total{cause="failures",upstream="find"} 0
ums_gateway_upstream_ejections_total{cause="probe",upstream="find"} 0
# HELP ums_gateway_upstream_instances Instances by state: healthy, ejected for what requests met, or unready by their own word.
# TYPE ums_gateway_upstream_instances gauge
ums_gateway_upstream_instances{state="ejected",upstream="find"} 3
ums_gateway_upstream_instances{state="healthy",upstream="find"} 0
ums_gateway_upstream_instances{state="unready",upstream="find"} 0
# HELP ums_gateway_upstream_limit Requests that may wait for an answer at a time, at present; 0 for any number.
# TYPE ums_gateway_upstream_limit gauge
ums_gateway_upstream_limit{upstream="find"} 1
# HELP ums_gateway_upstream_lookup_failures_total Lookups of an upstream's name that failed.
# TYPE ums_gateway_upstream_lookup_failures_total counter
ums_gateway_upstream_lookup_failures_total{upstream="find"} 0
# HELP ums_gateway_upstream_retries_total Requests that were sent again, by how that ended.
# TYPE ums_gateway_upstream_retries_total counter
ums_gateway_upstream_retries_total{outcome="answered",upstream="find"} 0
ums_gateway_upstream_retries_total{outcome="broken",upstream="find"} 0
ums_gateway_upstream_retries_total{outcome="canceled",upstream="find"} 0
ums_gateway_upstream_retries_total{outcome="connect-failed",upstream="find"} 5
ums_gateway_upstream_retries_total{outcome="timed-out",upstream="find"} 0
ums_gateway_upstream_retries_total{outcome="unwell",upstream="find"} 0
# HELP ums_gateway_upstream_retry_budget_exhausted_total Requests that would have been sent again but for the budget.
# TYPE ums_gateway_upstream_retry_budget_exhausted_total counter
ums_gateway_upstream_retry_budget_exhausted_total{upstream="find"} 1
# HELP ums_gateway_upstream_shed_total Requests that were refused at once, by reason.
# TYPE ums_gateway_upstream_shed_total counter
ums_gateway_upstream_shed_total{reason="breaker",upstream="find"} 4
ums_gateway_upstream_shed_total{reason="limit",upstream="find"} 6
# HELP ums_gateway_upstream_waiting Requests that wait for an answer.
# TYPE ums_gateway_upstream_waiting gauge
ums_gateway_upstream_waiting{upstream="find"} 0
`
		if err := testutil.GatherAndCompare(w.metrics, strings.NewReader(want)); err != nil {
			t.Error(err)
		}
	})
}
