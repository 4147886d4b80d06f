package migrations_test

import (
	"errors"
	"testing"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/schema"
)

// TestTheGateOfAService follows a gate, on a service's own connections, through the life of a schema.
func TestTheGateOfAService(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db, err := database.Open(e.url, database.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		gate := schema.NewGate(db, schema.Options{})
		m := newMigrator(t, e.url, migrations.Options{})

		if _, err := m.Up(t.Context(), migrations.All); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Down(t.Context(), migrations.All); err != nil {
			t.Fatal(err)
		}
		if err := gate.Check(t.Context()); !errors.Is(err, schema.ErrMissing) {
			t.Errorf("after down to zero: got %v, want ErrMissing", err)
		}
		e.execute(t, "DROP TABLE schema_migrations")
		if err := gate.Check(t.Context()); !errors.Is(err, schema.ErrMissing) {
			t.Errorf("without the table of versions: got %v, want ErrMissing", err)
		}
		if _, err := m.Up(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		if err := gate.Check(t.Context()); !isType[*schema.TooOldError](err) {
			t.Errorf("at version 5: got %v, want a TooOldError", err)
		}
		e.mark(t, 5)
		if err := gate.Check(t.Context()); !isType[*schema.DirtyError](err) {
			t.Errorf("dirty: got %v, want a DirtyError", err)
		}
		if gate.Ready() == nil {
			t.Error("the gate opened before its schema was there")
		}
		if err := m.Force(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Up(t.Context(), migrations.All); err != nil {
			t.Fatal(err)
		}
		if err := gate.Run(t.Context()); err != nil {
			t.Errorf("at the newest version: %v", err)
		}
		if _, err := m.Goto(t.Context(), 4); err != nil {
			t.Fatal(err)
		}
		if err := gate.Ready(); err != nil {
			t.Errorf("ready after the schema went away again: got %v, want nil", err)
		}
	})
}
