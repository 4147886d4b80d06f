package migrations_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/glarimy/ums/migrations"

	"github.com/glarimy/ums/shared/schema"
)

// TestTheContextStopsBetweenTwoMigrations cancels after the second, as SIGINT does.
func TestTheContextStopsBetweenTwoMigrations(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		ctx, cancel := context.WithCancel(t.Context())
		done := 0
		logger := slog.New(onRecord{call: func(r slog.Record) {
			if r.Message == "migration done" {
				if done++; done == 2 {
					cancel()
				}
			}
		}})
		got, err := newMigrator(t, e.url, migrations.Options{Logger: logger}).Up(ctx, migrations.All)
		stopped, ok := errors.AsType[*migrations.StoppedError](err)
		if !ok || stopped.Version != 2 || stopped.Left != int(schema.Known)-2 || !errors.Is(err, context.Canceled) {
			t.Fatalf("up: got %v, want a StoppedError at version 2 with the others left", err)
		}
		if got.To != 2 || len(got.Steps) != 2 {
			t.Errorf("up: got %+v, want two steps", got)
		}
		e.wantVersion(t, 2)
		up(t, e.url)
		e.wantVersion(t, schema.Known)
	})
}

func TestAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m := newMigrator(t, e.url, migrations.Options{})
		if _, err := m.Up(ctx, migrations.All); !errors.Is(err, context.Canceled) {
			t.Errorf("up: got %v, want the end of the context", err)
		}
		e.wantVersion(t, 0)
	})
}
