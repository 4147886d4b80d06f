// Package migrations owns the schema of UMS: golang-migrate's files for MySQL and for SQLite, embedded, and what runs
// them. Its command is cmd/migrate; upstream's own works on the same folders.
//
// Every call that changes the schema takes a lock first and waits for it until a deadline, so that any number of
// runs may start at once: one applies, the others find nothing to do. golang-migrate's own lock is not enough: on MySQL
// it gives up after ten seconds, on SQLite it does not reach beyond the process.
package migrations

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/schema"
)

// DefaultLockTimeout is how long a run waits for another one to end.
const DefaultLockTimeout = time.Minute

// Options of a [Migrator]. The zero value is good.
type Options struct {
	// LockTimeout is how long to wait for another run to end. 0 is [DefaultLockTimeout].
	LockTimeout time.Duration

	// Wait is how long to go on trying while the database cannot be reached. 0 is to try once.
	Wait time.Duration

	// Logger is told each migration, and each wait. Nil is silence.
	Logger *slog.Logger

	// Files are the migrations, in the root folder. Nil is those that the program was built with.
	Files fs.FS
}

// Migrator changes the schema of one database. It holds nothing open between calls, and is safe for concurrent use.
//
// Its errors never hold the password. Those of all methods may be a [*ConnectError]; those that change the schema may
// also return a [*LockedError], a [*DirtyError], a [*NewerError], a [*StepError], or, where the context ended, a
// [*StoppedError]. A statement that has begun is never broken off by the context.
type Migrator struct {
	engine engine
	set    []Migration
	o      Options
}

// New returns a Migrator without connecting to the database.
func New(url database.URL, o Options) (*Migrator, error) {
	o.LockTimeout = cmp.Or(o.LockTimeout, DefaultLockTimeout)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Files == nil {
		files, err := Files(url.Dialect())
		if err != nil {
			return nil, fmt.Errorf("find the migrations for %s: %w", url.Dialect(), err)
		}
		o.Files = files
	}
	set, err := Read(o.Files)
	if err != nil {
		return nil, err
	}
	engine, err := newEngine(url, o.Logger)
	if err != nil {
		return nil, err
	}
	return &Migrator{engine: engine, set: set, o: o}, nil
}

// Known returns the newest version that this Migrator has files for.
func (m *Migrator) Known() uint64 { return newest(m.set) }

// Up applies the next n migrations, or [All]. Where fewer are left it applies those. On a schema that is newer than
// this program it does nothing and succeeds if the floor allows that, and returns a [*schema.FloorError] otherwise.
func (m *Migrator) Up(ctx context.Context, n int) (Result, error) {
	return m.change(ctx, create, planUp(n))
}

// Down undoes the last n migrations, or [All].
func (m *Migrator) Down(ctx context.Context, n int) (Result, error) {
	return m.change(ctx, existing, planDown(n))
}

// Goto applies or undoes migrations until the schema is at version. It returns an [*UnknownVersionError] if there is no
// such migration; the empty schema is reached by Down.
func (m *Migrator) Goto(ctx context.Context, version uint64) (Result, error) {
	return m.change(ctx, create, planGoto(version))
}

// Force writes down that the schema is at version, and clean, without running anything; 0 is the empty schema. It is for
// a dirty schema: first look at what is there. It returns an [*UnknownVersionError] if there is no such migration.
func (m *Migrator) Force(ctx context.Context, version uint64) error {
	if version != 0 && !contains(m.set, version) {
		return &UnknownVersionError{Version: version, Known: m.Known()}
	}
	number, err := migrateVersion(version)
	if err != nil {
		return err
	}
	s, err := m.open(ctx, existing)
	if err != nil {
		return err
	}
	if err := s.runner.Force(number); err != nil {
		return errors.Join(fmt.Errorf("force version %d: %w", version, err), s.close())
	}
	m.o.Logger.InfoContext(ctx, "version forced", "version", version)
	return s.close()
}

// change runs the steps that the plan makes of the schema as it is once the lock is held.
func (m *Migrator) change(ctx context.Context, how access, p plan) (Result, error) {
	s, err := m.open(ctx, how)
	if err != nil {
		return Result{}, err
	}
	result, err := m.run(ctx, s, p)
	if closing := s.close(); err == nil {
		err = closing
	}
	return result, err
}

func (m *Migrator) run(ctx context.Context, s *session, p plan) (Result, error) {
	at, err := schema.Read(ctx, s.conn)
	if err != nil {
		return Result{}, err
	}
	result := Result{From: at.Version, To: at.Version, Known: m.Known()}
	if at.Dirty {
		return result, &DirtyError{Version: at.Version, Advice: m.advise(ctx, s.conn, at)}
	}
	if at.Version != 0 && at.Version <= result.Known && !contains(m.set, at.Version) {
		return result, &UnknownVersionError{Version: at.Version, Known: result.Known}
	}
	steps, err := p(m.set, at)
	if err != nil {
		return result, err
	}
	for i, step := range steps {
		if ctx.Err() != nil {
			return result, &StoppedError{Version: result.To, Left: len(steps) - i, Err: context.Cause(ctx)}
		}
		began := time.Now()
		if err := s.take(step); err != nil {
			return result, err
		}
		result.add(step, m.set)
		m.o.Logger.InfoContext(ctx, "migration done", "migration", step.Migration.String(),
			"direction", step.direction(), "took", time.Since(began).Round(time.Microsecond))
	}
	return result, nil
}

// open connects and takes the lock.
func (m *Migrator) open(ctx context.Context, how access) (*session, error) {
	var opened *session
	err := m.reach(ctx, func() error {
		l, err := m.engine.lock(ctx, how, m.o.LockTimeout)
		if err != nil {
			return err
		}
		opened, err = newSession(m.o.Files, l)
		return err
	})
	return opened, err
}

// reach calls connect, again and again for the time of Options.Wait while the database cannot be reached.
func (m *Migrator) reach(ctx context.Context, connect func() error) error {
	const pause = 500 * time.Millisecond
	waiting, cancel := context.WithTimeout(ctx, m.o.Wait)
	defer cancel()
	for said := false; ; said = true {
		err := connect()
		if !errors.Is(err, ErrUnreachable) || waiting.Err() != nil {
			return err
		}
		if !said {
			m.o.Logger.WarnContext(ctx, "waiting for the database", "reason", err.Error(), "at_most", m.o.Wait)
		}
		select {
		case <-waiting.Done():
			return err
		case <-time.After(pause):
		}
	}
}
