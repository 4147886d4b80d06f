package add_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/glarimy/ums/shared/problem"
)

// atSteps are the tests that want to be told of each step of a transaction, by the file of their database. SQLite's
// driver calls back functions that are registered for the whole process.
var atSteps sync.Map

const stepFunction = "ums_test_step"

func TestMain(m *testing.M) {
	sqlite.MustRegisterScalarFunction(stepFunction, 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		return nil, reach(args[0].(string), args[1].(string))
	})
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, dsn string) error {
		file, err := url.Parse(dsn)
		if err != nil {
			return err
		}
		conn.(sqlite.HookRegisterer).RegisterCommitHook(func() int32 {
			if reach(file.Path, "COMMIT") != nil {
				return 1 // SQLite rolls back instead
			}
			return 0
		})
		return nil
	})
	os.Exit(m.Run())
}

// reach tells of a step before it is taken. The error makes it fail.
func reach(file, step string) error {
	if f, ok := atSteps.Load(file); ok {
		return f.(func(string) error)(step)
	}
	return nil
}

// stepper is told of the steps of the transactions on one database.
type stepper struct {
	mu   sync.Mutex
	seen []string
	at   func(n int) error // the nth step since it was set, counted from 0
}

func (s *stepper) reach(step string) error {
	s.mu.Lock()
	n, at := len(s.seen), s.at
	s.seen = append(s.seen, step)
	s.mu.Unlock()
	if at == nil {
		return nil
	}
	return at(n)
}

// restart returns the steps so far, and has at called at those from now on.
func (s *stepper) restart(at func(n int) error) (seen []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, s.seen, s.at = s.seen, nil, at
	return seen
}

// watch makes every row that is written a step, before and after it, and every COMMIT.
func watch(t *testing.T, b *backends) *stepper {
	t.Helper()
	file := strings.TrimPrefix(b.sqlURL, "sqlite://")
	for _, table := range []string{"ums_users", "ums_outbox", "ums_idempotency"} {
		for _, op := range []string{"INSERT", "UPDATE", "DELETE"} {
			for _, when := range []string{"BEFORE", "AFTER"} {
				step := fmt.Sprint(when, " ", op, " ", table)
				b.execute(t, fmt.Sprintf("CREATE TRIGGER %q %s ON %s BEGIN SELECT %s('%s', '%s'); END",
					step, when+" "+op, table, stepFunction, file, step))
			}
		}
	}
	s := &stepper{}
	atSteps.Store(file, s.reach)
	t.Cleanup(func() { atSteps.Delete(file) })
	return s
}

// TestStepsFail has each step of each kind of write fail, and COMMIT too; and has the time of the request end there.
func TestStepsFail(t *testing.T) {
	t.Parallel()
	b := onSQLite(t)
	steps := watch(t, b)
	c := newClock()
	s := start(t, b, options{now: c.Now})
	<-c.started
	errStep := errors.New("the test wants it so")
	for _, w := range writes() { //nolint:paralleltest // the steps are those of one request at a time
		seen := w.take(t, s, steps)
		for n, step := range seen {
			t.Run(fmt.Sprintf("%s fails %d %s", w.name, n, step), func(t *testing.T) {
				got, user := w.at(t, s, steps, n, "fails", func() error { return errStep })
				want := problem.Internal
				if step == "COMMIT" {
					want = problem.Unavailable
				}
				if left := w.check(t, s, user, got, want); left.all() {
					t.Errorf("it is stored; the answer was %d", got.status)
				}
			})
			t.Run(fmt.Sprintf("%s ends %d %s", w.name, n, step), func(t *testing.T) {
				pass := func() error {
					<-time.After(2 * deadline)
					return nil
				}
				got, user := w.at(t, s, steps, n, "ends", pass, "Ums-Deadline-Ms", fmt.Sprint(deadline.Milliseconds()))
				w.check(t, s, user, got, problem.Unavailable)
			})
		}
		if len(seen) != w.steps {
			t.Errorf("%s: steps %q, want %d", w.name, seen, w.steps)
		}
	}
	wantFolded(t, b)
}

// deadline is the time that a request has whose end is tested.
const deadline = 40 * time.Millisecond

// take makes the write and returns its steps.
func (w write) take(t *testing.T, s *service, steps *stepper) []string {
	t.Helper()
	user := "Krishna-" + w.name
	if w.needed {
		s.post(t, user)
	}
	steps.restart(nil)
	w.send(t, s, user).wantStatus(t, w.good)
	return steps.restart(nil)
}

// at makes the write, doing something at its nth step.
func (w write) at(
	t *testing.T, s *service, steps *stepper, n int, what string, do func() error, headers ...string,
) (got answer, user string) {
	t.Helper()
	user = fmt.Sprintf("Krishna-%s-%s-%d", w.name, what, n)
	if w.needed {
		s.post(t, user)
	}
	steps.restart(func(at int) error {
		if at != n {
			return nil
		}
		return do()
	})
	got = w.send(t, s, user, headers...)
	steps.restart(nil)
	return got, user
}
