package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/glarimy/ums/shared/cursor"
)

// cursorKey returns the key in the data folder that search signs its cursors with, and makes it at the first start, so
// that a cursor is good after the next one too.
func cursorKey(folder string) (string, error) {
	path := filepath.Join(folder, "cursor.key")
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeCursorKey(folder, path, os.Link); err != nil {
			return "", fmt.Errorf("write the cursors' key to %s: %w; choose another folder with -data, or set CURSOR_KEYS",
				path, cause(err))
		}
		content, err = os.ReadFile(path)
	}
	if err != nil {
		return "", fmt.Errorf("read the cursors' key in %s: %w", path, cause(err))
	}
	key := strings.TrimSpace(string(content))
	if _, err := cursor.ParseKeys(key); err != nil {
		return "", fmt.Errorf("the cursors' key in %s is not one: %w; delete the file to have a new one made", path, err)
	}
	return key, nil
}

// makeCursorKey writes a new key to a file that is there whole or not at all. Where another process is faster, its key
// stays; but on a file system without links, such as exFAT, the slower one's does.
func makeCursorKey(folder, path string, link func(from, to string) error) (err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, "cursor.key.*") // for its owner alone
	if err != nil {
		return err
	}
	defer func() {
		if left := os.Remove(file.Name()); !errors.Is(left, fs.ErrNotExist) {
			err = errors.Join(err, left)
		}
	}()
	_, err = file.WriteString(cursor.NewKey() + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := link(file.Name(), path); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return os.Rename(file.Name(), path)
}
