package progress_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glarimy/ums/cmd/ums/progress"
)

// buffer takes what is printed from any goroutine.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestPlainLines(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		total int64
		want  string
	}{
		"known":   {1000, "200 of 1000 rows (20.0 %), 10/s, 1m20s left\n400 of 1000 rows (40.0 %), 15/s, 40s left\n"},
		"unknown": {0, "200 rows, 10/s\n400 rows, 15/s\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out buffer
				m := progress.Start(&out, progress.Options{Unit: "rows", Total: tc.total, Done: 100})
				synctest.Wait()
				m.Set(200)
				<-time.After(10*time.Second + time.Millisecond)
				synctest.Wait()
				m.Set(400)
				<-time.After(10 * time.Second)
				synctest.Wait()
				m.Finish()
				if got := out.String(); got != tc.want {
					t.Errorf("got\n%swant\n%s", got, tc.want)
				}
			})
		})
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	for name, total := range map[string]int64{"known": 1000, "unknown": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out buffer
			m := progress.Start(&out, progress.Options{Unit: "rows", Total: total, Terminal: true})
			m.Set(1000)
			m.Finish()
			got := out.String()
			if !strings.Contains(got, "1000") || !strings.Contains(got, "rows") || !strings.HasSuffix(got, "\n") {
				t.Errorf("the bar is %q", got)
			}
			if total > 0 && !strings.Contains(got, "100.00%") {
				t.Errorf("the bar is %q, want all of it done", got)
			}
		})
	}
}
