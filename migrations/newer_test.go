package migrations_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/schema"
)

// Migrations of a later program: one that leaves the floor where it is, and one that raises it.
var (
	expand = migrations.Migration{Version: schema.Known + 1, Name: "create_later",
		Up: "CREATE TABLE ums_later (id INTEGER PRIMARY KEY);", Down: "DROP TABLE ums_later;"}
	contract = migrations.Migration{Version: schema.Known + 2, Name: "raise_schema_floor",
		Up:   fmt.Sprintf("UPDATE ums_schema_floor SET min_version = %d WHERE id = 1;", schema.Known+2),
		Down: "UPDATE ums_schema_floor SET min_version = 9 WHERE id = 1;"}
)

// later is a program that knows more migrations than this one.
func later(t *testing.T, e engine, more ...migrations.Migration) *migrations.Migrator {
	t.Helper()
	return newMigrator(t, e.url, migrations.Options{Files: filesOf(append(set(t, e.url.Dialect()), more...)...)})
}

func TestAnOlderProgramMeetsANewerSchema(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		if _, err := later(t, e, expand).Up(t.Context(), migrations.All); err != nil {
			t.Fatal(err)
		}
		older := newMigrator(t, e.url, migrations.Options{})
		got, err := older.Up(t.Context(), migrations.All)
		want := fmt.Sprintf("schema is newer (%d) than this program (%d), floor allows: nothing to do", schema.Known+1, schema.Known)
		if err != nil || got.String() != want {
			t.Errorf("up: got %q, %v, want %q", got, err, want)
		}
		if err := schema.NewGate(e.pool(t), schema.Options{}).Check(t.Context()); err != nil {
			t.Errorf("the gate of an older service: %v", err)
		}
		if _, err := older.Down(t.Context(), 1); !isType[*migrations.NewerError](err) {
			t.Errorf("down: got %v, want a NewerError", err)
		}
		if _, err := older.Goto(t.Context(), 3); !isType[*migrations.NewerError](err) {
			t.Errorf("goto: got %v, want a NewerError", err)
		}
		if err := older.Force(t.Context(), schema.Known+1); !isType[*migrations.UnknownVersionError](err) {
			t.Errorf("force: got %v, want an UnknownVersionError", err)
		}
		if status, err := older.Status(t.Context()); err != nil || status.State.Version != schema.Known+1 || len(status.Pending) != 0 {
			t.Errorf("status: got %+v, %v", status, err)
		}
		e.wantVersion(t, schema.Known+1)
	})
}

func TestTheFloorForbidsAnOlderProgram(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		if _, err := later(t, e, expand, contract).Up(t.Context(), migrations.All); err != nil {
			t.Fatal(err)
		}
		_, err := newMigrator(t, e.url, migrations.Options{}).Up(t.Context(), migrations.All)
		floor, ok := errors.AsType[*schema.FloorError](err)
		if !ok || *floor != (schema.FloorError{Version: schema.Known + 2, Known: schema.Known, Floor: schema.Known + 2}) {
			t.Fatalf("up: got %v, want a FloorError", err)
		}
		if err := schema.NewGate(e.pool(t), schema.Options{}).Check(t.Context()); !isType[*schema.FloorError](err) {
			t.Errorf("the gate of an older service: got %v, want a FloorError", err)
		}
		if got, err := later(t, e, expand).Up(t.Context(), migrations.All); !isType[*schema.FloorError](err) {
			t.Errorf("up by a program between the two: got %+v, %v, want a FloorError", got, err)
		}
		if _, err := later(t, e, expand, contract).Down(t.Context(), 2); err != nil {
			t.Errorf("down by the newer program: %v", err)
		}
		up(t, e.url)
	})
}

func TestANewerSchemaWithoutFloorForbids(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		first := newMigrator(t, e.url, migrations.Options{Files: filesOf(set(t, e.url.Dialect())[:4]...)})
		if _, err := newMigrator(t, e.url, migrations.Options{}).Up(t.Context(), 6); err != nil {
			t.Fatal(err)
		}
		_, err := first.Up(t.Context(), migrations.All)
		if !isType[*schema.FloorError](err) || !strings.Contains(err.Error(), "does not say") {
			t.Errorf("up: got %v, want a FloorError that says so", err)
		}
	})
}

func TestADirtyNewerSchema(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		m := up(t, e.url)
		e.mark(t, schema.Known+1)
		_, err := m.Up(t.Context(), migrations.All)
		if !isType[*migrations.DirtyError](err) || !strings.Contains(err.Error(), "use the newer program") {
			t.Errorf("up: got %v, want a DirtyError that names the newer program", err)
		}
	})
}
