package outage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/glarimy/ums/bench/steady"
)

const (
	// settle is how long requests are sent before a step and after it.
	settle = 5 * time.Second
	// recovery is how long after the database a failed request is allowed.
	recovery = 10 * time.Second
	// recording is how long the journal may take to have every acknowledged write, and then the bus.
	recording = time.Minute
)

// Outcome is what one step cost.
type Outcome struct {
	Step      Step
	Report    steady.Report
	Events    steady.Events
	Published bool          // the bus has every event
	Unfenced  float64       // writes whose fence was not confirmed
	Stale     int           // stale reads that these do not excuse
	Recovered time.Duration // time from the database's readiness to the last failed request; 0 where none failed after it
	Faults    []string      // what is not as it should be
}

// Measure does one step under load.
func Measure(ctx context.Context, c *Cluster, step Step, load steady.Load) (Outcome, error) {
	sending, stop := context.WithCancel(ctx)
	defer stop()
	sender, begun := steady.New(load), time.Now()
	reports := make(chan steady.Report, 1)
	go func() { reports <- sender.Send(sending) }()
	u, followed := &unfenced{cluster: c, last: map[string]float64{}}, make(chan struct{})
	go func() { defer close(followed); u.follow(sending) }()

	pause(ctx, settle)
	back, err := step.do(ctx, c)
	pause(ctx, settle+margin)
	stop()
	o := Outcome{Step: step, Report: <-reports}
	<-followed
	if err != nil {
		return o, fmt.Errorf("%s: %w", step.Title, err)
	}
	o.Unfenced = u.total
	for _, s := range o.Report.Stale {
		if !u.excuses(s) {
			o.Stale++
		}
	}
	if !back.IsZero() {
		o.Recovered = max(o.Report.LastFailure.Sub(back), 0)
	}
	o.Events, err = sender.Events(ctx, begun, recording)
	o.Published = c.published(ctx, recording)
	o.judge(u.asked > 0)
	return o, err
}

// judge says what is not as it should be.
func (o *Outcome) judge(counted bool) {
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			o.Faults = append(o.Faults, fmt.Sprintf(format, args...))
		}
	}
	r := o.Report
	fault(!counted, "no replica of add told its ums_cache_unfenced_writes_total")
	fault(o.Stale > 0, "%d reads missed a write that was fenced: %s", o.Stale, firstStale(r))
	fault(len(r.Lost) > 0, "%d acknowledged users are lost or old, as %q", len(r.Lost), first(r.Lost))
	missing, doubled := o.Events.Missing, o.Events.Doubled
	fault(len(missing) > 0, "the journal lacks %d acknowledged writes, as %q", len(missing), first(missing))
	fault(len(doubled) > 0, "the journal has %d writes twice, as %q", len(doubled), first(doubled))
	fault(!o.Published, "events still wait for the bus after %s", recording)
	switch o.Step.failing {
	case nothing:
		fault(r.Failures("") > 0, "%d requests failed: %v", r.Failures(""), r.Failed)
	case writes:
		fault(r.Failures("GET") > 0, "%d reads failed: %v", r.Failures("GET"), r.Failed)
	case unavailable:
		others := 0
		for what, n := range r.Failed {
			if !strings.HasSuffix(what, ": 503") {
				others += n
			}
		}
		fault(others > 0, "%d requests failed otherwise than by 503: %v", others, r.Failed)
		fault(o.Recovered > recovery, "requests failed until %s after the database was ready", o.Recovered)
	}
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

func firstStale(r steady.Report) string {
	if len(r.Stale) == 0 {
		return ""
	}
	s := r.Stale[0]
	return fmt.Sprintf("%q has version %d since %s, and was read as %d at %s",
		s.Name, s.Acked, s.AckedAt.Format(time.TimeOnly), s.Seen, s.AnsweredAt.Format(time.TimeOnly))
}
