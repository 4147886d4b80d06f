package userdbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
)

// sinceToTheMicrosecond: the entity tag is made of it, so it must come back as it went.
func sinceToTheMicrosecond(t *testing.T, s *store) {
	for i, since := range []time.Time{
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(2022, 9, 12, 10, 0, 0, 0, time.UTC),
		time.Date(2022, 9, 12, 10, 0, 0, 1_000, time.UTC),
		time.Date(2022, 9, 12, 10, 0, 0, 100_000_000, time.UTC),
		time.Date(2022, 9, 12, 10, 0, 0, 999_999_999, time.UTC), // not rounded to the next second
		time.Date(2026, 3, 29, 2, 30, 0, 0, time.FixedZone("CET", 3600)),
		time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	} {
		u := s.mustAdd(t, user.New(named(t, fmt.Sprintf("someone %d", i)), phone(t, usertest.Phone), since))
		s.expect(t, u)
		changed, _, err := s.change(t.Context(), u.Name, phone(t, usertest.Phone+1), nil)
		if err != nil || changed.Since != u.Since {
			t.Errorf("%v: after a change: %v, %v", since, changed.Since, err)
		}
		s.expect(t, changed)
	}
}

func bounds(t *testing.T, s *store) {
	for i, u := range []user.User{
		{Phone: phone(t, user.MinPhoneNumber), Version: 1},
		{Phone: phone(t, user.MaxPhoneNumber), Version: 2},
		{Phone: phone(t, usertest.Phone), Version: 1<<53 + 1},
		{Phone: phone(t, usertest.Phone), Version: 1<<63 - 2},
	} {
		u.Name, u.Since = named(t, fmt.Sprintf("someone %d", i)), joined()
		s.expect(t, s.mustAdd(t, u))
		u.Phone, u.Version = phone(t, u.Phone.Uint64()^1), u.Version+1
		if got, _, err := s.change(t.Context(), u.Name, u.Phone, nil); err != nil || got != u {
			t.Errorf("got %s, %v, want %s", got.ETag(), err, u.ETag())
		}
		s.expect(t, u)
	}
}

// columns: clients that read SELECT * by position must go on working.
func columns(t *testing.T, s *store) {
	rows, err := s.db.QueryContext(t.Context(), "SELECT * FROM ums_users")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) < 3 || strings.Join(got[:3], ",") != "name,phone,since" {
		t.Errorf("columns = %v", got)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// checks: no other program can store what the services would refuse to read.
func checks(t *testing.T, s *store) {
	since := s.db.Dialect.Time(joined())
	insert := func(values ...any) error {
		return s.db.InTx(t.Context(), func(tx *sql.Tx) error {
			const query = "INSERT INTO ums_users (name, phone, since, version) VALUES (?, ?, ?, ?)"
			_, err := tx.ExecContext(t.Context(), query, values...)
			return err
		})
	}
	for what, values := range map[string][]any{
		"no name":                  {nil, usertest.Phone, since, 1},
		"an empty name":            {"", usertest.Phone, since, 1},
		"7 characters":             {"Krishna", usertest.Phone, since, 1},
		"7 characters of 4 bytes":  {strings.Repeat("😀", 7), usertest.Phone, since, 1},
		"33 characters":            {strings.Repeat("K", 33), usertest.Phone, since, 1},
		"33 characters of 4 bytes": {strings.Repeat("😀", 33), usertest.Phone, since, 1},
		"no phone number":          {usertest.Name, nil, since, 1},
		"too small a number":       {usertest.Name, uint64(user.MinPhoneNumber - 1), since, 1},
		"a negative number":        {usertest.Name, -usertest.Phone, since, 1},
		"too large a number":       {usertest.Name, uint64(user.MaxPhoneNumber + 1), since, 1},
		"no since":                 {usertest.Name, usertest.Phone, nil, 1},
		"no moment":                {usertest.Name, usertest.Phone, "yesterday", 1},
		"version 0":                {usertest.Name, usertest.Phone, since, 0},
		"version -1":               {usertest.Name, usertest.Phone, since, -1},
		"no version":               {usertest.Name, usertest.Phone, since, nil},
	} {
		if err := insert(values...); err == nil || database.IsDuplicate(err) || database.IsContention(err) || database.IsUnavailable(err) {
			t.Errorf("%s: error = %v", what, err)
		}
	}
	if got := s.count(t); got != 0 {
		t.Errorf("%d users were stored", got)
	}
	for what, values := range map[string][]any{
		"8 characters":             {"Krishnan", user.MinPhoneNumber, since, 1},
		"8 characters of 4 bytes":  {strings.Repeat("😀", 8), user.MinPhoneNumber, since, 1},
		"32 characters of 4 bytes": {strings.Repeat("😀", 32), user.MaxPhoneNumber, since, 1},
	} {
		if err := insert(values...); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func rollback(t *testing.T, s *store) {
	kept := s.mustAdd(t, someone(t))
	added := user.New(named(t, "someone else"), phone(t, usertest.Phone), joined())
	refused := errors.New("the caller's own")
	err := s.in(t.Context(), func(users user.UserRepository) error {
		_, _, errChange := users.ChangePhone(t.Context(), kept.Name, phone(t, usertest.Phone+1), nil)
		_, errRemove := users.Remove(t.Context(), kept.Name, nil)
		if err := errors.Join(users.Add(t.Context(), added), errChange, errRemove); err != nil {
			t.Error(err)
		}
		if _, err := users.Find(t.Context(), added.Name); err != nil {
			t.Errorf("a transaction does not see its own user: %v", err)
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("error = %v, want %v", err, refused)
	}
	s.expect(t, kept)
	s.expectNone(t, added.Name)
}

func cancelled(t *testing.T, s *store) {
	kept := s.mustAdd(t, someone(t))
	added := user.New(named(t, "someone else"), phone(t, usertest.Phone), joined())
	ctx, cancel := context.WithCancel(t.Context())
	err := s.in(ctx, func(users user.UserRepository) error {
		if err := users.Add(ctx, added); err != nil {
			t.Error(err)
		}
		_, err := users.Remove(ctx, kept.Name, nil)
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	s.expect(t, kept)
	s.expectNone(t, added.Name)
	if _, err := s.remove(t.Context(), kept.Name, nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func uncommitted(t *testing.T, s *store) {
	kept := s.mustAdd(t, someone(t))
	added := user.New(named(t, "someone else"), phone(t, usertest.Phone), joined())
	err := s.in(t.Context(), func(users user.UserRepository) error {
		_, errRemove := users.Remove(t.Context(), kept.Name, nil)
		err := errors.Join(users.Add(t.Context(), added), errRemove)
		s.expect(t, kept)
		s.expectNone(t, added.Name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.expectNone(t, kept.Name)
	s.expect(t, added)
}
