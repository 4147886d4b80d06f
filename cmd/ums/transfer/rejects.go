package transfer

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// rejects is the file of the rows that were rejected. It is made with the first one, and tried before.
type rejects struct {
	path string
	file *os.File
	out  *bufio.Writer
	csv  *csv.Writer
	size int64 // in bytes
}

// rejectsHeader is the first line of the file, by which an import knows one that it has made.
const rejectsHeader = "row,line,code,detail,name,phone,raw\n"

// openRejects prepares to begin a file, or goes on with that of an import's last checkpoint, which is nil where the import
// begins. The path is absolute.
func openRejects(path string, last *checkpoint) (*rejects, error) {
	r := &rejects{path: path}
	switch {
	case last == nil:
		return r, r.try()
	case last.Rejects == 0:
		removeUncounted(last.RejectsFile)
		return r, r.try()
	case last.RejectsFile != path:
		return nil, fmt.Errorf("the rejects of the import so far are in %s: give that with -rejects, or remove the state file "+
			"to begin anew", last.RejectsFile)
	}
	if err := r.resume(last.Rejects); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// try finds out whether the file could be made, and leaves none behind.
func (r *rejects) try() error {
	if _, err := os.Lstat(r.path); err == nil {
		return fmt.Errorf("there is a file %s already: move it away, or choose another with -rejects", r.path)
	}
	if err := r.open(os.O_CREATE | os.O_EXCL | os.O_RDWR); err != nil {
		return err
	}
	err := errors.Join(r.close(), os.Remove(r.path))
	r.file = nil
	if err != nil {
		return fmt.Errorf("try the rejects file: %w; choose another place with -rejects", err)
	}
	return nil
}

// removeUncounted removes what a killed import wrote behind its last checkpoint. What has another beginning is not its own;
// what cannot be read or removed is in the way of the file that is tried next, or in nobody's.
func removeUncounted(path string) {
	file, err := os.Open(path)
	if err != nil {
		return
	}
	start, err := io.ReadAll(io.LimitReader(file, int64(len(rejectsHeader))))
	_ = file.Close()
	if err == nil && strings.HasPrefix(rejectsHeader, string(start)) {
		_ = os.Remove(path)
	}
}

// resume goes on behind so many bytes of a file.
func (r *rejects) resume(size int64) error {
	var info fs.FileInfo
	err := r.open(os.O_RDWR)
	if err == nil {
		info, err = r.file.Stat()
	}
	if errors.Is(err, fs.ErrNotExist) || (err == nil && info.Size() < size) {
		return fmt.Errorf("the rejects file %s is not there, or shorter than when the import was stopped: "+
			"put it back, or remove the state file to begin anew", r.path)
	}
	if err == nil {
		err = r.file.Truncate(size)
	}
	if err == nil {
		_, err = r.file.Seek(size, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("go on with the rejects file: %w", err)
	}
	r.size = size
	return nil
}

func (r *rejects) open(flags int) (err error) {
	if r.file, err = os.OpenFile(r.path, flags, 0o600); err != nil {
		return fmt.Errorf("open the rejects file: %w; choose another place with -rejects", err)
	}
	r.out = bufio.NewWriter(r)
	r.csv = csv.NewWriter(r.out)
	return nil
}

// Write implements [io.Writer] for the buffer and counts.
func (r *rejects) Write(b []byte) (int, error) {
	n, err := r.file.Write(b)
	r.size += int64(n)
	return n, err
}

// add writes down a row and why it was rejected.
func (r *rejects) add(row Row, why Reason) error {
	if r.file == nil {
		if err := r.open(os.O_CREATE | os.O_EXCL | os.O_RDWR); err != nil {
			return err
		}
		if _, err := r.out.WriteString(rejectsHeader); err != nil {
			return fmt.Errorf("write the rejects file: %w", err)
		}
	}
	phone := strings.Trim(row.Phone, `"`)
	fields := []string{
		strconv.FormatInt(row.Number, 10), strconv.FormatInt(row.Line, 10), why.Code, why.Detail, row.Name, phone, why.Raw,
	}
	if err := r.csv.Write(fields); err != nil {
		return fmt.Errorf("write the rejects file: %w", err)
	}
	return nil
}

// sync returns the length of the file when all of it is on the disk.
func (r *rejects) sync() (int64, error) {
	if r.file == nil {
		return 0, nil
	}
	r.csv.Flush()
	if err := errors.Join(r.csv.Error(), r.out.Flush(), r.file.Sync()); err != nil {
		return 0, fmt.Errorf("write the rejects file %s: %w", r.path, err)
	}
	return r.size, nil
}

func (r *rejects) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
