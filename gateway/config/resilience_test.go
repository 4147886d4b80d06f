package config_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/gateway/config"
)

// resilient makes a file of one upstream with the given lines, which begin with line 4, and one route.
func resilient(lines ...string) []byte {
	return []byte("version: 1\nupstreams:\n  find:\n    " + strings.Join(lines, "\n    ") +
		"\nroutes: [{path: /x, methods: [GET], upstream: find, timeout: 5s}]\n")
}

func TestLoad_resilience(t *testing.T) {
	t.Parallel()
	got, err := config.Load("f.yaml", resilient(
		"url: dns+http://find.ums:8080",
		"lookup: 10s",
		"health: {path: /up, interval: 2s, timeout: 500ms, unhealthy: 3, healthy: 1}",
		"ejection: {connect_failures: 1, failures: 0, time: 1s, max_time: 1m, slow_start: 0s}",
		"retries: {attempts: 3, budget: 10%}",
		"breaker: {failures: 80%, requests: 10, window: 20s, open: 1s}",
		"limit: {min: 8, max: 100, latency: 1s}",
	), env())
	if err != nil {
		t.Fatal(err)
	}
	want := config.Resilience{
		Lookup:   10 * time.Second,
		Health:   config.Health{Path: "/up", Interval: 2 * time.Second, Timeout: 500 * time.Millisecond, Unhealthy: 3, Healthy: 1},
		Ejection: config.Ejection{ConnectFailures: 1, Time: time.Second, MaxTime: time.Minute},
		Retries:  config.Retries{Attempts: 3, Budget: 10, MinPerSecond: 10},
		Breaker:  config.Breaker{Failures: 80, Requests: 10, Window: 20 * time.Second, Open: time.Second},
		Limit:    config.Limit{Min: 8, Max: 100, Latency: time.Second},
	}
	u := got.Upstreams[0]
	if diff := cmp.Diff(want, u.Resilience); diff != "" {
		t.Errorf("Resilience (-want +got):\n%s", diff)
	}
	if !u.DNS || u.URL.String() != "http://find.ums:8080" {
		t.Errorf("URL %s, DNS %t", u.URL, u.DNS)
	}
}

func TestLoad_resilience_off(t *testing.T) {
	t.Parallel()
	got, err := config.Load("f.yaml", resilient(
		"urls: [http://a, \"${B:-https://b:8443}\"]", "health: off", "ejection: off", "retries: off", "breaker: off", "limit: off",
	), env())
	if err != nil {
		t.Fatal(err)
	}
	u := got.Upstreams[0]
	if want := (config.Resilience{Lookup: 5 * time.Second}); u.Resilience != want {
		t.Errorf("Resilience %+v, want %+v", u.Resilience, want)
	}
	if len(u.URLs) != 2 || u.URLs[1].String() != "https://b:8443" || u.URL != u.URLs[0] {
		t.Errorf("URLs %v, URL %v", u.URLs, u.URL)
	}
}

// TestLoad_limitAlone checks that a max below the usual min needs no min beside it.
func TestLoad_limitAlone(t *testing.T) {
	t.Parallel()
	for limit, want := range map[string][2]int{
		"{max: 8}": {8, 8}, "{max: 1000}": {256, 1000}, "{min: 2, max: 8}": {2, 8}, "{min: 600}": {600, 4096}, "{latency: 1s}": {256, 4096},
		"off": {0, 0},
	} {
		got, err := config.Load("f.yaml", resilient("url: http://find", "limit: "+limit), env())
		if err != nil {
			t.Errorf("%s: %v", limit, err)
		} else if l := got.Upstreams[0].Resilience.Limit; l.Min != want[0] || l.Max != want[1] {
			t.Errorf("%s: %d to %d, want %v", limit, l.Min, l.Max, want)
		}
	}
}

func TestLoad_stale(t *testing.T) {
	t.Parallel()
	load := func(stale, route string) config.Config {
		got, err := config.Load("f.yaml", []byte("version: 1\nupstreams: {find: {url: http://find}}\n"+stale+
			"routes: [{path: /x, methods: [GET], upstream: find, timeout: 5s"+route+"}]\n"), env())
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := load("", ""); got.Stale.Size != 0 || got.Routes[0].StaleIfError != 0 {
		t.Errorf("by default %+v, %+v, want nothing", got.Stale, got.Routes[0])
	}
	if got := load("", ", stale_if_error: 10m"); got.Stale.Size != 32<<20 || got.Routes[0].StaleIfError != 10*time.Minute {
		t.Errorf("on: %+v, %+v", got.Stale, got.Routes[0])
	}
	if got := load("stale: {size: 1MiB}\n", ", stale_if_error: 10m"); got.Stale.Size != 1<<20 {
		t.Errorf("with a size: %+v", got.Stale)
	}
}

func TestLoad_resilience_faults(t *testing.T) {
	t.Parallel()
	const url = "url: http://find"
	for name, tt := range map[string]struct {
		lines []string
		want  string
	}{
		"neither":           {[]string{"retries: off"}, `4: upstream find has no "url"`},
		"both":              {[]string{url, "urls: [http://a]"}, `5: upstream find has either "url" or "urls", not both`},
		"empty list":        {[]string{"urls: []"}, "4: the urls of upstream find is empty"},
		"twice":             {[]string{"urls: [http://a, http://a]"}, "4: the url http://a of upstream find is listed twice"},
		"bad in list":       {[]string{"urls:", "- http://a", "- ftp://b"}, "6: a url of upstream find should begin with http:// or https://"},
		"dns in list":       {[]string{"urls: [dns+http://a]"}, "4: a url of upstream find is a dns+ name, which stands for all instances: give it as the url"},
		"dns of an address": {[]string{"url: dns+http://10.0.0.1"}, "4: the url of upstream find begins with dns+, and holds an address that needs no lookup"},
		"misspelt section":  {[]string{url, "retrys: off"}, `5: unknown key "retrys" in upstream find; did you mean "retries"?`},
		"misspelt key":      {[]string{url, "breaker:", "  failure: 10%"}, `6: unknown key "failure" in the breaker of upstream find; did you mean "failures"?`},
		"on":                {[]string{url, "retries: on"}, "5: the retries of upstream find should be a mapping (key: value), and is a single value"},
		"no duration":       {[]string{url, "health: {interval: 5}"}, `5: interval in the health of upstream find is "5", which is no duration: write it like 500ms or 5s`},
		"too short":         {[]string{url, "lookup: 1ms"}, "5: the lookup of upstream find is 1ms, which is outside 100ms to 1h0m0s"},
		"no number":         {[]string{url, "retries: {attempts: many}"}, `5: attempts in the retries of upstream find is "many", which is no whole number`},
		"too many":          {[]string{url, "retries: {attempts: 11}"}, "5: attempts in the retries of upstream find is 11, which is outside 0 to 10"},
		"no share":          {[]string{url, "retries: {budget: 0.2}"}, `5: budget in the retries of upstream find is "0.2", and should be a share from 1% to 100%`},
		"large share":       {[]string{url, "breaker: {failures: 101%}"}, `5: failures in the breaker of upstream find is "101%", and should be a share from 1% to 100%`},
		"relative path":     {[]string{url, "health: {path: readyz}"}, `5: path in the health of upstream find is "readyz", and should begin with /`},
		"bad path":          {[]string{url, "health: {path: /a b}"}, `5: path in the health of upstream find is "/a b": request target refused: it holds a space, a control character or a "#"; percent-encode it`},
		"ejection":          {[]string{url, "ejection: {time: 3m}"}, "5: the ejection of upstream find begins with 3m0s, which is beyond its max_time of 2m0s"},
		"limit":             {[]string{url, "limit: {min: 9, max: 8}"}, "5: the limit of upstream find has a min of 9, which is beyond its max of 8"},
		"health":            {[]string{url, "health: {timeout: 6s}"}, "5: the health of upstream find has a timeout of 6s, which is beyond its interval of 5s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load("f.yaml", resilient(tt.lines...), env())
			faults, _ := errors.AsType[config.Errors](err)
			if len(faults) != 1 || faults[0].Error() != "f.yaml:"+tt.want {
				t.Errorf("faults:\n%v\nwant:\nf.yaml:%s", err, tt.want)
			}
		})
	}
}

func TestLoad_stale_faults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ stale, route, want string }{
		"methods":    {"", "methods: [GET, POST], upstream: find, timeout: 5s", `4: "stale_if_error" goes with methods: [GET] alone: no other answer can be kept`},
		"stream":     {"", "methods: [GET], upstream: find, timeout: none", `4: "stale_if_error" goes with a timeout: a stream cannot be kept`},
		"respond":    {"", "methods: [GET], respond: docs", `4: "stale_if_error" goes with "upstream": the gateway answers this route itself`},
		"size":       {"{size: big}", "methods: [GET], upstream: find, timeout: 5s", `3: size in stale is "big", which is no size: write it like 64KiB or 32MiB`},
		"small size": {"{size: 1}", "methods: [GET], upstream: find, timeout: 5s", "3: size in stale is 1, which is less than 64KiB; to keep nothing, write no stale_if_error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stale := tt.stale
			if stale == "" {
				stale = "{size: 1MiB}"
			}
			_, err := config.Load("f.yaml", []byte("version: 1\nupstreams: {find: {url: http://find}}\nstale: "+stale+
				"\nroutes: [{path: /x, stale_if_error: 1m, "+tt.route+"}]\n"), env())
			if err == nil || err.Error() != "f.yaml:"+tt.want {
				t.Errorf("faults:\n%v\nwant:\nf.yaml:%s", err, tt.want)
			}
		})
	}
}
