// Package steady sends requests to a running system at a constant rate, whatever becomes of the ones before (an open
// loop), and tells which of them failed and which acknowledged writes were lost.
package steady

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
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
	Writes int    // one request in so many adds a user, with an Idempotency-Key; the others read one that was added
}

// Report is what came of it.
type Report struct {
	Sent, Acked int
	Failed      map[string]int // by what happened
	LongestGap  time.Duration  // between two answers that were as they should be
	WriteGap    time.Duration  // between two acknowledged writes
	P50, P99    time.Duration  // of the requests that did not fail
	Lost        []string       // users that were acknowledged and are not there
}

// Failures returns how many requests failed.
func (r Report) Failures() int {
	sum := 0
	for n := range maps.Values(r.Failed) {
		sum += n
	}
	return sum
}

type sender struct {
	load   Load
	client *http.Client

	mu     sync.Mutex
	report Report
	times  *hdrhistogram.Histogram
	acked  []string
	last   time.Time // of an answer that was as it should be
	wrote  time.Time // of an acknowledgement
}

// Send sends requests until ctx ends, waits for their answers, and looks for every acknowledged user.
func Send(ctx context.Context, l Load) Report {
	s := &sender{
		load: l, last: time.Now(), wrote: time.Now(), times: hdrhistogram.New(1, Timeout.Microseconds(), 3),
		client: &http.Client{Timeout: Timeout, Transport: &http.Transport{MaxIdleConnsPerHost: 256}},
	}
	s.report.Failed = map[string]int{}
	tick := time.NewTicker(time.Second / time.Duration(l.Rate))
	defer tick.Stop()
	var all sync.WaitGroup
	after := context.WithoutCancel(ctx)
	for number := 0; ctx.Err() == nil; number++ {
		all.Go(func() { s.one(after, number) })
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	all.Wait()
	s.report.Acked = len(s.acked)
	for _, name := range s.acked {
		if !s.there(after, name) {
			s.report.Lost = append(s.report.Lost, name)
		}
	}
	s.report.P50 = time.Duration(s.times.ValueAtQuantile(50)) * time.Microsecond
	s.report.P99 = time.Duration(s.times.ValueAtQuantile(99)) * time.Microsecond
	return s.report
}

// one sends one request and notes what came of it.
func (s *sender) one(ctx context.Context, number int) {
	begun := time.Now()
	if name := s.known(number); number%s.load.Writes != 0 && name != "" {
		status, err := s.do(ctx, http.MethodGet, "/user/"+url.PathEscape(name), "", "")
		s.note(begun, "GET", status, err, status == http.StatusOK, "")
		return
	}
	name := fmt.Sprintf("%s user %06d", s.load.Run, number)
	body := fmt.Sprintf(`{"name":%q,"phone":%d}`, name, 9_000_000_000+number)
	status, err := s.do(ctx, http.MethodPost, "/user", body, url.QueryEscape(name))
	s.note(begun, "POST", status, err, status == http.StatusCreated, name)
}

// known returns a user that was added, a different one for each number, or "" while there is none.
func (s *sender) known(number int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.acked) == 0 {
		return ""
	}
	return s.acked[number%len(s.acked)]
}

func (s *sender) do(ctx context.Context, method, path, body, key string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.load.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if key != "" {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, errors.Join(err, answer.Body.Close())
}

// note takes down one request; name is the user that it added, if any.
func (s *sender) note(begun time.Time, method string, status int, err error, right bool, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Sent++
	switch {
	case err != nil:
		inner := err
		for errors.Unwrap(inner) != nil {
			inner = errors.Unwrap(inner)
		}
		s.report.Failed[method+": "+inner.Error()]++
	case !right:
		s.report.Failed[fmt.Sprintf("%s: %d", method, status)]++
	default:
		now := time.Now()
		s.report.LongestGap = max(s.report.LongestGap, now.Sub(s.last))
		s.last = now
		_ = s.times.RecordValue(now.Sub(begun).Microseconds())
		if name != "" {
			s.acked = append(s.acked, name)
			s.report.WriteGap = max(s.report.WriteGap, now.Sub(s.wrote))
			s.wrote = now
		}
	}
}

// there asks for a user until there is an answer.
func (s *sender) there(ctx context.Context, name string) bool {
	for range 50 {
		status, err := s.do(ctx, http.MethodGet, "/user/"+url.PathEscape(name), "", "")
		if err == nil && status < http.StatusInternalServerError {
			return status == http.StatusOK
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(200 * time.Millisecond):
		}
	}
	return false
}
