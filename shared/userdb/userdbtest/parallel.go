package userdbtest

import (
	"errors"
	"sync"
	"testing"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
)

// callers is how many call at once.
const callers = 24

// together calls fn from many goroutines at once and returns how often each error came.
func together(fn func(i int) error) map[error]int {
	var (
		mu       sync.Mutex
		outcomes = map[error]int{}
		begin    = make(chan struct{})
		all      sync.WaitGroup
	)
	for i := range callers {
		all.Go(func() {
			<-begin
			err := fn(i)
			for _, known := range []error{user.ErrExists, user.ErrNotFound, user.ErrVersionMismatch} {
				if errors.Is(err, known) {
					err = known
				}
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes[err]++
		})
	}
	close(begin)
	all.Wait()
	return outcomes
}

func parallelAdds(t *testing.T, s *store) {
	u := someone(t)
	got := together(func(i int) error {
		mine := u
		mine.Phone = phone(t, usertest.Phone+uint64(i))
		return s.add(t.Context(), mine)
	})
	if got[nil] != 1 || got[user.ErrExists] != callers-1 {
		t.Errorf("outcomes = %v", got)
	}
	if n := s.count(t); n != 1 {
		t.Errorf("%d users, want 1", n)
	}
}

// parallelChanges: each of them counts, and none is lost.
func parallelChanges(t *testing.T, s *store) {
	u := s.mustAdd(t, someone(t))
	got := together(func(i int) error {
		_, changed, err := s.change(t.Context(), u.Name, phone(t, usertest.Phone+1+uint64(i)), nil)
		if err == nil && !changed {
			err = errors.New("nothing changed")
		}
		return err
	})
	if got[nil] != callers {
		t.Errorf("outcomes = %v", got)
	}
	last, err := s.users.Find(t.Context(), u.Name)
	if err != nil || last.Version != 1+callers {
		t.Errorf("version = %d, %v, want %d", last.Version, err, 1+callers)
	}
}

// parallelConditions: of those who have seen the same version, one wins.
func parallelConditions(t *testing.T, s *store) {
	u := s.mustAdd(t, someone(t))
	got := together(func(i int) error {
		if i%2 == 0 {
			_, err := s.remove(t.Context(), u.Name, is(u))
			return err
		}
		_, _, err := s.change(t.Context(), u.Name, phone(t, usertest.Phone+uint64(i)), is(u))
		return err
	})
	if got[nil] != 1 || got[user.ErrVersionMismatch]+got[user.ErrNotFound] != callers-1 {
		t.Errorf("outcomes = %v", got)
	}
}

var errLost = errors.New("the transaction lost to others")

// parallelAddsAndRemoves: as many are left as were added and not removed.
func parallelAddsAndRemoves(t *testing.T, s *store) {
	u := someone(t)
	var mu sync.Mutex
	left := 0
	got := together(func(i int) error {
		by, call := 1, func() error { return s.add(t.Context(), u) }
		if i%2 == 0 {
			by, call = -1, func() error { _, err := s.remove(t.Context(), u.Name, nil); return err }
		}
		err := call()
		switch {
		case database.IsContention(err): // it lost to the others more often than it is tried again
			return errLost
		case err == nil:
			mu.Lock()
			defer mu.Unlock()
			left += by
		}
		return err
	})
	if got[nil]+got[user.ErrExists]+got[user.ErrNotFound]+got[errLost] != callers {
		t.Errorf("outcomes = %v", got)
	}
	if n := s.count(t); n != left {
		t.Errorf("%d users, want %d", n, left)
	}
}
