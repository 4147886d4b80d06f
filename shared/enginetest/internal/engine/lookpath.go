package engine

import (
	"os"
	"path/filepath"
	"strings"
)

// lookPath finds the first of the programs on the PATH, or in the host's other folders.
func (h *Host) lookPath(names ...string) (string, error) {
	folders := append(filepath.SplitList(h.Getenv("PATH")), h.Folders...)
	for _, name := range names {
		for _, folder := range folders {
			path := filepath.Join(folder, name)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
				return path, nil
			}
		}
	}
	return "", absent("no %s on the PATH or in [%s]", strings.Join(names, " or "), strings.Join(h.Folders, ", "))
}
