// Package userdbtest is what every database that keeps users must do, as a suite of tests: that of the repository in
// package userdb, on a schema that the migrations made.
package userdbtest

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
	"github.com/glarimy/ums/shared/userdb"
)

// Run runs the suite. Each call of open returns a new database with the newest schema and no users, to be closed at the
// end of the test that it was given.
func Run(t *testing.T, open func(testing.TB) *database.DB) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *store){
		"find":                              find,
		"add":                               add,
		"change":                            change,
		"change to the same number":         changeToTheSame,
		"remove":                            remove,
		"remove and add again":              removeAndAdd,
		"absence comes before precondition": absenceFirst,
		"names are kept to the byte":        namesToTheByte,
		"names are told apart":              namesApart,
		"since is kept to the microsecond":  sinceToTheMicrosecond,
		"bounds":                            bounds,
		"columns in their order":            columns,
		"checks":                            checks,
		"rollback":                          rollback,
		"cancelled context":                 cancelled,
		"uncommitted changes are not seen":  uncommitted,
		"parallel adds":                     parallelAdds,
		"parallel changes":                  parallelChanges,
		"parallel changes on condition":     parallelConditions,
		"parallel adds and removes":         parallelAddsAndRemoves,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			test(t, &store{db: db, users: userdb.New(db, db.Dialect)})
		})
	}
}

// store is a database with its repository: reads through the pool, changes in transactions.
type store struct {
	db    *database.DB
	users user.UserRepository
}

// in runs fn with a repository over one transaction.
func (s *store) in(ctx context.Context, fn func(users user.UserRepository) error) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error { return fn(userdb.New(tx, s.db.Dialect)) })
}

func (s *store) add(ctx context.Context, u user.User) error {
	return s.in(ctx, func(users user.UserRepository) error { return users.Add(ctx, u) })
}

func (s *store) change(
	ctx context.Context, name user.Name, phone user.PhoneNumber, pre user.Precondition,
) (u user.User, changed bool, err error) {
	err = s.in(ctx, func(users user.UserRepository) error {
		u, changed, err = users.ChangePhone(ctx, name, phone, pre)
		return err
	})
	return u, changed, err
}

func (s *store) remove(ctx context.Context, name user.Name, pre user.Precondition) (u user.User, err error) {
	err = s.in(ctx, func(users user.UserRepository) error {
		u, err = users.Remove(ctx, name, pre)
		return err
	})
	return u, err
}

// mustAdd adds a user and returns it.
func (s *store) mustAdd(t *testing.T, u user.User) user.User {
	t.Helper()
	if err := s.add(t.Context(), u); err != nil {
		t.Fatalf("add %q: %v", u.Name, err)
	}
	return u
}

// expect fails unless the user is stored exactly thus.
func (s *store) expect(t *testing.T, want user.User) {
	t.Helper()
	got, err := s.users.Find(t.Context(), want.Name)
	if err != nil {
		t.Errorf("find %q: %v", want.Name, err)
		return
	}
	if got != want || got.ETag() != want.ETag() {
		t.Errorf("%q: got %s with %d, want %s with %d", want.Name, got.ETag(), got.Phone.Uint64(), want.ETag(), want.Phone.Uint64())
	}
}

// expectNone fails if there is a user of this name.
func (s *store) expectNone(t *testing.T, name user.Name) {
	t.Helper()
	if got, err := s.users.Find(t.Context(), name); !errors.Is(err, user.ErrNotFound) || got != (user.User{}) {
		t.Errorf("find %q: got %v, %v, want %v", name, got, err, user.ErrNotFound)
	}
}

// count returns how many users are stored.
func (s *store) count(t *testing.T) int {
	t.Helper()
	var n int
	if err := s.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM ums_users").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// joined is when the suite's users joined.
func joined() time.Time { return time.Date(2022, 9, 12, 10, 0, 0, 123_456_000, time.UTC) }

// someone returns the table's user.
func someone(t *testing.T) user.User {
	t.Helper()
	return user.New(named(t, usertest.Name), phone(t, usertest.Phone), joined())
}

func named(t *testing.T, s string) user.Name {
	t.Helper()
	name, err := user.NewName(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return name
}

func phone(t *testing.T, n uint64) user.PhoneNumber {
	t.Helper()
	p, err := user.NewPhoneNumber(n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// is is a precondition that only this version of the user meets.
func is(want user.User) user.Precondition {
	return func(current user.User) bool { return current.ETag() == want.ETag() }
}
