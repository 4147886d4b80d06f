package add_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/glarimy/ums/shared/problem"
)

const crowd = 100

// together makes many requests at once and returns their answers.
func together(t *testing.T, request func(i int) (answer, error)) []answer {
	t.Helper()
	var (
		answers = make([]answer, crowd)
		errs    = make([]error, crowd)
		gate    = make(chan struct{})
		all     sync.WaitGroup
	)
	for i := range crowd {
		all.Go(func() {
			<-gate
			answers[i], errs[i] = request(i)
		})
	}
	close(gate)
	all.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return answers
}

func TestParallelPostsOfOneName(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		statuses := map[int]int{}
		for _, got := range together(t, func(int) (answer, error) {
			return s.try(t.Context(), http.MethodPost, "/user", draft("KrishnaMohan"))
		}) {
			statuses[got.status]++
			if got.status != http.StatusCreated {
				got.wantProblem(t, problem.UserExists)
			}
		}
		if statuses[http.StatusCreated] != 1 || statuses[http.StatusConflict] != crowd-1 {
			t.Errorf("statuses %v, want one 201 and %d times 409", statuses, crowd-1)
		}
		if got := s.counts(t); got != (counts{users: 1, events: 1}) {
			t.Errorf("rows %+v, want one user and one event", got)
		}
	})
}

func TestParallelPostsWithOneKey(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		post := func(int) (answer, error) {
			return s.try(t.Context(), http.MethodPost, "/user", draft("KrishnaMohan"), "Idempotency-Key", "one-for-all")
		}
		fresh, bodies := 0, map[string]bool{}
		for _, got := range together(t, post) {
			got.wantStatus(t, http.StatusCreated)
			bodies[got.body+got.header.Get("Etag")+got.header.Get("Location")] = true
			if got.header.Get("Idempotent-Replayed") == "" {
				fresh++
			}
		}
		if fresh != 1 || len(bodies) != 1 {
			t.Errorf("%d answers of their own and %d different ones, want 1 and 1", fresh, len(bodies))
		}
		if got := s.counts(t); got != (counts{users: 1, events: 1, keys: 1}) {
			t.Errorf("rows %+v, want one of each", got)
		}
	})
}

// TestParallelPostsWithOneKeyOfOneWhoExists finds that requests which come to nothing one after another do not deadlock.
func TestParallelPostsWithOneKeyOfOneWhoExists(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		s.post(t, "KrishnaMohan")
		for _, got := range together(t, func(int) (answer, error) {
			return s.try(t.Context(), http.MethodPost, "/user", draft("KrishnaMohan"), "Idempotency-Key", "one-for-all")
		}) {
			got.wantProblem(t, problem.UserExists)
		}
		if got := s.counts(t); got != (counts{users: 1, events: 1}) {
			t.Errorf("rows %+v, want those of the user who was there", got)
		}
	})
}

// TestParallelChanges finds that no change of a crowd is lost or told wrongly.
func TestParallelChanges(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		for name := range 4 {
			s.post(t, fmt.Sprintf("Krishna-%d", name))
		}
		seen, changes := map[string]bool{}, 0
		for i, got := range together(t, func(i int) (answer, error) {
			return s.try(t.Context(), http.MethodPatch, fmt.Sprintf("/user/Krishna-%d", i%4), change(fmt.Sprint(9731423200+i)))
		}) {
			if got.status != http.StatusOK { // as on a slow disk, where the last have to wait for too many
				got.wantProblem(t, problem.Unavailable)
				continue
			}
			changes++
			tag := fmt.Sprint(i%4, got.header.Get("Etag"))
			if seen[tag] {
				t.Errorf("two changes were answered with the entity tag %s", tag)
			}
			seen[tag] = true
		}
		if got := s.counts(t); got.events != 4+changes || changes == 0 {
			t.Errorf("%d events after %d changes of 4 users", got.events, changes)
		}
		wantFolded(t, b)
	})
}
