package userdbtest

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
	"github.com/glarimy/ums/shared/userdb"
)

func find(t *testing.T, s *store) {
	u := someone(t)
	s.expectNone(t, u.Name)
	s.mustAdd(t, u)
	s.expect(t, u)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.users.Find(ctx, u.Name); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
}

func add(t *testing.T, s *store) {
	u := s.mustAdd(t, someone(t))
	again := user.New(u.Name, phone(t, usertest.Phone+1), u.Since.Add(time.Hour))
	if err := s.add(t.Context(), again); !errors.Is(err, user.ErrExists) {
		t.Errorf("again: %v, want %v", err, user.ErrExists)
	}
	s.expect(t, u)
	if got := s.count(t); got != 1 {
		t.Errorf("%d users, want 1", got)
	}
}

func change(t *testing.T, s *store) {
	u := s.mustAdd(t, someone(t))
	other := s.mustAdd(t, user.New(named(t, "someone else"), u.Phone, u.Since))
	for i, pre := range []user.Precondition{nil, is(u), func(user.User) bool { return true }} {
		before := u
		if i == 1 {
			pre = is(before)
		}
		want := before
		want.Phone, want.Version = phone(t, before.Phone.Uint64()+1), before.Version+1
		got, changed, err := s.change(t.Context(), u.Name, want.Phone, pre)
		if err != nil || !changed || got != want {
			t.Fatalf("got %s, %t, %v, want %s", got.ETag(), changed, err, want.ETag())
		}
		s.expect(t, want)
		u = want
	}
	if _, changed, err := s.change(t.Context(), u.Name, phone(t, usertest.Phone), is(other)); !errors.Is(err, user.ErrVersionMismatch) || changed {
		t.Errorf("at another version: %t, %v, want %v", changed, err, user.ErrVersionMismatch)
	}
	s.expect(t, u)
	s.expect(t, other)
}

// changeToTheSame also asks of the precondition, which holds for the user as it stands and not as it would stand.
func changeToTheSame(t *testing.T, s *store) {
	u := s.mustAdd(t, someone(t))
	var on spy
	err := s.db.InTx(t.Context(), func(tx *sql.Tx) error {
		on = spy{Querier: tx}
		got, changed, err := userdb.New(&on, s.db.Dialect).ChangePhone(t.Context(), u.Name, u.Phone, is(u))
		if changed || got != u {
			t.Errorf("got %s, %t, want %s, false", got.ETag(), changed, u.ETag())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if on.writes != 0 {
		t.Errorf("%d statements that write", on.writes)
	}
	never := func(user.User) bool { return false }
	if _, _, err := s.change(t.Context(), u.Name, u.Phone, never); !errors.Is(err, user.ErrVersionMismatch) {
		t.Errorf("at another version: %v, want %v", err, user.ErrVersionMismatch)
	}
	s.expect(t, u)
}

// spy counts the statements that write.
type spy struct {
	userdb.Querier
	writes int
}

func (s *spy) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s.writes++
	return s.Querier.ExecContext(ctx, query, args...)
}

func remove(t *testing.T, s *store) {
	u, other := s.mustAdd(t, someone(t)), s.mustAdd(t, user.New(named(t, "someone else"), phone(t, usertest.Phone), joined()))
	if _, err := s.remove(t.Context(), u.Name, func(user.User) bool { return false }); !errors.Is(err, user.ErrVersionMismatch) {
		t.Errorf("at another version: %v, want %v", err, user.ErrVersionMismatch)
	}
	s.expect(t, u)
	got, err := s.remove(t.Context(), u.Name, is(u))
	if err != nil || got != u {
		t.Errorf("got %s, %v, want %s", got.ETag(), err, u.ETag())
	}
	s.expectNone(t, u.Name)
	s.expect(t, other)
	if _, err := s.remove(t.Context(), other.Name, nil); err != nil {
		t.Errorf("without a precondition: %v", err)
	}
	if got := s.count(t); got != 0 {
		t.Errorf("%d users are left", got)
	}
}

// removeAndAdd: the second user of a name is another one, and no tag of the first matches.
func removeAndAdd(t *testing.T, s *store) {
	first := s.mustAdd(t, someone(t))
	if _, err := s.remove(t.Context(), first.Name, nil); err != nil {
		t.Fatal(err)
	}
	second := s.mustAdd(t, user.New(first.Name, first.Phone, first.Since.Add(time.Microsecond)))
	s.expect(t, second)
	for what, err := range map[string]error{
		"change": s.in(t.Context(), func(users user.UserRepository) error {
			_, _, err := users.ChangePhone(t.Context(), first.Name, phone(t, usertest.Phone+1), is(first))
			return err
		}),
		"remove": s.in(t.Context(), func(users user.UserRepository) error {
			_, err := users.Remove(t.Context(), first.Name, is(first))
			return err
		}),
	} {
		if !errors.Is(err, user.ErrVersionMismatch) {
			t.Errorf("%s by the first one's tag: %v, want %v", what, err, user.ErrVersionMismatch)
		}
	}
	s.expect(t, second)
}

func absenceFirst(t *testing.T, s *store) {
	u := someone(t)
	asked := func(user.User) bool {
		t.Error("a precondition was asked of nobody")
		return false
	}
	if got, changed, err := s.change(t.Context(), u.Name, u.Phone, asked); !errors.Is(err, user.ErrNotFound) || changed || got != (user.User{}) {
		t.Errorf("change: got %v, %t, %v, want %v", got, changed, err, user.ErrNotFound)
	}
	if got, err := s.remove(t.Context(), u.Name, asked); !errors.Is(err, user.ErrNotFound) || got != (user.User{}) {
		t.Errorf("remove: got %v, %v, want %v", got, err, user.ErrNotFound)
	}
	s.expectNone(t, u.Name)
}
