package migrations

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lockRetry is the pause between two attempts at the lock file.
const lockRetry = 50 * time.Millisecond

// fileLock is a lock on a file that also says who holds it.
type fileLock struct {
	file *flock.Flock
}

// acquire waits for the lock file until the timeout.
func (e *sqliteEngine) acquire(ctx context.Context, timeout time.Duration) (*fileLock, error) {
	path := e.path + ".migrate.lock"
	lock := &fileLock{file: flock.New(path, flock.SetPermissions(0o600))}
	deadline := time.Now().Add(timeout)
	for said := false; ; said = true {
		got, err := lock.file.TryLock()
		if err != nil {
			return nil, e.explain(err)
		}
		if got {
			lock.sign()
			return lock, nil
		}
		holder := lock.holder()
		if !time.Now().Before(deadline) {
			return nil, errors.Join(&LockedError{Holder: holder, Waited: timeout}, lock.file.Close())
		}
		if !said {
			e.logger.InfoContext(ctx, "waiting for another migration to end", "holder", holder, "at_most", timeout)
		}
		select {
		case <-ctx.Done():
			stopped := fmt.Errorf("stopped while waiting for the lock: %w", context.Cause(ctx))
			return nil, errors.Join(stopped, lock.file.Close())
		case <-time.After(lockRetry):
		}
	}
}

// sign writes who holds the lock into its file, for the messages of those who wait. Where that fails the lock holds
// all the same.
func (l *fileLock) sign() {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	signature := fmt.Sprintf("process %d on %s\n", os.Getpid(), host)
	_ = os.WriteFile(l.file.Path(), []byte(signature), 0o600)
}

// holder returns what the holder wrote.
func (l *fileLock) holder() string {
	signature, err := os.ReadFile(l.file.Path())
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(signature))
}

// release gives the lock up. The file stays: removing it would let two runs lock two files of the same name.
func (l *fileLock) release() error {
	_ = os.Truncate(l.file.Path(), 0) // nobody holds it now
	if err := l.file.Unlock(); err != nil {
		return fmt.Errorf("release the lock file: %w", err)
	}
	return nil
}
