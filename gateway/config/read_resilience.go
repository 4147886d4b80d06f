package config

import (
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/glarimy/ums/gateway/route"
)

// resilienceKeys are the keys of an upstream that say how it is treated.
func resilienceKeys() []string {
	return []string{"lookup", "health", "ejection", "retries", "breaker", "limit"}
}

// resilience reads the keys of one upstream that say how it is treated; what names the upstream. What the file leaves
// out is as DefaultResilience has it.
func (r *reader) resilience(fields map[string]*yaml.Node, what string) Resilience {
	c := DefaultResilience()
	if n := fields["lookup"]; n != nil {
		durationSetting("lookup", &c.Lookup, 100*time.Millisecond, time.Hour).read(r, n, "the lookup of "+what)
	}
	c.Health = section(r, fields["health"], "the health of "+what, c.Health, healthSettings)
	c.Ejection = section(r, fields["ejection"], "the ejection of "+what, c.Ejection, ejectionSettings)
	c.Retries = section(r, fields["retries"], "the retries of "+what, c.Retries, retrySettings)
	c.Breaker = section(r, fields["breaker"], "the breaker of "+what, c.Breaker, breakerSettings)
	c.Limit = section(r, fields["limit"], "the limit of "+what, c.Limit, limitSettings)
	if !has(fields["limit"], "min") && c.Limit.Max > 0 { // whoever says a max alone means it
		c.Limit.Min = min(c.Limit.Min, c.Limit.Max)
	}
	r.contradictions(fields, what, c)
	return c
}

func healthSettings(h *Health) []setting {
	return []setting{
		pathSetting("path", &h.Path),
		durationSetting("interval", &h.Interval, 100*time.Millisecond, time.Hour),
		durationSetting("timeout", &h.Timeout, 10*time.Millisecond, time.Minute),
		countSetting("unhealthy", &h.Unhealthy, 1, 100),
		countSetting("healthy", &h.Healthy, 1, 100),
	}
}

func ejectionSettings(e *Ejection) []setting {
	return []setting{
		countSetting("connect_failures", &e.ConnectFailures, 0, 1000),
		countSetting("failures", &e.Failures, 0, 1000),
		durationSetting("time", &e.Time, 100*time.Millisecond, time.Hour),
		durationSetting("max_time", &e.MaxTime, 100*time.Millisecond, 24*time.Hour),
		durationSetting("slow_start", &e.SlowStart, 0, time.Hour),
	}
}

func retrySettings(t *Retries) []setting {
	return []setting{
		countSetting("attempts", &t.Attempts, 0, 10),
		percentSetting("budget", &t.Budget),
		countSetting("min_per_second", &t.MinPerSecond, 0, 10000),
	}
}

func breakerSettings(b *Breaker) []setting {
	return []setting{
		percentSetting("failures", &b.Failures),
		countSetting("requests", &b.Requests, 1, 1000000),
		durationSetting("window", &b.Window, time.Second, time.Hour),
		durationSetting("open", &b.Open, 100*time.Millisecond, time.Hour),
	}
}

func limitSettings(l *Limit) []setting {
	return []setting{
		countSetting("min", &l.Min, 1, 1000000),
		countSetting("max", &l.Max, 1, 1000000),
		durationSetting("latency", &l.Latency, time.Millisecond, maxTimeout),
	}
}

// contradictions reports settings each of which is right, but not beside the other. The fault is at the section.
func (r *reader) contradictions(fields map[string]*yaml.Node, what string, c Resilience) {
	if n := fields["ejection"]; n != nil && c.Ejection.MaxTime < c.Ejection.Time {
		r.fault(n, "the ejection of %s begins with %s, which is beyond its max_time of %s",
			what, c.Ejection.Time, c.Ejection.MaxTime)
	}
	if n := fields["limit"]; n != nil && c.Limit.Max > 0 && c.Limit.Max < c.Limit.Min {
		r.fault(n, "the limit of %s has a min of %d, which is beyond its max of %d", what, c.Limit.Min, c.Limit.Max)
	}
	if n := fields["health"]; n != nil && c.Health.Path != "" && c.Health.Timeout > c.Health.Interval {
		r.fault(n, "the health of %s has a timeout of %s, which is beyond its interval of %s",
			what, c.Health.Timeout, c.Health.Interval)
	}
}

// has reports whether a section, which may be nil, has a key.
func has(n *yaml.Node, key string) bool {
	if n == nil {
		return false
	}
	section := follow(n)
	for i := 0; section.Kind == yaml.MappingNode && i+1 < len(section.Content); i += 2 {
		if section.Content[i].Value == key {
			return true
		}
	}
	return false
}

// setting is one key of a section, and how its value is read.
type setting struct {
	key  string
	read func(r *reader, n *yaml.Node, what string)
}

// section reads a mapping of settings over their defaults. `off` in its place switches everything in it off, which is
// the zero value; nil leaves the defaults.
func section[T any](r *reader, n *yaml.Node, what string, defaults T, settingsOf func(*T) []setting) T {
	if n == nil {
		return defaults
	}
	if scalar := follow(n); scalar.Kind == yaml.ScalarNode && scalar.Value == "off" {
		var off T
		return off
	}
	out := defaults
	settings := settingsOf(&out)
	keys := make([]string, len(settings))
	for i, s := range settings {
		keys[i] = s.key
	}
	fields, _ := r.mapping(n, what, keys...)
	for _, s := range settings {
		if value := fields[s.key]; value != nil {
			s.read(r, value, s.key+" in "+what)
		}
	}
	return out
}

func durationSetting(key string, out *time.Duration, least, most time.Duration) setting {
	return setting{key, func(r *reader, n *yaml.Node, what string) {
		text, ok := r.text(n, what)
		if !ok {
			return
		}
		d, err := time.ParseDuration(text)
		switch {
		case err != nil:
			r.fault(n, "%s is %q, which is no duration: write it like 500ms or 5s", what, text)
		case d < least || d > most:
			r.fault(n, "%s is %s, which is outside %s to %s", what, d, least, most)
		default:
			*out = d
		}
	}}
}

func countSetting(key string, out *int, least, most int) setting {
	return setting{key, func(r *reader, n *yaml.Node, what string) {
		text, ok := r.text(n, what)
		if !ok {
			return
		}
		number, err := strconv.Atoi(text)
		switch {
		case err != nil:
			r.fault(n, "%s is %q, which is no whole number", what, text)
		case number < least || number > most:
			r.fault(n, "%s is %d, which is outside %d to %d", what, number, least, most)
		default:
			*out = number
		}
	}}
}

func percentSetting(key string, out *int) setting {
	return setting{key, func(r *reader, n *yaml.Node, what string) {
		text, ok := r.text(n, what)
		if !ok {
			return
		}
		number, found := strings.CutSuffix(text, "%")
		percent, err := strconv.Atoi(number)
		if !found || err != nil || percent < 1 || percent > 100 {
			r.fault(n, "%s is %q, and should be a share from 1%% to 100%%", what, text)
			return
		}
		*out = percent
	}}
}

func pathSetting(key string, out *string) setting {
	return setting{key, func(r *reader, n *yaml.Node, what string) {
		text, ok := r.text(n, what)
		if !ok {
			return
		}
		_, err := route.ParseTarget(text)
		switch {
		case !strings.HasPrefix(text, "/"):
			r.fault(n, "%s is %q, and should begin with /", what, text)
		case err != nil:
			r.fault(n, "%s is %q: %v", what, text, err)
		default:
			*out = text
		}
	}}
}
