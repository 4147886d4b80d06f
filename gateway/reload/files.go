package reload

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// fingerprint tells the contents of files apart.
type fingerprint [sha256.Size]byte

// read returns the fingerprint of what some files hold. That one cannot be read counts as contents of its own.
func read(files []string) fingerprint {
	h := sha256.New()
	for _, file := range files {
		data, err := os.ReadFile(file)
		sum := sha256.Sum256(data)
		if err != nil {
			sum = sha256.Sum256([]byte("unreadable: " + err.Error()))
			sum[0] ^= 1 // no file holds this
		}
		_, _ = h.Write(sum[:]) // a hash never fails
	}
	return fingerprint(h.Sum(nil))
}

// watch starts to watch the folders of all files. It is folders that are watched and contents that are compared: an
// editor puts another file in a file's place, and Kubernetes another folder behind a symbolic link (..data).
func (r *Reloader) watch() (*fsnotify.Watcher, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	if err := r.follow(w); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// follow watches the folders in which the files lie now. Those in which they no longer lie do no harm.
func (r *Reloader) follow(w *fsnotify.Watcher) (err error) {
	if w == nil {
		return nil
	}
	for _, s := range r.sources {
		for _, file := range s.Files {
			for _, folder := range folders(file) {
				err = errors.Join(err, w.Add(folder))
			}
		}
	}
	return err
}

// mostLinks is how many symbolic links are followed; a circle has more.
const mostLinks = 16

// folders returns the folder of a file, and if the file is a symbolic link, those of what it leads to.
func folders(file string) []string {
	var all []string
	for range mostLinks {
		all = append(all, filepath.Dir(file))
		info, err := os.Lstat(file)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			break
		}
		to, err := os.Readlink(file)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(file), to)
		}
		file = to
	}
	return all
}
