package add_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
)

// heldUp is a POST that has claimed its key and gets no further until it is released.
type heldUp struct {
	release func()
	answer  <-chan answer
}

// postAndHold sends a POST and holds it up once it has claimed its key.
func (s *service) postAndHold(t *testing.T, c *clock, key, body string) heldUp {
	t.Helper()
	reached, release := c.holdNext(t, lookOfUser)
	answers := s.postBeside(t, key, body)
	<-reached
	return heldUp{release: release, answer: answers}
}

// postBeside sends a POST while the test goes on.
func (s *service) postBeside(t *testing.T, key, body string) <-chan answer {
	t.Helper()
	answers := make(chan answer, 1)
	go func() {
		got, err := s.try(t.Context(), http.MethodPost, "/user", body, "Idempotency-Key", key)
		if err != nil {
			t.Errorf("POST with the key %s: %v", key, err)
		}
		answers <- got
	}()
	return answers
}

func TestLiveClaim(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		c := newClock()
		s := start(t, b, options{now: c.Now})
		held := s.postAndHold(t, c, "k-1", draft("KrishnaMohan"))
		inUse := s.postWithKey(t, "k-1", draft("KrishnaMohan"))
		inUse.wantProblem(t, problem.IdempotencyKeyInUse)
		if got := inUse.header.Get("Retry-After"); got == "" {
			t.Error("409 without Retry-After")
		}
		s.postWithKey(t, "k-1", draft("Krishna Rao")).wantProblem(t, problem.IdempotencyKeyReused)
		s.postWithKey(t, "k-2", draft("Krishna Rao")).wantStatus(t, http.StatusCreated)
		c.advance(claimTime - time.Second)
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantProblem(t, problem.IdempotencyKeyInUse)
		held.release()
		first := <-held.answer
		first.wantStatus(t, http.StatusCreated)
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, first)
	})
}

// TestClaimTakenOver has a request come so late that its claim has expired and another has taken its place.
func TestClaimTakenOver(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		c := newClock()
		s := start(t, b, options{now: c.Now})
		held := s.postAndHold(t, c, "k-1", draft("KrishnaMohan"))
		c.advance(claimTime)
		taken := s.postWithKey(t, "k-1", draft("KrishnaMohan"))
		taken.wantStatus(t, http.StatusCreated)
		// So that nothing but the lost claim is in the way of the one that was held up.
		s.send(t, http.MethodDelete, "/user/KrishnaMohan", "").wantStatus(t, http.StatusNoContent)
		before := s.counts(t)
		held.release()
		(<-held.answer).wantProblem(t, problem.IdempotencyKeyInUse)
		if after := s.counts(t); after != before || before != (counts{users: 0, events: 2, keys: 1}) {
			t.Errorf("rows %+v, want %+v as before", after, before)
		}
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, taken)
	})
}

// TestLateAnswerIsNotTakenOver has a request store its answer in the moment between another's look at the expired claim
// and its attempt to take the claim over. The answer must stay.
func TestLateAnswerIsNotTakenOver(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	proxy := mysqlproxy.New(t, b.sqlURL)
	c := newClock()
	s := start(t, b, options{now: c.Now, sqlURL: proxy.URL()})
	held := s.postAndHold(t, c, "k-1", draft("KrishnaMohan"))
	c.advance(claimTime)
	takingOver, goOn := make(chan struct{}, 1), make(chan struct{})
	proxy.Intercept(func(statement string) mysqlproxy.Action {
		if strings.Contains(statement, "UPDATE ums_idempotency SET body_hash") {
			takingOver <- struct{}{}
			<-goOn
		}
		return mysqlproxy.Pass
	})
	second := s.postBeside(t, "k-1", draft("KrishnaMohan"))
	<-takingOver
	held.release()
	first := <-held.answer
	first.wantStatus(t, http.StatusCreated)
	close(goOn)
	(<-second).wantReplay(t, first)
	s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, first)
	if got := s.counts(t); got != (counts{users: 1, events: 1, keys: 1}) {
		t.Errorf("rows %+v, want one of each", got)
	}
}

// TestLateAnswerIsNotCleanedUp is the same with the clean-up in the place of the other request.
func TestLateAnswerIsNotCleanedUp(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	c := newClock()
	s := start(t, b, options{now: c.Now})
	held := s.postAndHold(t, c, "k-1", draft("KrishnaMohan"))
	c.advance(claimTime)

	proxy := mysqlproxy.New(t, b.sqlURL)
	removing, goOn, removed := make(chan struct{}, 1), make(chan struct{}), make(chan struct{}, 1)
	proxy.Intercept(func(statement string) mysqlproxy.Action {
		switch {
		case strings.Contains(statement, "DELETE FROM ums_idempotency"):
			removing <- struct{}{}
			<-goOn
		case statement == "COMMIT":
			removed <- struct{}{}
		}
		return mysqlproxy.Pass
	})
	start(t, b, options{now: c.Now, sqlURL: proxy.URL()})
	<-removing
	held.release()
	first := <-held.answer
	first.wantStatus(t, http.StatusCreated)
	close(goOn)
	<-removed
	s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, first)
}

// TestCleanUp has a service come upon many expired keys. It removes them in batches and leaves the others.
func TestCleanUp(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	b.plant(t, 1)
	c := newClock()
	s := start(t, b, options{now: c.Now})
	servicetest.Eventually(t, "the first service has cleaned up", func() bool { return b.counts(t).keys == 0 })
	answered := s.postWithKey(t, "answered", draft("KrishnaMohan"))
	const expired = 450
	b.plant(t, expired)
	held := s.postAndHold(t, c, "live", draft("Krishna Rao"))

	proxy := mysqlproxy.New(t, b.sqlURL)
	looks, batches := make(chan struct{}, expired), make(chan struct{}, expired)
	proxy.Intercept(func(statement string) mysqlproxy.Action {
		switch {
		case strings.HasPrefix(statement, "SELECT principal"):
			looks <- struct{}{}
		case statement == "COMMIT":
			batches <- struct{}{}
		}
		return mysqlproxy.Pass
	})
	start(t, b, options{sqlURL: proxy.URL()})
	servicetest.Eventually(t, "the expired keys are gone", func() bool { return b.counts(t).keys == 2 })
	if len(looks) != 3 || len(batches) != 3 {
		t.Errorf("%d looks and %d batches for %d rows, want 3 of each", len(looks), len(batches), expired)
	}
	held.release()
	live := <-held.answer
	s.postWithKey(t, "live", draft("Krishna Rao")).wantReplay(t, live)
	s.postWithKey(t, "answered", draft("KrishnaMohan")).wantReplay(t, answered)
}

// plant stores n expired claims.
func (b *backends) plant(t *testing.T, n int) {
	t.Helper()
	var rows []string
	var args []any
	for i := range n {
		rows = append(rows, "('', 'POST /user', ?, ?, ?, '2022-09-12 10:00:00')")
		args = append(args, fmt.Sprint("expired-", i), make([]byte, 32), fmt.Sprint(i))
	}
	b.execute(t, "INSERT INTO ums_idempotency (principal, route, idempotency_key, body_hash, token, expires_at) VALUES "+
		strings.Join(rows, ", "), args...)
}

// TestCleanUpOnSQLite is the same in small.
func TestCleanUpOnSQLite(t *testing.T) {
	t.Parallel()
	b := onSQLite(t)
	c := newClock()
	s := start(t, b, options{now: c.Now})
	s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantStatus(t, http.StatusCreated)
	c.advance(answerTime)
	kept := s.postWithKey(t, "k-2", draft("Krishna Rao"))
	start(t, b, options{now: c.Now})
	servicetest.Eventually(t, "the expired key is gone", func() bool { return !b.key(t, "k-1").exists })
	s.postWithKey(t, "k-2", draft("Krishna Rao")).wantReplay(t, kept)
}
