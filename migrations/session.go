package migrations

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"time"

	"github.com/golang-migrate/migrate/v4"
	migratedb "github.com/golang-migrate/migrate/v4/database"
	"github.com/golang-migrate/migrate/v4/source/iofs"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/schema"
)

// access says what to do about a SQLite file that is not there.
type access bool

const (
	existing access = false // it is an error
	create   access = true  // it is made, with its folder
)

// engine is what differs between the databases.
type engine interface {
	fmt.Stringer // the database's URL without user and password

	// lock connects for changing the schema and returns once the lock is held, or a *LockedError after the timeout.
	lock(ctx context.Context, how access, timeout time.Duration) (*locked, error)

	// look connects for reading, without any lock. It makes nothing: where there is no file, it returns
	// errNoFile.
	look(ctx context.Context) (*looking, error)

	// exists reports whether an object is there.
	exists(ctx context.Context, conn schema.Querier, o object) (bool, error)
}

// locked is a connection that holds the lock.
type locked struct {
	conn    schema.Querier
	driver  migratedb.Driver // works without a lock of its own
	release func() error     // closes everything, the lock last
}

// looking is a connection to read with.
type looking struct {
	conn  schema.Querier
	close func() error
}

func newEngine(url database.URL, logger *slog.Logger) (engine, error) {
	switch url.Dialect() {
	case database.MySQL:
		return newMySQL(url, logger)
	case database.SQLite:
		return newSQLite(url, logger)
	default:
		return nil, fmt.Errorf("no migrations for %s", url.Dialect())
	}
}

// session is a run of golang-migrate on a locked connection.
type session struct {
	*locked
	runner *migrate.Migrate
}

func newSession(files fs.FS, l *locked) (*session, error) {
	source, err := iofs.New(files, ".")
	if err != nil {
		return nil, errors.Join(err, l.release())
	}
	runner, err := migrate.NewWithInstance("embedded", source, "ums", strictDriver{Driver: l.driver, conn: l.conn})
	if err != nil {
		return nil, errors.Join(err, l.release())
	}
	return &session{locked: l, runner: runner}, nil
}

// take runs one step. One call for each step, rather than golang-migrate's own loop, makes the pause between two of
// them a place to stop at, tells which one failed, and leaves no goroutine behind in its reader when one does.
func (s *session) take(step Step) error {
	n := 1
	if step.Down {
		n = -1
	}
	if err := s.runner.Steps(n); err != nil {
		return &StepError{Step: step, Err: withoutQuery(err)}
	}
	return nil
}

// close ends the session. The lock goes with it.
func (s *session) close() error {
	if err := s.release(); err != nil {
		return fmt.Errorf("close the database after migrating: %w", err)
	}
	return nil
}

// withoutQuery takes away the whole statement that golang-migrate puts into its errors.
func withoutQuery(err error) error {
	if e, ok := errors.AsType[*migratedb.Error](err); ok && e.OrigErr != nil {
		return e.OrigErr
	}
	if e, ok := errors.AsType[migratedb.Error](err); ok && e.OrigErr != nil {
		return e.OrigErr
	}
	return err
}

// strictDriver reads the version itself: golang-migrate's SQLite driver takes every error for the empty schema, and
// would then begin from the first migration. It never locks, as the session holds the lock of all.
type strictDriver struct {
	migratedb.Driver
	conn schema.Querier
}

var _ migratedb.Driver = strictDriver{}

func (d strictDriver) Lock() error   { return nil }
func (d strictDriver) Unlock() error { return nil }

func (d strictDriver) Version() (version int, dirty bool, err error) {
	state, err := schema.Read(context.Background(), d.conn)
	if err != nil {
		return 0, false, err
	}
	version, err = migrateVersion(state.Version)
	return version, state.Dirty, err
}

// migrateVersion returns a version as golang-migrate has it, where the empty schema is not 0.
func migrateVersion(version uint64) (int, error) {
	if version == 0 {
		return migratedb.NilVersion, nil
	}
	if version > math.MaxInt {
		return 0, fmt.Errorf("the version %d is beyond all numbers of migrations", version)
	}
	return int(version), nil
}
