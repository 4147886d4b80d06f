package add_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestTakenOverIsNotCleanedUp has a request take over an expired key in the moment between the clean-up's look at it and
// its removal. The answer must stay.
func TestTakenOverIsNotCleanedUp(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
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
	c := newClock()
	s := start(t, b, options{now: c.Now})
	<-c.started // with its own clean-up, which must not find it expired
	b.claim(t, "k-1", draft("KrishnaMohan"), c.Now().Add(claimTime))
	c.advance(claimTime)
	start(t, b, options{sqlURL: proxy.URL(), now: c.Now})
	<-removing
	first := s.postWithKey(t, "k-1", draft("KrishnaMohan"))
	first.wantStatus(t, http.StatusCreated)
	close(goOn)
	<-removed
	s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, first)
}

// TestCleanUpWaitsForATakeOver has the clean-up come upon an expired key that a request is about to take over.
func TestCleanUpWaitsForATakeOver(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	c := newClock()
	takes, cleans := mysqlproxy.New(t, b.sqlURL), mysqlproxy.New(t, b.sqlURL)
	s := start(t, b, options{now: c.Now, sqlURL: takes.URL()})
	<-c.started // with its own clean-up, which must not find it expired
	b.claim(t, "k-1", draft("KrishnaMohan"), c.Now().Add(claimTime))
	c.advance(claimTime)
	committing, goOn := make(chan struct{}), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(goOn) })
	defer letGo()
	takes.Intercept(func(statement string) mysqlproxy.Action {
		if statement == "COMMIT" {
			close(committing)
			<-goOn
		}
		return mysqlproxy.Pass
	})
	answers := make(chan answer, 1)
	s.postBeside(t, answers, "k-1", draft("KrishnaMohan"))
	<-committing
	removed := make(chan struct{}, 1)
	cleans.Intercept(func(statement string) mysqlproxy.Action {
		if statement == "COMMIT" {
			removed <- struct{}{}
		}
		return mysqlproxy.Pass
	})
	start(t, b, options{sqlURL: cleans.URL(), now: c.Now})
	b.wantWaiting(t)
	letGo()
	first := <-answers
	first.wantStatus(t, http.StatusCreated)
	<-removed
	takes.Intercept(nil)
	s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, first)
}

// TestCleanUp has a service come upon many expired keys. It removes them in batches and leaves the others.
func TestCleanUp(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	b.plant(t, 1)
	s := start(t, b, options{})
	servicetest.Eventually(t, "the first service has cleaned up", func() bool { return b.counts(t).keys == 0 })
	answered := s.postWithKey(t, "answered", draft("KrishnaMohan"))
	const expired = 450
	b.plant(t, expired)
	b.claim(t, "live", draft("Krishna Rao"), time.Now().Add(time.Hour))

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
	if !b.key(t, "live").exists {
		t.Error("a claim is gone that has not expired")
	}
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
