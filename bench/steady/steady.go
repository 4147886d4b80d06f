// Package steady sends requests to a running system at a constant rate, whatever becomes of the ones before (an open
// loop), and tells which of them failed, which reads were stale, and which acknowledged writes were lost.
package steady

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Timeout is when a request without an answer has failed.
const Timeout = 10 * time.Second

// Load is what is sent.
type Load struct {
	URL    string // of the gateway
	Run    string // a part of the names of the users that are added, which makes two runs differ
	Rate   int    // requests a second
	Writes int    // one request in so many writes, in turn a POST with an Idempotency-Key and a PATCH; the others read
}

// Report is what came of it.
type Report struct {
	Sent        int
	Failed      map[string]int // by method and what happened
	LastFailure time.Time      // when the last failed request ended; zero where none failed
	LongestGap  time.Duration  // between two answers that were as they should be
	WriteGap    time.Duration  // between two acknowledged writes
	Stalled     time.Duration  // longest time by which this process itself was late to send: a gap so long says nothing
	P50, P99    time.Duration  // of the requests that did not fail
	Stale       []Stale        // reads that missed a write acknowledged before they began
	Acked       int            // acknowledged writes
	Lost        []string       // users who are not there, or older than what was acknowledged
}

// Stale is a read of an older state than the one acknowledged before it was sent.
type Stale struct {
	Name       string
	Acked      uint64    // version
	AckedAt    time.Time // when the answer to its write came
	Seen       uint64    // version; 0 where the user was not found
	AnsweredAt time.Time
}

// Failures returns how many requests failed whose method begins so; "" is every one.
func (r Report) Failures(method string) int {
	sum := 0
	for what, n := range maps.All(r.Failed) {
		if strings.HasPrefix(what, method) {
			sum += n
		}
	}
	return sum
}

// Sender sends one load. Use New; it is for one Send.
type Sender struct {
	load   Load
	client *http.Client
	users  users

	mu     sync.Mutex
	report Report
	times  *hdrhistogram.Histogram
	last   time.Time // of an answer that was as it should be
	wrote  time.Time // of an acknowledgement
}

// New returns what sends a load.
func New(l Load) *Sender {
	return &Sender{
		load: l, times: hdrhistogram.New(1, Timeout.Microseconds(), 3), users: users{latest: map[string]write{}},
		client: &http.Client{Timeout: Timeout, Transport: &http.Transport{MaxIdleConnsPerHost: 256}},
		report: Report{Failed: map[string]int{}},
	}
}

// Send sends requests until ctx ends, waits for their answers, and looks for every acknowledged user.
func (s *Sender) Send(ctx context.Context) Report {
	s.last, s.wrote = time.Now(), time.Now()
	tick := time.NewTicker(time.Second / time.Duration(s.load.Rate))
	defer tick.Stop()
	var all sync.WaitGroup
	after, stalled := context.WithoutCancel(ctx), time.Duration(0)
	for number, sent := 0, time.Now(); ctx.Err() == nil; number++ {
		stalled = max(stalled, time.Since(sent)-time.Second/time.Duration(s.load.Rate))
		sent = time.Now()
		all.Go(func() { s.one(after, number) })
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	all.Wait()
	s.report.Stalled = stalled
	s.report.Acked, s.report.Lost = len(s.users.writes), s.lost(after)
	s.report.P50 = time.Duration(s.times.ValueAtQuantile(50)) * time.Microsecond
	s.report.P99 = time.Duration(s.times.ValueAtQuantile(99)) * time.Microsecond
	return s.report
}

// Capacity sends the same requests as fast as so many clients get their answers, and returns how many a second were
// answered as they should be. The load's rate counts for nothing.
func Capacity(ctx context.Context, l Load, clients int, length time.Duration) float64 {
	s := New(l)
	ctx, stop := context.WithTimeout(ctx, length)
	defer stop()
	begun := time.Now()
	var (
		all     sync.WaitGroup
		numbers atomic.Int64
	)
	for range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				s.one(context.WithoutCancel(ctx), int(numbers.Add(1)))
			}
		})
	}
	all.Wait()
	return float64(s.report.Sent-s.report.Failures("")) / time.Since(begun).Seconds()
}

// one sends one request and notes what came of it.
func (s *Sender) one(ctx context.Context, number int) {
	known := s.users.one(number)
	phone := 9_000_000_000 + number
	switch {
	case number%s.load.Writes != 0 && known.name != "":
		s.read(ctx, known)
	case number/s.load.Writes%2 == 1 && known.name != "":
		s.write(ctx, http.MethodPatch, "/user/"+url.PathEscape(known.name), known.name, fmt.Sprintf(`{"phone":%d}`, phone))
	default:
		name := fmt.Sprintf("%s user %06d", s.load.Run, number)
		s.write(ctx, http.MethodPost, "/user", name, fmt.Sprintf(`{"name":%q,"phone":%d}`, name, phone))
	}
}

// read reads a user, of whom this much was acknowledged before.
func (s *Sender) read(ctx context.Context, acked write) {
	begun := time.Now()
	answer, err := s.do(ctx, http.MethodGet, "/user/"+url.PathEscape(acked.name), "", "")
	older := answer.status == http.StatusOK && answer.version < acked.version
	stale := err == nil && (older || answer.status == http.StatusNotFound)
	if stale {
		s.mu.Lock()
		s.report.Stale = append(s.report.Stale, Stale{acked.name, acked.version, acked.at, answer.version, time.Now()})
		s.mu.Unlock()
	}
	s.note(begun, http.MethodGet, answer.status, err, stale || answer.status == http.StatusOK, false)
}

func (s *Sender) write(ctx context.Context, method, path, name, body string) {
	begun, key, want := time.Now(), "", http.StatusOK
	if method == http.MethodPost {
		key, want = url.QueryEscape(name), http.StatusCreated
	}
	answer, err := s.do(ctx, method, path, body, key)
	right := err == nil && answer.status == want
	if right {
		s.users.acknowledge(write{name, answer.version, time.Now()})
	}
	s.note(begun, method, answer.status, err, right, true)
}

// note takes down one request.
func (s *Sender) note(begun time.Time, method string, status int, err error, right, wrote bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Sent++
	now := time.Now()
	switch {
	case err != nil:
		for errors.Unwrap(err) != nil {
			err = errors.Unwrap(err)
		}
		s.report.Failed[method+": "+err.Error()]++
		s.report.LastFailure = now
	case !right:
		s.report.Failed[fmt.Sprintf("%s: %d", method, status)]++
		s.report.LastFailure = now
	default:
		s.report.LongestGap = max(s.report.LongestGap, now.Sub(s.last))
		s.last = now
		_ = s.times.RecordValue(now.Sub(begun).Microseconds())
		if wrote {
			s.report.WriteGap = max(s.report.WriteGap, now.Sub(s.wrote))
			s.wrote = now
		}
	}
}
