package add_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
)

// batches has POSTs of many users share transactions at will.
type batches struct {
	*service

	t     *testing.T
	proxy *mysqlproxy.Proxy

	// key returns the idempotency key of a user's POST; nil for none at all.
	key func(i int, user string) string

	// impatient is the number of a user whose request has a second, and whose answer closes answered; -1 for none.
	impatient int
	answered  chan struct{}
}

func newBatches(t *testing.T, b *backends, hook redis.Hook) *batches {
	t.Helper()
	proxy := mysqlproxy.New(t, b.sqlURL)
	// With so much time for its transactions, the service does not take any for slow.
	return &batches{service: start(t, b, options{sqlURL: proxy.URL(), fenceTime: time.Hour, redisHook: hook}), t: t, proxy: proxy, impatient: -1}
}

// severalUsers tells the statement that adds several users.
func severalUsers(statement string) bool {
	users, _, _ := strings.Cut(statement, "INSERT INTO ums_outbox")
	return strings.Contains(users, "INSERT INTO ums_users") && strings.Count(users, "), (") > 0
}

// run sends POSTs of all users while others are in flight, and returns the answers, in their order. Every statement of the
// transaction that they share passes decide, which may be nil.
func (b *batches) run(users []string, decide mysqlproxy.Interceptor) []answer {
	b.t.Helper()
	var (
		held    = make(chan struct{})
		holding sync.WaitGroup
		holders sync.WaitGroup
		shared  atomic.Bool
	)
	holding.Add(add.MostInFlight)
	b.proxy.Intercept(func(statement string) mysqlproxy.Action {
		if strings.Contains(statement, "holder-") && strings.Contains(statement, "INSERT") {
			holding.Done()
			<-held
			return mysqlproxy.Pass
		}
		several := severalUsers(statement)
		if several {
			holders.Wait() // so that the next COMMIT is this transaction's
			shared.Store(true)
		}
		if decide != nil && (several || shared.Load() && statement == "COMMIT") {
			return decide(statement)
		}
		return mysqlproxy.Pass
	})
	var all sync.WaitGroup
	for i := range add.MostInFlight {
		holders.Go(func() {
			if _, err := b.try(b.t.Context(), http.MethodPost, "/user", draft(fmt.Sprintf("holder-%d-%s", i, users[0][:8]))); err != nil {
				b.t.Error(err)
			}
		})
	}
	holding.Wait()
	answers := make([]answer, len(users))
	for i, user := range users {
		all.Go(func() {
			var (
				err     error
				headers []string
			)
			if i == b.impatient {
				headers = []string{"Ums-Deadline-Ms", "1000"}
				defer close(b.answered)
			}
			if b.key != nil {
				headers = append(headers, "Idempotency-Key", b.key(i, user))
			}
			if answers[i], err = b.try(b.t.Context(), http.MethodPost, "/user", draft(user), headers...); err != nil {
				b.t.Error(err)
			}
		})
	}
	inFlight := fmt.Sprintf(`ums_http_requests_in_flight{service="add"} %d`, add.MostInFlight+len(users))
	servicetest.Eventually(b.t, "all are in flight", func() bool { return slices.Contains(b.metrics(b.t), inFlight) })
	close(held)
	all.Wait()
	holders.Wait()
	b.proxy.Intercept(nil)
	if !shared.Load() {
		b.t.Error("no transaction was shared")
	}
	return answers
}

func usersOf(prefix string, n int) []string {
	users := make([]string, n)
	for i := range users {
		users[i] = fmt.Sprintf("%s-%02d", prefix, n-i)
	}
	return users
}

// TestBatchOfPosts finds that each of a batch gets the answer that it would get alone.
func TestBatchOfPosts(t *testing.T) {
	t.Parallel()
	b := newBatches(t, onMySQL(t), nil)
	for _, tc := range []struct {
		name  string
		users []string
		taken []string // there before
		again int      // how many of users are told that they exist
	}{
		{"all new", usersOf("allnew--", 20), nil, 0},
		{"one exists", usersOf("exists--", 20), []string{"exists---07"}, 1},
		{"two of a name", append(usersOf("twice---", 20), "twice----07"), nil, 1},
		{"all of two names", slices.Repeat([]string{"twonames-1", "twonames-2"}, 5), nil, 8},
	} {
		for _, user := range tc.taken {
			b.post(t, user)
		}
		before, exist := b.counts(t), 0
		for _, got := range b.run(tc.users, nil) {
			if got.status != http.StatusCreated {
				got.wantProblem(t, problem.UserExists)
				exist++
			}
		}
		want := len(tc.users) - tc.again + add.MostInFlight
		after := b.counts(t)
		if exist != tc.again || after.users-before.users != want || after.events-before.events != want {
			t.Errorf("%s: %d exist, %+v after %+v, want %d and %d more", tc.name, exist, after, before, tc.again, want)
		}
		for _, user := range tc.users {
			b.wantReleased(t, user)
		}
	}
	wantFolded(t, b.backends)
}

// TestBatchOfKeyedPosts finds the same where each has an idempotency key.
func TestBatchOfKeyedPosts(t *testing.T) {
	t.Parallel()
	b := newBatches(t, onMySQL(t), nil)
	own := func(_ int, user string) string { return "key-of-" + user }
	// Each case but the first has one request that meets the user called former, who is added with his own key beforehand.
	//nolint:paralleltest // they share a proxy
	for _, tc := range []struct {
		name, former string
		users        []string
		key          func(i int, user string) string
		odd          func(t *testing.T, odd answer) // looks at the answer of the first
	}{
		{"all new", "", usersOf("k-allnew", 20), own, func(t *testing.T, odd answer) {
			t.Helper()
			odd.wantStatus(t, http.StatusCreated)
		}},
		{"one was answered before", "k-before-20", usersOf("k-before", 20), own, func(t *testing.T, odd answer) {
			t.Helper()
			odd.wantReplay(t, b.postWithKey(t, "key-of-k-before-20", draft("k-before-20")))
		}},
		{"one exists", "k-exists-20", usersOf("k-exists", 20), func(_ int, user string) string {
			return "another-key-of-" + user
		}, func(t *testing.T, odd answer) {
			t.Helper()
			odd.wantProblem(t, problem.UserExists)
			if b.backends.key(t, "another-key-of-k-exists-20").exists {
				t.Error("a key is taken whose request was refused")
			}
		}},
		{"a key of another body", "k-another-body", usersOf("k-reused", 20), func(i int, user string) string {
			if i == 0 {
				return "key-of-k-another-body"
			}
			return own(i, user)
		}, func(t *testing.T, odd answer) {
			t.Helper()
			odd.wantProblem(t, problem.IdempotencyKeyReused)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			added := len(tc.users)
			if tc.former != "" {
				b.postWithKey(t, own(0, tc.former), draft(tc.former)).wantStatus(t, http.StatusCreated)
				added--
			}
			before := b.counts(t)
			b.key = tc.key
			answers := b.run(tc.users, nil)
			tc.odd(t, answers[0])
			for i, got := range answers[1:] {
				got.wantStatus(t, http.StatusCreated)
				user := tc.users[i+1]
				b.postWithKey(t, tc.key(i+1, user), draft(user)).wantReplay(t, got)
			}
			want := counts{before.users + added + add.MostInFlight, before.events + added + add.MostInFlight, before.keys + added}
			if after := b.counts(t); after != want {
				t.Errorf("rows %+v, want %+v", after, want)
			}
			for _, user := range tc.users {
				b.wantReleased(t, user)
			}
		})
	}
	wantFolded(t, b.backends)
}

// TestBatchIsFenced finds that each user's row is locked and not committed when the fence has been set, and committed
// when it is taken down.
func TestBatchIsFenced(t *testing.T) {
	t.Parallel()
	const prefix = "fenced--"
	var fences, releases atomic.Int64
	db := onMySQL(t)
	user := func(command redis.Cmder, key int) (name string, ok bool) {
		name = strings.TrimPrefix(fmt.Sprint(command.Args()[key]), "ums:user:v1:")
		return name, strings.HasPrefix(name, prefix)
	}
	committed := func(name string) bool {
		_, ok := db.users(t)[name]
		return ok
	}
	b := newBatches(t, db, &recorder{
		after: func(command redis.Cmder) {
			if command.Name() != "set" {
				return
			}
			if name, ok := user(command, 1); ok {
				fences.Add(1)
				if w := (&fenceWatcher{t: t, b: db, user: name}); committed(name) || !w.locked() {
					t.Errorf("%s was fenced before it was locked, or after it was committed", name)
				}
			}
		},
		before: func(command redis.Cmder) {
			if command.Name() != "evalsha" {
				return
			}
			if name, ok := user(command, 3); ok {
				releases.Add(1)
				if !committed(name) {
					t.Errorf("the fence of %s was taken down before the commit", name)
				}
			}
		},
	})
	users := usersOf(prefix[:len(prefix)-1], 8)
	for _, got := range b.run(users, nil) {
		got.wantStatus(t, http.StatusCreated)
	}
	for _, name := range users {
		b.wantReleased(t, name)
	}
	if fences.Load() != 8 || releases.Load() != 8 {
		t.Errorf("%d fences and %d releases, want 8 of each", fences.Load(), releases.Load())
	}
}

// TestBatchBreaks breaks the connection of a batch before and after each of its statements, has the database refuse them,
// and leaves a COMMIT unanswered: all users of the batch are stored or none, and each is told the truth.
func TestBatchBreaks(t *testing.T) {
	t.Parallel()
	b := newBatches(t, onMySQL(t), nil)
	for _, tc := range []struct {
		name      string
		statement string // whose first words these are
		action    mysqlproxy.Action
		good      bool // all are added in the end
		unknown   bool
		stored    bool
	}{
		{name: "insert-1", statement: "INSERT", action: mysqlproxy.CutBefore},
		{name: "insert-2", statement: "INSERT", action: mysqlproxy.CutAfter},
		{name: "insert-3", statement: "INSERT", action: mysqlproxy.Refuse, good: true, stored: true},
		{name: "insert-4", statement: "INSERT", action: mysqlproxy.Demote, good: true, stored: true},
		{name: "commit-1", statement: "COMMIT", action: mysqlproxy.CutBefore, unknown: true},
		{name: "commit-2", statement: "COMMIT", action: mysqlproxy.CutAfter, unknown: true, stored: true},
		{name: "commit-3", statement: "COMMIT", action: mysqlproxy.Refuse, good: true, stored: true},
	} {
		users := usersOf(tc.name, 8)
		var once sync.Once
		answers := b.run(users, func(statement string) (action mysqlproxy.Action) {
			if strings.Contains(statement, tc.statement) {
				once.Do(func() { action = tc.action })
			}
			return action
		})
		added := b.users(t)
		for i, got := range answers {
			_, stored := added[users[i]]
			switch {
			case tc.good:
				got.wantStatus(t, http.StatusCreated)
			case got.status == http.StatusCreated: // it came too late for the batch
				continue
			default:
				got.wantProblem(t, problem.Unavailable)
				if unknown := strings.Contains(got.body, "did not confirm"); unknown != tc.unknown {
					t.Errorf("%s: an unknown outcome: %t, want %t", tc.name, unknown, tc.unknown)
				}
			}
			if stored != tc.stored {
				t.Errorf("%s: %s is stored: %t, want %t", tc.name, users[i], stored, tc.stored)
			}
			if !tc.unknown {
				b.wantReleased(t, users[i])
			} else if held := b.cached(t, users[i]); !strings.HasPrefix(held, "fence:") {
				t.Errorf("%s: the cache holds %q, want a fence", tc.name, held)
			}
		}
	}
	wantFolded(t, b.backends)
}

// TestBatchOutlivesOneOfIt has the time of one of a batch end while the batch commits: it is told that it may have been
// added, and the others have been.
func TestBatchOutlivesOneOfIt(t *testing.T) {
	t.Parallel()
	b := newBatches(t, onMySQL(t), nil)
	b.impatient, b.answered = 3, make(chan struct{})
	users := usersOf("outlive-", 8)
	answers := b.run(users, func(statement string) mysqlproxy.Action {
		if statement == "COMMIT" {
			<-b.answered
		}
		return mysqlproxy.Pass
	})
	for i, got := range answers {
		if i == b.impatient {
			got.wantProblem(t, problem.Unavailable)
		} else {
			got.wantStatus(t, http.StatusCreated)
		}
		b.wantReleased(t, users[i])
	}
	wantFolded(t, b.backends)
}

// wantReleased fails t unless there is soon nothing in the cache of a user.
func (b *backends) wantReleased(t *testing.T, user string) {
	t.Helper()
	servicetest.Eventually(t, "the fence of "+user+" is released", func() bool { return b.cached(t, user) == "" })
}
