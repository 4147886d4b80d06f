package system

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/glarimy/ums/shared/database"
)

// dataFile is the database in the data folder.
func dataFile(folder string) string { return filepath.Join(folder, "ums.db") }

// OpenDatabase opens the database of a system for an operator's command: the one that DATABASE_URL names or else the file
// in the data folder, whether a system runs on it or not. It makes nothing.
func OpenDatabase(folder, rawURL, password string) (*database.DB, error) {
	if rawURL == "" {
		if _, err := os.Stat(dataFile(folder)); err != nil {
			return nil, fmt.Errorf("there is no database: DATABASE_URL is not set, and %s cannot be read: %w; "+
				"start `ums up`, or choose its folder with -data", dataFile(folder), cause(err))
		}
		rawURL = "sqlite://" + dataFile(folder)
	}
	return database.Config{URL: rawURL, Password: password}.Open()
}

// lockData makes the data folder and keeps other processes out of it: each would have a cache of its own, and would not
// see what the other writes.
func lockData(folder string) (unlock func() error, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder %s: %w; choose another with -data", folder, cause(err))
	}
	lock := flock.New(filepath.Join(folder, "ums.lock"), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, fmt.Errorf("write to the data folder %s: %w; choose another with -data", folder, cause(err))
	case !held:
		return nil, fmt.Errorf("another ums runs on the data folder %s: stop it, or choose another folder with -data", folder)
	}
	return lock.Unlock, nil
}

// cause leaves out the operation and the path, which the message tells better.
func cause(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err
	}
	return err
}
