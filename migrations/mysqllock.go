package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	migratedb "github.com/golang-migrate/migrate/v4/database"

	"github.com/glarimy/ums/shared/schema"
)

// lockPoll is how long one GET_LOCK waits. Between two of them the wait is explained and the deadline looked at.
const lockPoll = 2 * time.Second

// releaseTimeout bounds the giving back of the lock. Where it fails, the lock goes with the connection.
const releaseTimeout = 2 * time.Second

// nameLock returns the name that golang-migrate's own command uses, so that it and this one keep each other out as well.
func nameLock(databaseName string) (string, error) {
	name, err := migratedb.GenerateAdvisoryLockId(databaseName + ":" + versionTable)
	if err != nil {
		return "", fmt.Errorf("name the lock: %w", err)
	}
	return name, nil
}

// acquire waits for the server's lock until the timeout.
func (e *mysqlEngine) acquire(ctx context.Context, conn *sql.Conn, timeout time.Duration) error {
	if e.params.noLock {
		e.logger.WarnContext(ctx, "no lock is taken, as x-no-lock in the database URL asks")
		return nil
	}
	deadline := time.Now().Add(timeout)
	for wait := time.Duration(0); ; wait = min(time.Until(deadline), lockPoll) {
		got, err := getLock(ctx, conn, e.lockName, wait)
		if err != nil {
			return e.explain(ctx, fmt.Errorf("wait for the lock: %w", err))
		}
		if got {
			return nil
		}
		holder := lockHolder(ctx, conn, e.lockName)
		if !time.Now().Before(deadline) {
			return &LockedError{Holder: holder, Waited: timeout}
		}
		if wait == 0 {
			e.logger.InfoContext(ctx, "waiting for another migration to end", "holder", holder, "at_most", timeout)
		}
	}
}

// giveBack releases the lock now: without that, the server does so a moment after the connection's end. A run that was
// stopped gives it back all the same.
func (e *mysqlEngine) giveBack(ctx context.Context, conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	_, _ = conn.ExecContext(ctx, "DO RELEASE_LOCK(?)", e.lockName)
}

// getLock asks once. The server counts in whole seconds.
func getLock(ctx context.Context, conn *sql.Conn, name string, wait time.Duration) (bool, error) {
	seconds := max(0, int((wait+time.Second-1)/time.Second))
	var got sql.NullBool
	err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", name, seconds).Scan(&got)
	if err == nil && !got.Valid {
		err = errors.New("the server could not even try (GET_LOCK is NULL)")
	}
	return got.Bool, err
}

// lockHolder says who holds the lock, as far as this user may know. Without the PROCESS privilege that is the
// connection's number and, if the holder is the same user, the rest.
func lockHolder(ctx context.Context, conn schema.Querier, name string) string {
	var id sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT IS_USED_LOCK(?)", name).Scan(&id); err != nil || !id.Valid {
		return ""
	}
	var user, host string
	const query = "SELECT user, host FROM information_schema.processlist WHERE id = ?"
	if err := conn.QueryRowContext(ctx, query, id.Int64).Scan(&user, &host); err != nil {
		return fmt.Sprintf("connection %d", id.Int64)
	}
	return fmt.Sprintf("connection %d of %s from %s", id.Int64, user, host)
}
