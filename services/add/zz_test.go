package add_test

import (
	"sync"
	"testing"
	"fmt"
)

func TestZZ(t *testing.T) {
	var mu sync.Mutex
	bad := map[string]int{}
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
		t.Parallel()
	for i := range 60 {
		b := onSQLite(t)
		var all sync.WaitGroup
		gate := make(chan struct{})
		for range 2+i%3 {
			all.Go(func() {
				<-gate
				var n int
				if err := b.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM ums_users").Scan(&n); err != nil {
					mu.Lock()
					bad[err.Error()]++
					t.Log(err)
					mu.Unlock()
				}
			})
		}
		close(gate)
		all.Wait()
	}
	})
	}
}
