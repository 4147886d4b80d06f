package add_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/problem"
)

// answerTime is how long an answer is kept.
const answerTime = 24 * time.Hour

// postWithKey sends a draft under an idempotency key.
func (s *service) postWithKey(t *testing.T, key, body string) answer {
	t.Helper()
	return s.send(t, http.MethodPost, "/user", body, "Idempotency-Key", key)
}

// wantReplay fails t unless got is the answer that was given before.
func (a answer) wantReplay(t *testing.T, before answer) {
	t.Helper()
	if a.status != before.status || a.body != before.body {
		t.Errorf("answer %d %s, want %d %s again", a.status, a.body, before.status, before.body)
	}
	for _, name := range []string{"Location", "Etag", "Content-Type", "Content-Length"} {
		if got, want := a.header.Get(name), before.header.Get(name); got != want || want == "" {
			t.Errorf("%s = %q, want %q again", name, got, want)
		}
	}
	if got := a.header.Get("Idempotent-Replayed"); got != "true" {
		t.Errorf("Idempotent-Replayed = %q, want true", got)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		first := s.postWithKey(t, "k-1", draft("KrishnaMohan"))
		first.wantStatus(t, http.StatusCreated)
		if got := first.header.Values("Idempotent-Replayed"); got != nil {
			t.Errorf("the first answer has Idempotent-Replayed: %q", got)
		}
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, first)
		s.postWithKey(t, `"k-1"`, draft("KrishnaMohan")).wantReplay(t, first)
		if got := s.counts(t); got != (counts{users: 1, events: 1, keys: 1}) {
			t.Errorf("rows %+v, want one of each", got)
		}
		// The answer is of then, whatever has become of the user since.
		s.send(t, http.MethodPatch, "/user/KrishnaMohan", change(otherPhone)).wantStatus(t, http.StatusOK)
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, first)
		s.send(t, http.MethodDelete, "/user/KrishnaMohan", "").wantStatus(t, http.StatusNoContent)
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, first)
		if got := s.counts(t); got != (counts{users: 0, events: 3, keys: 1}) {
			t.Errorf("rows %+v, want no user, three events and one key", got)
		}
	})
}

func TestKeyOfAnotherBody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		first := s.postWithKey(t, "k-1", draft("KrishnaMohan"))
		for _, body := range []string{draft("Krishna Rao"), draft("KrishnaMohan") + " ", `{"phone":9731423166,"name":"KrishnaMohan"}`} {
			s.postWithKey(t, "k-1", body).wantProblem(t, problem.IdempotencyKeyReused)
		}
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, first)
		s.postWithKey(t, "K-1", draft("Krishna Rao")).wantStatus(t, http.StatusCreated) // keys are exact
		if got := s.counts(t); got != (counts{users: 2, events: 2, keys: 2}) {
			t.Errorf("rows %+v, want two of each", got)
		}
	})
}

func TestKeysOfOthers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		answers := map[string]answer{}
		for i, actor := range []string{"", "Rao", "rao", "rao "} {
			headers := []string{"Idempotency-Key", "k-1", "Ums-Actor", actor}
			got := s.send(t, http.MethodPost, "/user", draft(fmt.Sprint("Krishna-", i)), headers...)
			if strings.TrimSpace(actor) != actor { // a header's value has no space around it: this is rao again
				got.wantProblem(t, problem.IdempotencyKeyReused)
				continue
			}
			got.wantStatus(t, http.StatusCreated)
			answers[actor] = got
		}
		for i, actor := range []string{"", "Rao", "rao"} {
			headers := []string{"Idempotency-Key", "k-1", "Ums-Actor", actor}
			s.send(t, http.MethodPost, "/user", draft(fmt.Sprint("Krishna-", i)), headers...).wantReplay(t, answers[actor])
		}
	})
}

func TestKeySyntax(t *testing.T) {
	t.Parallel()
	s := start(t, onSQLite(t), options{})
	for i, tc := range []struct {
		keys []string
		ok   bool
	}{
		{[]string{"8e03978e-40d5-43e8-bc93-6894a57f9324"}, true},
		{[]string{`"8e03978e-40d5-43e8-bc93-6894a57f9325"`}, true},
		{[]string{"!#$%&'()*+,-./:;<=>?@[]^_`{|}~"}, true},
		{[]string{strings.Repeat("k", 255)}, true},
		{[]string{`"` + strings.Repeat("K", 255) + `"`}, true},
		{[]string{strings.Repeat("k", 256)}, false},
		{[]string{""}, false},
		{[]string{`""`}, false},
		{[]string{`"`}, false},
		{[]string{`"k`}, false},
		{[]string{`"k"k"`}, false},
		{[]string{`"k\"k"`}, false},
		{[]string{"k k"}, false},
		{[]string{"k\tk"}, false},
		{[]string{"ключ"}, false},
		{[]string{"k\xff"}, false},
		{[]string{"k", "k"}, false},
		{[]string{"k", "m"}, false},
	} {
		var headers []string
		for _, key := range tc.keys {
			headers = append(headers, "Idempotency-Key", key)
		}
		before := s.counts(t)
		got := s.send(t, http.MethodPost, "/user", draft(fmt.Sprintf("Krishna %d", i)), headers...)
		if tc.ok {
			if got.status != http.StatusCreated {
				t.Errorf("%q: status = %d, want 201: %s", tc.keys, got.status, got.body)
			}
			continue
		}
		got.wantProblem(t, problem.InvalidIdempotencyKey)
		if after := s.counts(t); after != before {
			t.Errorf("%q: rows %+v, want %+v as before", tc.keys, after, before)
		}
	}
}

// TestRefusalsKeepNoKey finds that a key may be used again after an answer that is no success.
func TestRefusalsKeepNoKey(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		s.post(t, "KrishnaMohan")
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantProblem(t, problem.UserExists)
		s.postWithKey(t, "k-2", draft("Krishna")).wantProblem(t, problem.Validation)
		if got := s.counts(t); got != (counts{users: 1, events: 1}) {
			t.Errorf("rows %+v, want no key", got)
		}
		s.postWithKey(t, "k-1", draft("Krishna Rao")).wantStatus(t, http.StatusCreated)
		s.send(t, http.MethodDelete, "/user/KrishnaMohan", "").wantStatus(t, http.StatusNoContent)
		s.postWithKey(t, "k-2", draft("KrishnaMohan")).wantStatus(t, http.StatusCreated)
	})
}

// TestAnswersAreKeptForADay and not for longer.
func TestAnswersAreKeptForADay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		c := newClock()
		s := start(t, b, options{now: c.Now})
		first := s.postWithKey(t, "k-1", draft("KrishnaMohan"))
		other := s.postWithKey(t, "k-2", draft("Krishna Rao"))
		c.advance(answerTime - time.Minute)
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, first)
		s.postWithKey(t, "k-2", draft("Krishna Rao")).wantReplay(t, other)
		c.advance(time.Minute)
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantProblem(t, problem.UserExists)
		s.postWithKey(t, "k-2", draft("Another body")).wantStatus(t, http.StatusCreated)
	})
}
