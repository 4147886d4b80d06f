package migrations_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/schema"
)

func TestUpDownToZeroUp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		m := newMigrator(t, e.url, migrations.Options{})
		empty := e.snapshot(t)

		if got, err := m.Up(t.Context(), migrations.All); err != nil || got.To != schema.Known || len(got.Steps) != int(schema.Known) {
			t.Fatalf("up: got %+v, %v", got, err)
		}
		full := e.snapshot(t)
		if got, err := m.Down(t.Context(), migrations.All); err != nil || got.To != 0 || len(got.Steps) != int(schema.Known) {
			t.Fatalf("down: got %+v, %v", got, err)
		}
		if diff := cmp.Diff(empty, e.snapshot(t)); diff != "" {
			t.Errorf("down to zero leaves something behind:\n%s", diff)
		}
		e.wantVersion(t, 0)
		if _, err := m.Up(t.Context(), migrations.All); err != nil {
			t.Fatalf("up again: %v", err)
		}
		if diff := cmp.Diff(full, e.snapshot(t)); diff != "" {
			t.Errorf("the second up makes another schema than the first:\n%s", diff)
		}
		if got, err := m.Up(t.Context(), migrations.All); err != nil || got.String() != fmt.Sprintf("schema is at version %d: nothing to do", schema.Known) {
			t.Errorf("a third up: got %q, %v", got, err)
		}
	})
}

func TestEachDownUndoesItsUp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		m := newMigrator(t, e.url, migrations.Options{})
		for _, migration := range set(t, e.url.Dialect()) {
			before := e.snapshot(t)
			if _, err := m.Up(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			after := e.snapshot(t)
			if before == after {
				t.Errorf("the up of %s changes nothing that the snapshot sees", migration)
			}
			if _, err := m.Down(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, e.snapshot(t)); diff != "" {
				t.Errorf("the down of %s does not undo its up:\n%s", migration, diff)
			}
			if _, err := m.Up(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(after, e.snapshot(t)); diff != "" {
				t.Errorf("the second up of %s differs from the first:\n%s", migration, diff)
			}
		}
	})
}

func TestGoto(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		m := newMigrator(t, e.url, migrations.Options{})
		for _, step := range []struct {
			version uint64
			says    string
		}{
			{5, "applied 5 migrations: schema is at version 5"},
			{5, "schema is at version 5: nothing to do"},
			{4, "undid 1 migration: schema is at version 4"},
			{9, "applied 5 migrations: schema is at version 9"},
			{1, "undid 8 migrations: schema is at version 1"},
		} {
			got, err := m.Goto(t.Context(), step.version)
			if err != nil || got.String() != step.says {
				t.Errorf("goto %d: got %q, %v, want %q", step.version, got, err, step.says)
			}
			e.wantVersion(t, step.version)
		}
		for _, unknown := range []uint64{0, schema.Known + 1, 1 << 40} {
			if _, err := m.Goto(t.Context(), unknown); !isType[*migrations.UnknownVersionError](err) {
				t.Errorf("goto %d: got %v, want an UnknownVersionError", unknown, err)
			}
		}
		e.wantVersion(t, 1)
	})
}

func TestUpAndDownTakeWhatIsLeft(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		m := newMigrator(t, e.url, migrations.Options{})
		if got, err := m.Up(t.Context(), 3); err != nil || got.To != 3 {
			t.Fatalf("up 3: got %+v, %v", got, err)
		}
		if got, err := m.Up(t.Context(), 100); err != nil || got.To != schema.Known || len(got.Steps) != int(schema.Known)-3 {
			t.Fatalf("up 100: got %+v, %v", got, err)
		}
		if got, err := m.Down(t.Context(), 100); err != nil || got.To != 0 || len(got.Steps) != int(schema.Known) {
			t.Fatalf("down 100: got %+v, %v", got, err)
		}
	})
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
