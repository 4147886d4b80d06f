package migrations_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/schema"
)

func TestBothSetsHaveTheSameNumbersAndNames(t *testing.T) {
	t.Parallel()
	names := func(d database.Dialect) (names []string) {
		for _, m := range set(t, d) {
			names = append(names, m.String())
		}
		return names
	}
	if diff := cmp.Diff(names(database.MySQL), names(database.SQLite)); diff != "" {
		t.Errorf("mysql (-) and sqlite (+) differ:\n%s", diff)
	}
}

func TestNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	for i, m := range set(t, database.MySQL) {
		if m.Version != uint64(i)+1 {
			t.Errorf("migration %s is number %d of the set", m, i+1)
		}
	}
}

func TestKnownIsTheNewest(t *testing.T) {
	t.Parallel()
	for _, d := range []database.Dialect{database.MySQL, database.SQLite} {
		all := set(t, d)
		if newest := all[len(all)-1].Version; newest != schema.Known {
			t.Errorf("the newest migration for %s is %d, schema.Known is %d", d, newest, schema.Known)
		}
	}
}

func TestOneStatementAFile(t *testing.T) {
	t.Parallel()
	comment := regexp.MustCompile(`(?m)--.*$`)
	quoted := regexp.MustCompile(`'[^']*'`)
	for _, d := range []database.Dialect{database.MySQL, database.SQLite} {
		for _, m := range set(t, d) {
			for direction, text := range map[string]string{"up": m.Up, "down": m.Down} {
				text = strings.TrimSpace(quoted.ReplaceAllString(comment.ReplaceAllString(text, ""), "''"))
				if strings.Count(text, ";") != 1 || !strings.HasSuffix(text, ";") {
					t.Errorf("%s/%s.%s.sql must hold one statement, with one semicolon at its end", d, m, direction)
				}
			}
		}
	}
}

func TestReadRefusesBadSets(t *testing.T) {
	t.Parallel()
	file := &fstest.MapFile{Data: []byte("SELECT 1;")}
	for name, tc := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"nothing":       {fstest.MapFS{"README.md": file}, "no migrations"},
		"no down":       {fstest.MapFS{"000001_a.up.sql": file}, "000001_a lacks"},
		"no up":         {fstest.MapFS{"000001_a.down.sql": file}, "000001_a lacks"},
		"two names":     {fstest.MapFS{"000001_a.up.sql": file, "000001_b.down.sql": file}, "two names"},
		"two of a kind": {fstest.MapFS{"000001_a.up.sql": file, "1_a.up.sql": file, "1_a.down.sql": file}, "two files for up"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := migrations.Read(tc.files); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}
