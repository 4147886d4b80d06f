package add_test

import (
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
)

// claimTime is how long another filling of the slot claims a key for.
const claimTime = 30 * time.Second

// theirs is the token of another filling's claim.
const theirs = "theirs"

// claim claims a key as another filling of the slot does, which commits its claim before it does the work.
func (b *backends) claim(t *testing.T, key, body string, expires time.Time) {
	t.Helper()
	hash := sha256.Sum256([]byte(body))
	b.execute(t, "INSERT INTO ums_idempotency (principal, route, idempotency_key, body_hash, token, expires_at) "+
		"VALUES ('', 'POST /user', ?, UNHEX(?), ?, ?)", key, hex.EncodeToString(hash[:]), theirs, b.db.Dialect.Time(expires))
}

// completing is the statement by which another filling stores its answer, if it holds its claim still.
const completing = "UPDATE ums_idempotency SET status = 201, headers = ?, body = ?, expires_at = ? WHERE idempotency_key = ? AND token = ?"

// complete runs completing in a transaction, for the key k-1, and tells whether the claim was held.
func complete(t *testing.T, tx *sql.Tx, dialect database.Dialect, body string) (held bool) {
	t.Helper()
	const headers = `{"Content-Type":["application/json"],"Location":["/user/KrishnaMohan"],"Etag":["\"1-1\""]}`
	result, err := tx.ExecContext(t.Context(), completing, headers, body, dialect.Time(time.Now().Add(48*time.Hour)), "k-1", theirs)
	if err != nil {
		t.Fatal(err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

// TestClaimOfAnother finds that the key which another filling has claimed is in use until the claim expires.
func TestClaimOfAnother(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		c := newClock()
		s := start(t, b, options{now: c.Now})
		<-c.started
		b.claim(t, "k-1", draft("KrishnaMohan"), c.Now().Add(claimTime))
		inUse := s.postWithKey(t, "k-1", draft("KrishnaMohan"))
		inUse.wantProblem(t, problem.IdempotencyKeyInUse)
		if got := inUse.header.Get("Retry-After"); got == "" {
			t.Error("409 without Retry-After")
		}
		s.postWithKey(t, "k-1", draft("Krishna Rao")).wantProblem(t, problem.IdempotencyKeyReused)
		s.postWithKey(t, "k-2", draft("Krishna Rao")).wantStatus(t, http.StatusCreated)
		if got := s.counts(t); got != (counts{users: 1, events: 1, keys: 2}) {
			t.Errorf("rows %+v, want those of one user, and the claim", got)
		}

		c.advance(claimTime)
		taken := s.postWithKey(t, "k-1", draft("KrishnaMohan"))
		taken.wantStatus(t, http.StatusCreated)
		err := b.db.InTx(t.Context(), func(tx *sql.Tx) error {
			if complete(t, tx, b.db.Dialect, "{}") {
				t.Error("who claimed the key holds it after it was taken over")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, taken)
	})
}

// TestLateAnswerOfAnother has another filling store its answer when its claim has expired and a second request is there
// to take it over: the answer stays, and is the second request's too.
func TestLateAnswerOfAnother(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	c := newClock()
	s := start(t, b, options{now: c.Now})
	<-c.started // with the clean-up, which must not find it expired
	b.claim(t, "k-1", draft("KrishnaMohan"), c.Now().Add(claimTime))
	c.advance(claimTime)
	answers := make(chan answer, 1)
	err := b.db.InTx(t.Context(), func(tx *sql.Tx) error {
		if !complete(t, tx, b.db.Dialect, `{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00Z"}`) {
			t.Error("the claim is not there")
		}
		s.postBeside(t, answers, "k-1", draft("KrishnaMohan"))
		b.wantWaiting(t)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	late := <-answers
	s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantReplay(t, late)
	if got := late.header.Get("Etag"); got != `"1-1"` {
		t.Errorf("Etag = %s, want that of the other's answer", got)
	}
	if got := s.counts(t); got != (counts{keys: 1}) {
		t.Errorf("rows %+v, want the key alone", got)
	}
}

// TestKeyInFlight has a second request with the key of one that is about to commit. It waits, and is told what the first
// one was, or does the work itself where that came to nothing.
func TestKeyInFlight(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	proxy := mysqlproxy.New(t, b.sqlURL)
	first := start(t, b, options{sqlURL: proxy.URL()})
	second := start(t, b, options{}) // as another replica
	//nolint:paralleltest // the locks are those of one pair of requests at a time
	for i, tc := range []struct {
		name   string
		action mysqlproxy.Action // what becomes of the first one's COMMIT
		body   string            // of the second, if it is another
		want   func(t *testing.T, first, second answer)
	}{
		{"committed", mysqlproxy.Pass, "", func(t *testing.T, first, second answer) {
			t.Helper()
			first.wantStatus(t, http.StatusCreated)
			second.wantReplay(t, first)
		}},
		{"committed, and nobody knows", mysqlproxy.CutAfter, "", func(t *testing.T, first, second answer) {
			t.Helper()
			first.wantProblem(t, problem.Unavailable)
			second.wantStatus(t, http.StatusCreated)
			if got := second.header.Get("Idempotent-Replayed"); got != "true" {
				t.Errorf("Idempotent-Replayed = %q, want true", got)
			}
		}},
		{"came to nothing", mysqlproxy.CutBefore, "", func(t *testing.T, first, second answer) {
			t.Helper()
			first.wantProblem(t, problem.Unavailable)
			second.wantStatus(t, http.StatusCreated)
			if got := second.header.Get("Idempotent-Replayed"); got != "" {
				t.Errorf("Idempotent-Replayed = %q of what came to nothing", got)
			}
		}},
		{"another body", mysqlproxy.Pass, draft("another body"), func(t *testing.T, first, second answer) {
			t.Helper()
			first.wantStatus(t, http.StatusCreated)
			second.wantProblem(t, problem.IdempotencyKeyReused)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			user, key := fmt.Sprintf("in-flight-%d", i), fmt.Sprint("k-", i)
			committing, goOn := make(chan struct{}), make(chan struct{})
			letGo := sync.OnceFunc(func() { close(goOn) })
			defer letGo()
			proxy.Intercept(func(statement string) mysqlproxy.Action {
				if statement != "COMMIT" {
					return mysqlproxy.Pass
				}
				close(committing)
				<-goOn
				return tc.action
			})
			firsts, seconds := make(chan answer, 1), make(chan answer, 1)
			first.postBeside(t, firsts, key, draft(user))
			<-committing
			second.postBeside(t, seconds, key, cmp.Or(tc.body, draft(user)))
			b.wantWaiting(t)
			letGo()
			one := <-firsts
			proxy.Intercept(nil)
			tc.want(t, one, <-seconds)
			if got := b.counts(t); got != (counts{users: i + 1, events: i + 1, keys: i + 1}) {
				t.Errorf("rows %+v, want those of %d requests", got, i+1)
			}
		})
	}
	wantFolded(t, b)
}

// TestKeyAnsweredWhileItIsMet has the key's request, which adds the user, commit between the two looks by which another with
// the same key finds out what it has met. It is the same request, so it must get the answer, not be told of the user.
func TestKeyAnsweredWhileItIsMet(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	proxy := mysqlproxy.New(t, b.sqlURL)
	looking, other := start(t, b, options{sqlURL: proxy.URL()}), start(t, b, options{})
	const user, key = "KrishnaMohan", "k-1"
	other.post(t, user) // whom the request meets
	var before answer
	looks := 0
	proxy.Intercept(func(statement string) mysqlproxy.Action {
		if !strings.HasPrefix(statement, "SELECT") || strings.Contains(statement, "schema_migrations") {
			return mysqlproxy.Pass
		}
		if looks++; looks == 2 {
			other.send(t, http.MethodDelete, "/user/"+user, "").wantStatus(t, http.StatusNoContent)
			before = other.postWithKey(t, key, draft(user))
		}
		return mysqlproxy.Pass
	})
	got := looking.postWithKey(t, key, draft(user))
	proxy.Intercept(nil)
	if looks != 2 {
		t.Errorf("it looked %d times, want twice", looks)
	}
	got.wantReplay(t, before)
}

// postBeside sends a POST while the test goes on. Without an answer, the answer is what went wrong.
func (s *service) postBeside(t *testing.T, answers chan<- answer, key, body string) {
	t.Helper()
	go func() {
		got, err := s.try(t.Context(), http.MethodPost, "/user", body, "Idempotency-Key", key)
		if err != nil {
			got.body = err.Error()
		}
		answers <- got
	}()
}

// wantWaiting waits until a statement that writes rows is under way, as one is that waits for another transaction.
func (b *backends) wantWaiting(t *testing.T) {
	t.Helper()
	servicetest.Eventually(t, "a statement waits", func() bool {
		const query = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND command = 'Query' AND state IN ('update', 'updating')"
		var n int
		if err := b.db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n > 0
	})
}
