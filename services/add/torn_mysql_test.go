package add_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/problem"
)

// TestConnectionBreaks breaks the connection to MySQL before and after each statement of each kind of write, that before
// COMMIT and that after it included.
func TestConnectionBreaks(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	proxy := mysqlproxy.New(t, b.sqlURL)
	looked := make(chan struct{})
	proxy.Intercept(func(statement string) mysqlproxy.Action {
		if strings.HasPrefix(statement, "SELECT principal") {
			close(looked)
		}
		return mysqlproxy.Pass
	})
	s := start(t, b, options{sqlURL: proxy.URL()})
	<-looked // by the clean-up, so that all further statements are those of requests

	for _, w := range writes() { //nolint:paralleltest // the statements are those of one request at a time
		statements := w.statements(t, s, proxy)
		commits := 0
		for n, statement := range statements {
			if statement == "COMMIT" {
				commits++
			}
			for action, how := range map[mysqlproxy.Action]string{mysqlproxy.CutBefore: "before", mysqlproxy.CutAfter: "after"} {
				t.Run(fmt.Sprintf("%s %s %d %s", w.name, how, n, firstWords(statement)), func(t *testing.T) {
					user := fmt.Sprintf("Krishna-%s-%s-%d", w.name, how, n)
					if w.needed {
						s.post(t, user)
					}
					proxy.Intercept(nth(n, action))
					got := w.send(t, s, user)
					proxy.Intercept(nil)
					last := n == len(statements)-1 // whose outcome is unknown
					if !last {
						s.wantReleased(t, user)
					} else if s.cached(t, user) == "" {
						t.Error("no fence stands, though the outcome is unknown")
					}
					left := w.check(t, s, user, got, problem.Unavailable)
					if want := last && action == mysqlproxy.CutAfter; left.all() != want {
						t.Errorf("stored: %t, want %t", left.all(), want)
					}
				})
			}
		}
		if commits != w.commits || len(statements) < 2 {
			t.Errorf("%s: %d commits, want %d, in %q", w.name, commits, w.commits, statements)
		}
	}
	wantFolded(t, b)
}

// statements returns what the service sends to MySQL for the write.
func (w write) statements(t *testing.T, s *service, proxy *mysqlproxy.Proxy) (statements []string) {
	t.Helper()
	user := "Krishna-" + w.name
	if w.needed {
		s.post(t, user)
	}
	var mu sync.Mutex
	proxy.Intercept(func(statement string) mysqlproxy.Action {
		mu.Lock()
		defer mu.Unlock()
		if !isSetup(statement) {
			statements = append(statements, statement)
		}
		return mysqlproxy.Pass
	})
	w.send(t, s, user).wantStatus(t, w.good)
	proxy.Intercept(nil)
	mu.Lock()
	defer mu.Unlock()
	return statements
}

// nth does action to one statement, counted from 0, and lets the others pass.
func nth(n int, action mysqlproxy.Action) mysqlproxy.Interceptor {
	var seen atomic.Int64
	return func(statement string) mysqlproxy.Action {
		if !isSetup(statement) && seen.Add(1) == int64(n)+1 {
			return action
		}
		return mysqlproxy.Pass
	}
}

// isSetup tells the statements of a new connection from those of a request.
func isSetup(statement string) bool { return strings.HasPrefix(statement, "SET ") }

func firstWords(statement string) string {
	words := strings.Fields(statement)
	return strings.Join(words[:min(3, len(words))], " ")
}
