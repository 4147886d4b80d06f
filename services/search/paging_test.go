package search_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/user"
)

// population is users of whom many share a number and many a moment, so that pages end among equals.
func population(size int) []account {
	users := make([]account, size)
	for i := range users {
		users[i] = account{
			name:  fmt.Sprintf("Krishna %05d", i*7919%size),
			phone: []uint64{9731423166, 9731423167, 97314231660, 973142316600000}[i%4] + uint64(i%3),
			since: joined().Add(time.Duration(i%5) * time.Microsecond),
		}
	}
	return users
}

// lists of all users of a population, in each order.
func wholeLists() map[string][]string {
	return map[string][]string{
		"by name":      {},
		"name_prefix":  {"name_prefix", "Krishna"},
		"phone_prefix": {"phone_prefix", "97314231"},
		"since":        {"since_from", "2022-09-12T10:00:00Z", "since_to", "2022-09-12T11:00:00Z"},
	}
}

func orders() map[string]func(a, b user.UserRecord) int {
	byName := func(a, b user.UserRecord) int { return cmp.Compare(a.Name, b.Name) }
	return map[string]func(a, b user.UserRecord) int{
		"by name":      byName,
		"name_prefix":  byName,
		"phone_prefix": func(a, b user.UserRecord) int { return cmp.Or(cmp.Compare(a.Phone, b.Phone), byName(a, b)) },
		"since": func(a, b user.UserRecord) int {
			first, _ := user.ParseSince(a.Since)
			second, _ := user.ParseSince(b.Since)
			return cmp.Or(first.Compare(second), byName(a, b))
		},
	}
}

// TestPagesAreTheList goes through each list in pages of several sizes, whose ends fall among users of one number.
func TestPagesAreTheList(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		users := population(300)
		b.insert(t, users...)
		s := start(t, b, options{})
		for list, query := range wholeLists() {
			for _, limit := range []int{7, 50, 299, 300, 301, 500} {
				got := s.list(t, append(slices.Clip(query), "limit", strconv.Itoa(limit))...)
				if len(got) != len(users) {
					t.Errorf("%s in pages of %d: %d users, want %d", list, limit, len(got), len(users))
				}
				wantIncreasing(t, list, got)
			}
			if got := s.get(t, query...).page(t); len(got.Users) != 50 {
				t.Errorf("%s: without a limit there are %d users, want 50", list, len(got.Users))
			}
		}
	})
}

// wantIncreasing fails t unless each user of the list comes after the one before it, which also means that nobody is there
// twice.
func wantIncreasing(t *testing.T, list string, users []user.UserRecord) {
	t.Helper()
	order := orders()[list]
	for i := range users[1:] {
		if order(users[i], users[i+1]) >= 0 {
			t.Errorf("%s: %v comes before %v", list, users[i], users[i+1])
		}
	}
}

// TestPagingWhileUsersComeAndGo goes through each list, again and again, while others are added and removed all the time:
// before and behind the reader and exactly where he stands. Whoever stands all the time must be seen, once.
func TestPagingWhileUsersComeAndGo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		standing := population(100)
		b.insert(t, standing...)
		s := start(t, b, options{})
		changes := comeAndGo(t, b, len(standing))
		for enough := false; !enough && !t.Failed(); {
			enough = changes.Load() >= 2*int64(len(standing)) // seen before the last round
			for list, query := range wholeLists() {
				got := s.list(t, append(slices.Clip(query), "limit", "7")...)
				wantIncreasing(t, list, got)
				seen := map[string]bool{}
				for _, u := range got {
					seen[u.Name] = true
				}
				for _, u := range standing {
					if !seen[u.name] {
						t.Errorf("%s: %s was passed over", list, u.name)
					}
				}
			}
		}
	})
}

// comeAndGo adds and removes users until t ends. Each stands, in every list, right behind one of the population of this
// size. It returns how many have come and gone.
func comeAndGo(t *testing.T, b *backend, size int) *atomic.Int64 {
	t.Helper()
	passing := population(size)
	for i := range passing {
		passing[i].name += " and on"
	}
	var changes atomic.Int64
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-end:
				return
			default:
			}
			err := b.add(passing[i%size])
			if i >= 10 && err == nil {
				err = b.delete(passing[(i-10)%size].name)
			}
			if err != nil {
				t.Errorf("change users: %v", err)
				return
			}
			changes.Add(1)
		}
	}()
	t.Cleanup(func() { close(end); <-ended })
	return &changes
}

// TestCursorOfSomebodyWhoIsGone goes on from users who are removed, and from where somebody came to stand instead.
func TestCursorOfSomebodyWhoIsGone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		b.insert(t, population(40)...)
		s := start(t, b, options{})
		for list, query := range wholeLists() {
			all := s.list(t, query...)
			first := s.get(t, append(slices.Clip(query), "limit", "10")...).page(t)
			last := first.Users[9]
			since, err := user.ParseSince(last.Since)
			if err != nil {
				t.Fatal(err)
			}
			b.remove(t, last.Name)
			b.insert(t, account{last.Name + "!", last.Phone, since}) // comes next
			rest := s.get(t, append(slices.Clip(query), "limit", "500", "cursor", *first.Next)...).page(t)
			if want := append([]user.UserRecord{{Name: last.Name + "!", Phone: last.Phone, Since: last.Since}}, all[10:]...); !slices.Equal(rest.Users, want) {
				t.Errorf("%s: the rest is %v, want %v", list, rest.Users, want)
			}
			b.remove(t, last.Name+"!")
			b.insert(t, account{last.Name, last.Phone, since})
		}
	})
}
