package writer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// added is the type of the events that say that a user was added.
const added = "com.glarimy.ums.user.added"

// CheckJournal reads who was added by the journal, from its beginning, and returns the names of acknowledged users who are
// not there exactly once, and of users of this run who are there more than once. The journal has what was written a
// second ago; call it again for what is younger. It is to be called when Run has ended.
func (w *Writer) CheckJournal(ctx context.Context) ([]string, error) {
	times := map[string]int{}
	for cursor := ""; ; {
		p, err := w.page(ctx, cursor)
		if err != nil {
			return nil, err
		}
		for _, e := range p.Events {
			if strings.HasPrefix(e.Subject, w.run+" ") {
				times[e.Subject]++
			}
		}
		if cursor = p.Next; cursor == "" {
			return w.wrong(times), nil
		}
	}
}

// wrong compares how often users are in the journal with who was acknowledged.
func (w *Writer) wrong(times map[string]int) []string {
	var names []string
	for name := range w.acked {
		if times[name] == 0 {
			names = append(names, name)
		}
	}
	for name, n := range times {
		if n > 1 {
			names = append(names, name)
		}
	}
	return names
}

type page struct {
	Events []struct {
		Subject string `json:"subject"`
	} `json:"events"`
	Next string `json:"next"` // null, which is the end, is read as empty
}

func (w *Writer) page(ctx context.Context, cursor string) (p page, err error) {
	query := url.Values{"type": {added}, "limit": {"500"}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/journal?"+query.Encode(), nil)
	if err != nil {
		return page{}, fmt.Errorf("read the journal: %w", err)
	}
	answer, err := w.client.Do(request)
	if err != nil {
		return page{}, fmt.Errorf("read the journal: %w", err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return page{}, fmt.Errorf("read the journal: the answer is %s", answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(&p); err != nil {
		return page{}, fmt.Errorf("read the journal: %w", err)
	}
	return p, nil
}
