package migrations_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/database"
)

// TestChecks stores users at the bounds of the domain and beyond them.
func TestChecks(t *testing.T) {
	t.Parallel()
	const (
		phone = "9731423166"
		mysql = "2022-09-12 10:00:00"
		fixed = "2022-09-12T10:00:00.000000Z"
	)
	onEach(t, func(t *testing.T, e engine) {
		up(t, e.url)
		since := mysql
		if e.url.Dialect() == database.SQLite {
			since = fixed
		}
		db := e.pool(t)
		for _, tc := range []struct {
			name, phone, since, version string
			ok                          bool
		}{
			{"KrishnaMohan", phone, since, "1", true},
			{strings.Repeat("a", 7), phone, since, "1", false},
			{strings.Repeat("a", 8), phone, since, "1", true},
			{strings.Repeat("a", 32), phone, since, "1", true},
			{strings.Repeat("a", 33), phone, since, "1", false},
			{strings.Repeat("ಕ", 7), phone, since, "1", false}, // 21 bytes
			{strings.Repeat("ಕ", 8), phone, since, "1", true},
			{strings.Repeat("😀", 32), phone, since, "1", true}, // 128 bytes
			{"krishnamohan", phone, since, "1", true},          // another case is another name
			{"KrishnaMohan", phone, since, "1", false},         // the same name
			{"PhoneLowest", "9000000000", since, "1", true},
			{"PhoneTooLow", "8999999999", since, "1", false},
			{"PhoneHighest", "999999999999999", since, "1", true},
			{"PhoneTooHigh", "1000000000000000", since, "1", false},
			{"PhoneNegative", "-9731423166", since, "1", false},
			{"PhoneMissing", "NULL", since, "1", false},
			{"VersionZero", phone, since, "0", false},
			{"VersionLarge", phone, since, "9223372036854775807", true},
			{"SinceNonsense", phone, "yesterday", "1", false},
		} {
			statement := fmt.Sprintf("INSERT INTO ums_users (name, phone, since, version) VALUES ('%s', %s, '%s', %s)",
				tc.name, tc.phone, tc.since, tc.version)
			if _, err := db.ExecContext(t.Context(), statement); (err == nil) != tc.ok {
				t.Errorf("%s: got %v, want acceptance to be %v", statement, err, tc.ok)
			}
		}
	})
}

func TestSQLiteStoresTimeInOneForm(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		if e.url.Dialect() != database.SQLite {
			t.Skip("MySQL has a type for it")
		}
		up(t, e.url)
		db := e.pool(t)
		for since, ok := range map[string]bool{
			"2022-09-12T10:00:00.000000Z":  true,
			"2022-09-12T10:00:00Z":         false,
			"2022-09-12 10:00:00.000000":   false,
			"2022-09-12T10:00:00.0000000Z": false,
		} {
			_, err := db.ExecContext(t.Context(), "INSERT INTO ums_users (name, phone, since) VALUES (?, 9731423166, ?)",
				fmt.Sprintf("Name %d of a user", len(since)), since)
			if (err == nil) != ok {
				t.Errorf("%s: got %v, want acceptance to be %v", since, err, ok)
			}
		}
	})
}

func TestOneFloorOnly(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		up(t, e.url)
		if _, err := e.pool(t).ExecContext(t.Context(), "INSERT INTO ums_schema_floor VALUES (2, 1)"); err == nil {
			t.Error("a second floor was accepted")
		}
	})
}

func TestFirstThreeColumns(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		up(t, e.url)
		rows, err := e.pool(t).QueryContext(t.Context(), "SELECT * FROM ums_users")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil || rows.Err() != nil {
			t.Fatal(err, rows.Err())
		}
		if got := strings.Join(columns, " "); got != "name phone since version" {
			t.Errorf("the columns of ums_users are %s", got)
		}
	})
}
