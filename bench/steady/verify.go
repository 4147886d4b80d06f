package steady

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	again   = 100 * time.Millisecond // between two tries of a check
	patient = 50                     // tries
)

// lost returns the acknowledged users who are not there as they were acknowledged, or newer.
func (s *Sender) lost(ctx context.Context) []string {
	var lost []string
	for _, name := range s.users.names {
		if !s.there(ctx, s.users.latest[name]) {
			lost = append(lost, name)
		}
	}
	return lost
}

// there asks for a user until there is an answer; what a cache still tells wrong has some seconds to pass.
func (s *Sender) there(ctx context.Context, w write) bool {
	for range patient {
		got, err := s.do(ctx, http.MethodGet, "/user/"+url.PathEscape(w.name), "", "")
		if err == nil && got.status == http.StatusOK && got.version >= w.version {
			return true
		}
		if !wait(ctx, again) {
			return false
		}
	}
	return false
}

// Events is what the journal has of the acknowledged writes.
type Events struct {
	Missing []string // writes that it does not have
	Doubled []string // writes that it has more than once
	After   time.Duration
}

// Events reads the journal by the gateway, again and again until it has every acknowledged write or so much time is over.
// Call it after Send; from is when that began.
func (s *Sender) Events(ctx context.Context, from time.Time, patience time.Duration) (Events, error) {
	begun := time.Now()
	for {
		found, err := s.journal(ctx, from.Add(-time.Minute))
		result := Events{After: time.Since(begun)}
		for _, w := range s.users.writes {
			switch entry := entry(w.name, w.version); {
			case found[entry] == 0:
				result.Missing = append(result.Missing, entry)
			case found[entry] > 1:
				result.Doubled = append(result.Doubled, entry)
			}
		}
		slices.Sort(result.Doubled)
		if err == nil && len(result.Missing) == 0 || time.Since(begun) > patience || !wait(ctx, time.Second) {
			return result, err
		}
	}
}

func entry(name string, version uint64) string { return fmt.Sprintf("%s version %d", name, version) }

// journal counts the events of this run's users that were recorded since then, by user and version.
func (s *Sender) journal(ctx context.Context, since time.Time) (map[string]int, error) {
	found := map[string]int{}
	query := url.Values{"limit": {"500"}, "from": {since.UTC().Format(time.RFC3339)}}
	for {
		page, err := s.page(ctx, "/journal?"+query.Encode())
		if err != nil {
			return found, err
		}
		for _, e := range page.Events {
			if strings.HasPrefix(e.Data.Name, s.load.Run+" ") {
				found[entry(e.Data.Name, e.Data.Version)]++
			}
		}
		if page.Next == "" {
			return found, nil
		}
		query.Set("cursor", page.Next)
	}
}

type page struct {
	Events []struct {
		Data struct {
			Name    string `json:"name"`
			Version uint64 `json:"version"`
		} `json:"data"`
	} `json:"events"`
	Next string `json:"next"`
}

func (s *Sender) page(ctx context.Context, path string) (p page, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.load.URL+path, nil)
	if err != nil {
		return p, fmt.Errorf("read the journal: %w", err)
	}
	got, err := s.client.Do(request)
	if err != nil {
		return p, fmt.Errorf("read the journal: %w", err)
	}
	defer func() { err = errors.Join(err, got.Body.Close()) }()
	if got.StatusCode != http.StatusOK {
		return p, fmt.Errorf("read the journal: the gateway answers %s", got.Status)
	}
	if err := json.NewDecoder(got.Body).Decode(&p); err != nil {
		return p, fmt.Errorf("read the journal: %w", err)
	}
	return p, nil
}

// wait waits that long and returns true, or false if ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
