// Package writer adds users to a running system while things are done to it, and tells afterwards which acknowledged
// ones are lost.
package writer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// pause is how long a worker waits before it sends a request again that was not acknowledged.
const pause = 100 * time.Millisecond

// Writer adds users one after the other with each of its workers. Every user is sent with one Idempotency-Key until it
// is acknowledged. Use it once: Run, then Check.
type Writer struct {
	url     string
	run     string // makes the names of two runs differ
	client  *http.Client
	numbers atomic.Uint64
	retries atomic.Uint64

	mu     sync.Mutex
	acked  map[string]uint64 // phone by name
	latest time.Time
	gap    time.Duration // the longest time without an acknowledgement
}

// New returns a writer for the gateway at base; run is a part of every name.
func New(base, run string) *Writer {
	return &Writer{
		url: base, run: run, acked: map[string]uint64{},
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
	}
}

// Run writes with so many workers until ctx ends.
func (w *Writer) Run(ctx context.Context, workers int) {
	w.latest = time.Now()
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				w.add(ctx, w.numbers.Add(1))
			}
		})
	}
	all.Wait()
}

// add sends one user until it is acknowledged or ctx ends.
func (w *Writer) add(ctx context.Context, number uint64) {
	name, phone := fmt.Sprintf("%s user %06d", w.run, number), 9_000_000_000+number
	body := fmt.Sprintf(`{"name":%q,"phone":%d}`, name, phone)
	for ctx.Err() == nil {
		status, err := w.post(ctx, name, body)
		if err == nil && (status == http.StatusCreated || status == http.StatusConflict && w.has(ctx, name, phone)) {
			w.acknowledge(name, phone)
			return
		}
		w.retries.Add(1)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (w *Writer) post(ctx context.Context, name, body string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/user", bytes.NewBufferString(body))
	if err != nil {
		return 0, fmt.Errorf("add %s: %w", name, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", url.QueryEscape(name))
	answer, err := w.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("add %s: %w", name, err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, errors.Join(err, answer.Body.Close())
}

func (w *Writer) acknowledge(name string, phone uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acked[name] = phone
	w.gap = max(w.gap, time.Since(w.latest))
	w.latest = time.Now()
}

// Gap returns the longest time without an acknowledgement since it was last asked.
func (w *Writer) Gap() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	gap := max(w.gap, time.Since(w.latest))
	w.gap = 0
	return gap
}

// Count returns how many writes were acknowledged, and how often one was sent again.
func (w *Writer) Count() (acked, retries int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acked), int(w.retries.Load()) //nolint:gosec // a count
}

// readers is how many users are read at a time.
const readers = 8

// Check reads every acknowledged user, and returns the names of those that are not there as they were acknowledged.
func (w *Writer) Check(ctx context.Context) []string {
	names := make(chan string)
	var mu sync.Mutex
	var lost []string
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			for name := range names {
				if !w.has(ctx, name, w.acked[name]) {
					mu.Lock()
					lost = append(lost, name)
					mu.Unlock()
				}
			}
		})
	}
	for name := range w.acked {
		names <- name
	}
	close(names)
	all.Wait()
	return lost
}

// has tells whether the user is there; a few failing answers are no answer.
func (w *Writer) has(ctx context.Context, name string, phone uint64) bool {
	for range 20 {
		record, status, err := w.get(ctx, name)
		if err == nil && status == http.StatusOK {
			return record.Phone == phone
		}
		if err == nil && status == http.StatusNotFound {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
	return false
}

type record struct {
	Phone uint64 `json:"phone"`
}

func (w *Writer) get(ctx context.Context, name string) (r record, status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/user/"+url.PathEscape(name), nil)
	if err != nil {
		return r, 0, fmt.Errorf("find %s: %w", name, err)
	}
	answer, err := w.client.Do(request)
	if err != nil {
		return r, 0, fmt.Errorf("find %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode == http.StatusOK {
		err = json.NewDecoder(answer.Body).Decode(&r)
	}
	return r, answer.StatusCode, err
}
