package migrations_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/migrations"

	"github.com/glarimy/ums/shared/schema"
)

// mark writes a dirty version as golang-migrate does before it runs a statement; 0 is the empty schema.
func (e engine) mark(t *testing.T, version uint64) {
	t.Helper()
	written := int64(version)
	if version == 0 {
		written = -1
	}
	e.execute(t, "DELETE FROM schema_migrations", fmt.Sprintf("INSERT INTO schema_migrations VALUES (%d, 1)", written))
}

// TestDirtyIsExplained interrupts every migration, in both directions, before and after its statement, and follows the
// advice.
func TestDirtyIsExplained(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		m := up(t, e.url)
		full := e.snapshot(t)
		for _, migration := range set(t, e.url.Dialect()) {
			v := migration.Version
			for _, tc := range []struct {
				name     string
				real     uint64 // where the schema really is
				recorded uint64 // where golang-migrate went to
			}{
				{"up, not happened", v - 1, v},
				{"up, happened", v, v},
				{"down, not happened", v, v - 1},
				{"down, happened", v - 1, v - 1},
			} {
				at := fmt.Sprintf("%s: %s", migration, tc.name)
				e.goTo(t, m, tc.real)
				e.mark(t, tc.recorded)
				_, err := m.Up(t.Context(), migrations.All)
				dirty, ok := errors.AsType[*migrations.DirtyError](err)
				if !ok || dirty.Version != tc.recorded {
					t.Fatalf("%s: got %v, want a DirtyError of version %d", at, err, tc.recorded)
				}
				force := fmt.Sprintf("`migrate force %d`", tc.real)
				if tc.real == 0 {
					force = "`migrate force -1`"
				}
				if !strings.Contains(err.Error(), force) {
					t.Fatalf("%s: the message is %q, want it to say %s", at, err, force)
				}
				if err := m.Force(t.Context(), tc.real); err != nil {
					t.Fatalf("%s: %v", at, err)
				}
			}
		}
		if _, err := m.Up(t.Context(), migrations.All); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(full, e.snapshot(t)); diff != "" {
			t.Errorf("after all that the schema differs:\n%s", diff)
		}
	})
}

// goTo reaches a version, the empty schema included.
func (e engine) goTo(t *testing.T, m *migrations.Migrator, version uint64) {
	t.Helper()
	var err error
	if version == 0 {
		_, err = m.Down(t.Context(), migrations.All)
	} else {
		_, err = m.Goto(t.Context(), version)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryChangeRefusesADirtySchema(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		m := up(t, e.url)
		e.mark(t, 5)
		for name, change := range map[string]func() (migrations.Result, error){
			"up":   func() (migrations.Result, error) { return m.Up(t.Context(), 1) },
			"down": func() (migrations.Result, error) { return m.Down(t.Context(), 1) },
			"goto": func() (migrations.Result, error) { return m.Goto(t.Context(), 3) },
		} {
			if _, err := change(); !isType[*migrations.DirtyError](err) {
				t.Errorf("%s: got %v, want a DirtyError", name, err)
			}
		}
		status, err := m.Status(t.Context())
		if err != nil || !status.State.Dirty || !strings.Contains(status.Advice, "migrate force") {
			t.Errorf("status: got %+v, %v", status, err)
		}
	})
}

func TestForceRefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		m := up(t, e.url)
		for _, version := range []uint64{schema.Known + 1, 1 << 40, 1 << 63} {
			if err := m.Force(t.Context(), version); !isType[*migrations.UnknownVersionError](err) {
				t.Errorf("force %d: got %v, want an UnknownVersionError", version, err)
			}
		}
		e.wantVersion(t, schema.Known)
	})
}

func TestARefusedStatement(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		bad := migrations.Migration{Version: schema.Known + 1, Name: "index_later",
			Up: "CREATE INDEX later ON no_such_table (secret_column);", Down: "DROP INDEX later;"}
		m := newMigrator(t, e.url, migrations.Options{Files: filesOf(append(set(t, e.url.Dialect()), bad)...)})
		got, err := m.Up(t.Context(), migrations.All)
		if !isType[*migrations.StepError](err) || got.To != schema.Known || len(got.Steps) != int(schema.Known) {
			t.Fatalf("up: got %+v, %v, want a StepError after all the others", got, err)
		}
		for _, want := range []string{bad.String() + " (up)", "no_such_table", "migrate status"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the message is %q, want %q in it", err, want)
			}
		}
		if strings.Contains(err.Error(), "secret_column") || strings.Contains(err.Error(), "\n") {
			t.Errorf("the message is %q, want neither the statement nor a second line", err)
		}
		_, err = m.Up(t.Context(), migrations.All)
		if err == nil || !strings.Contains(err.Error(), "index later is not there") || !strings.Contains(err.Error(), fmt.Sprintf("force %d", schema.Known)) {
			t.Errorf("up again: got %v", err)
		}
		if err := m.Force(t.Context(), schema.Known); err != nil {
			t.Error(err)
		}
		e.wantVersion(t, schema.Known)
	})
}
