package writes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/glarimy/ums/bench/load"
)

const (
	probes    = 4 // users on their way at a time
	lookEvery = 5 * time.Millisecond
	lookAtAll = 10 * time.Second // then a user counts as never seen
)

// visibility is how long users take from the answer to their POST until others see them.
type visibility struct {
	journal, search load.Result
}

// startProbe starts the services that users are looked for in, and lets the journal take in what is there.
func (m *measurement) startProbe(ctx context.Context) error {
	for _, name := range []string{"journal", "search"} {
		s, err := m.serve(ctx, name)
		if err != nil {
			return err
		}
		m.others = append(m.others, s)
	}
	m.visible = visibility{journal: load.NewResult(), search: load.NewResult()}
	// One user that is seen in both says that the journal has caught up with what was written until now.
	catchUp, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	p := &probe{m: m, name: "probe-first", patience: time.Minute}
	_, _, err := p.run(catchUp)
	return err
}

// probe adds users and looks for each, until ctx ends.
func (m *measurement) probe(ctx context.Context) error {
	var (
		mu      sync.Mutex
		errs    []error
		running sync.WaitGroup
	)
	for worker := range probes {
		running.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				p := &probe{m: m, name: fmt.Sprintf("probe-%d-%09d", worker, n), patience: lookAtAll}
				journal, search, err := p.run(context.WithoutCancel(ctx)) // what was begun is finished
				mu.Lock()
				m.visible.journal.Record(err == nil, journal)
				m.visible.search.Record(err == nil, search)
				if err != nil {
					errs = append(errs, err)
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

// probe is one user on the way.
type probe struct {
	m        *measurement
	name     string
	patience time.Duration
}

// run adds the user and returns how long it took, from the answer, until it was in the journal and in a list.
func (p *probe) run(ctx context.Context) (journal, search time.Duration, err error) {
	body := fmt.Sprintf(`{"name":%q,"phone":9731423166}`, p.name)
	status, answer, err := p.m.exchange(ctx, http.MethodPost, "http://"+p.m.service.addr+"/user", body)
	answered := time.Now()
	if err != nil || status != http.StatusCreated {
		return 0, 0, errors.Join(fmt.Errorf("add %s: status %d: %s", p.name, status, answer), err)
	}
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	var looking sync.WaitGroup
	var errs [2]error
	looking.Go(func() {
		journal, errs[0] = p.look(ctx, answered, "http://"+p.m.others[0].addr+"/journal?user="+p.name)
	})
	looking.Go(func() {
		search, errs[1] = p.look(ctx, answered, "http://"+p.m.others[1].addr+"/user?name="+p.name)
	})
	looking.Wait()
	return journal, search, errors.Join(errs[:]...)
}

// look asks again and again until the user's record is in the answer.
func (p *probe) look(ctx context.Context, since time.Time, url string) (time.Duration, error) {
	record := []byte(fmt.Sprintf(`"name":%q`, p.name))
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	for {
		status, body, err := p.m.exchange(ctx, http.MethodGet, url, "")
		switch {
		case err != nil:
			return 0, fmt.Errorf("look for %s: %w", p.name, err)
		case status != http.StatusOK:
			return 0, fmt.Errorf("look for %s: status %d: %s", p.name, status, body)
		case bytes.Contains(body, record):
			return time.Since(since), nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return 0, fmt.Errorf("%s is not there after %s: %s", p.name, p.patience, url)
		}
	}
}

// exchange makes a request by the probes' own client.
func (m *measurement) exchange(ctx context.Context, method, url, body string) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := m.prober.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}
