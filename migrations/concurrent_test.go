package migrations_test

import (
	"sync"
	"testing"

	"github.com/glarimy/ums/migrations"

	"github.com/glarimy/ums/shared/schema"
)

func TestTenRunsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		const runs = 10
		results := make([]migrations.Result, runs)
		var all sync.WaitGroup
		for i := range runs {
			all.Go(func() {
				m, err := migrations.New(e.url, migrations.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if results[i], err = m.Up(t.Context(), migrations.All); err != nil {
					t.Errorf("run %d: %v", i, err)
				}
			})
		}
		all.Wait()
		applied := 0
		for i, r := range results {
			if r.To != schema.Known {
				t.Errorf("run %d ended at version %d", i, r.To)
			}
			if len(r.Steps) == int(schema.Known) {
				applied++
			} else if len(r.Steps) != 0 {
				t.Errorf("run %d applied %d migrations, want all or none", i, len(r.Steps))
			}
		}
		if applied != 1 {
			t.Errorf("%d runs applied the migrations, want 1", applied)
		}
		e.wantVersion(t, schema.Known)
	})
}

// TestUpsAndDownsAtOnce runs into one another what must not mix: whoever has the lock sees whole schemas only.
func TestUpsAndDownsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		m := newMigrator(t, e.url, migrations.Options{})
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				change := m.Up
				if i%2 == 1 {
					change = m.Down
				}
				got, err := change(t.Context(), migrations.All)
				if err != nil && !isType[*migrations.ConnectError](err) { // a down may come before the file is made
					t.Error(err)
				}
				if got.From != 0 && got.From != schema.Known {
					t.Errorf("a run began at version %d, in the middle of another", got.From)
				}
			})
		}
		all.Wait()
		if _, err := m.Up(t.Context(), migrations.All); err != nil {
			t.Fatal(err)
		}
		e.wantVersion(t, schema.Known)
	})
}
