package migrations

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/glarimy/ums/shared/schema"
)

// Status is how a schema stands to this program.
type Status struct {
	Database string       // the URL without user and password
	State    schema.State // what the database says
	Known    uint64       // the newest version that this program knows
	Pending  []Migration  // what Up would apply, in order
	Advice   string       // what to do if no migration is running; only of a dirty schema
}

// Version returns how far the schema has come. It takes no lock, makes nothing, and does not wait for a run.
func (m *Migrator) Version(ctx context.Context) (schema.State, error) {
	s, err := m.Status(ctx)
	return s.State, err
}

// Status returns how the schema stands to this program. It takes no lock, makes nothing, and does not wait for a run.
func (m *Migrator) Status(ctx context.Context) (Status, error) {
	status := Status{Database: m.engine.String(), Known: m.Known()}
	var l *looking
	err := m.reach(ctx, func() (err error) {
		l, err = m.engine.look(ctx)
		return err
	})
	if errors.Is(err, errNoFile) {
		status.Pending = slices.Clone(m.set)
		return status, nil
	}
	if err != nil {
		return status, err
	}
	err = m.inspect(ctx, l.conn, &status)
	if closing := l.close(); err == nil && closing != nil {
		err = fmt.Errorf("close the database: %w", closing)
	}
	return status, err
}

func (m *Migrator) inspect(ctx context.Context, conn schema.Querier, status *Status) error {
	at, err := schema.Read(ctx, conn)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(context.Cause(ctx), err)
		}
		return err
	}
	status.State = at
	if at.Dirty {
		status.Advice = m.advise(ctx, conn, at)
	}
	for _, step := range upward(m.set, at.Version, status.Known) {
		status.Pending = append(status.Pending, step.Migration)
	}
	return nil
}
