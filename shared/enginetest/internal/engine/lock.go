package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// lockFolder is where the processes of one user meet. It stays, as do the files in it: removing one would let two
// processes lock two files of one name.
func lockFolder() (string, error) {
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("enginetest-locks-%d", os.Geteuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of locks: %w", err)
	}
	return folder, nil
}

// lock takes the lock of a file, which it makes if need be, and returns how to give it back. A lock ends with the
// process that holds it.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a lock file: %w", err)
	}
	if err := tryLock(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}

// waitLock takes the lock when it is free.
func waitLock(ctx context.Context, path string) (unlock func(), err error) {
	err = poll(ctx, 5*time.Millisecond, func(context.Context) error {
		unlock, err = lock(path)
		return err
	})
	return unlock, err
}
