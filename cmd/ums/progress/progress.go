// Package progress tells a person how far a long command has come: with a bar, the rate and the time that is left on a
// terminal, with a plain line now and then elsewhere.
package progress

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// Options of a [Meter].
type Options struct {
	Unit     string // what is counted, such as rows
	Total    int64  // 0 where nobody knows
	Done     int64  // what was done before
	Terminal bool

	// Every is how often a plain line comes (default 10 s).
	Every time.Duration
}

// Meter tells of one command. Set may be called while it runs, by any goroutine.
type Meter struct {
	o    Options
	out  io.Writer
	done atomic.Int64
	bar  *pb.ProgressBar // nil for plain lines

	stop chan struct{}
	all  sync.WaitGroup
}

// The bar's elements: how many of how many, the bar, the rate, and the time that is left.
const (
	template = `{{counters . }} {{string . "unit"}} {{bar . }} {{percent . }} {{speed . "%s/s" "…"}} ` +
		`{{rtime . "%s left" "%s" "…"}}`
	templateUnknown = `{{counters . }} {{string . "unit"}} {{cycle . "-" "\\" "|" "/"}} {{speed . "%s/s" "…"}} {{etime . }}`
)

// Start begins to tell on out. Finish ends it.
func Start(out io.Writer, o Options) *Meter {
	if o.Every <= 0 {
		o.Every = 10 * time.Second
	}
	m := &Meter{o: o, out: out, stop: make(chan struct{})}
	m.done.Store(o.Done)
	if !o.Terminal {
		m.all.Go(m.lines)
		return m
	}
	m.bar = pb.New64(o.Total).SetCurrent(o.Done).Set(pb.Terminal, true).Set("unit", o.Unit).SetWriter(out)
	if o.Total > 0 {
		m.bar.SetTemplateString(template)
	} else {
		m.bar.SetTemplateString(templateUnknown)
	}
	m.bar.Start()
	return m
}

// Set tells how much is done, what was done before included.
func (m *Meter) Set(done int64) {
	m.done.Store(done)
	if m.bar != nil {
		m.bar.SetCurrent(done)
	}
}

// Finish leaves the terminal as it should be for what is printed next.
func (m *Meter) Finish() {
	if m.bar != nil {
		m.bar.Finish()
		return
	}
	close(m.stop)
	m.all.Wait()
}

// lines prints a line now and then.
func (m *Meter) lines() {
	began, before := time.Now(), m.done.Load()
	ticker := time.NewTicker(m.o.Every)
	defer ticker.Stop()
	for {
		select {
		case <-m.stop:
			return
		case now := <-ticker.C:
			done := m.done.Load()
			rate := float64(done-before) / now.Sub(began).Seconds()
			fmt.Fprintln(m.out, m.line(done, rate))
		}
	}
}

// line tells of the rate since the start, which is what a log's reader compares.
func (m *Meter) line(done int64, rate float64) string {
	if m.o.Total <= 0 {
		return fmt.Sprintf("%d %s, %.0f/s", done, m.o.Unit, rate)
	}
	left := "an unknown time"
	if rate > 0 {
		left = time.Duration(float64(max(m.o.Total-done, 0)) / rate * float64(time.Second)).Round(time.Second).String()
	}
	return fmt.Sprintf("%d of %d %s (%.1f %%), %.0f/s, %s left",
		done, m.o.Total, m.o.Unit, 100*float64(done)/float64(m.o.Total), rate, left)
}
