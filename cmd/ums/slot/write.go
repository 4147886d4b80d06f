package slot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// What is written is source text, for whoever may read the folder that it is in; the process's umask takes away more.
const (
	fileMode   = 0o666
	folderMode = 0o777
)

// Folder is where the skeleton goes if nobody says otherwise.
func (s Skeleton) Folder() string { return s.contract.Slot + "-" + s.language.Name }

// Write writes the skeleton to a folder, which must be empty or not exist, and returns how many files it is. When it fails
// the folder is as it was.
func (s Skeleton) Write(folder string) (files int, err error) {
	exists, err := vacant(folder)
	if err != nil {
		return 0, err
	}
	parent := filepath.Dir(filepath.Clean(folder))
	if err := os.MkdirAll(parent, folderMode); err != nil {
		return 0, fmt.Errorf("make the folder %s: %w", parent, cause(err))
	}
	staging := parent
	if exists {
		staging = folder
	}
	staged, err := os.MkdirTemp(staging, ".ums-slot-*")
	if err != nil {
		return 0, fmt.Errorf("write to %s: %w; choose another folder with --dir", staging, cause(err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staged)) }()
	whole := filepath.Join(staged, "whole")
	if err := s.writeTo(whole); err != nil {
		return 0, fmt.Errorf("write the skeleton: %w", err)
	}
	if exists {
		err = moveInto(folder, whole)
	} else {
		err = os.Rename(whole, folder)
	}
	if err != nil {
		return 0, fmt.Errorf("put the skeleton into %s: %w", folder, err)
	}
	return len(s.files), nil
}

// vacant reports whether the folder exists; it must be empty then.
func vacant(folder string) (exists bool, err error) {
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look into %s: %w; choose another folder with --dir", folder, cause(err))
	case len(entries) > 0:
		return true, fmt.Errorf("the folder %s is not empty, and nothing is overwritten: choose another with --dir", folder)
	}
	return true, nil
}

func (s Skeleton) writeTo(folder string) error {
	for path, content := range s.files {
		path = filepath.Join(folder, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, fileMode); err != nil {
			return err
		}
	}
	return nil
}

// moveInto moves what is in one folder to another, all of it or nothing.
func moveInto(folder, from string) (err error) {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	var moved []string
	defer func() {
		for _, path := range moved {
			if err != nil {
				err = errors.Join(err, os.RemoveAll(path))
			}
		}
	}()
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if err := os.Rename(filepath.Join(from, entry.Name()), path); err != nil {
			return err
		}
		moved = append(moved, path)
	}
	return nil
}

// cause leaves out the operation and the path, which the message tells better.
func cause(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err
	}
	return err
}
