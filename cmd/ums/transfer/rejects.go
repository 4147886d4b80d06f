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

// rejects is the file of the rows that were rejected. It is made with the first one.
type rejects struct {
	path string
	file *os.File
	out  *bufio.Writer
	csv  *csv.Writer
	size int64 // in bytes
}

// openRejects begins a file, or goes on with one of which so many bytes count.
func openRejects(path string, size int64, resumed bool) (*rejects, error) {
	r := &rejects{path: path}
	if size == 0 {
		return r, r.makeRoom(resumed)
	}
	if err := r.open(os.O_RDWR); err != nil {
		return nil, err
	}
	if info, err := r.file.Stat(); err != nil || info.Size() < size {
		return nil, errors.Join(fmt.Errorf("the rejects file %s is shorter than when the import was stopped: "+
			"put it back, or remove the state file to begin anew", path), err, r.close())
	}
	if err := r.file.Truncate(size); err != nil {
		return nil, errors.Join(fmt.Errorf("go on with the rejects file: %w", err), r.close())
	}
	if _, err := r.file.Seek(size, io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("go on with the rejects file: %w", err), r.close())
	}
	r.size = size
	return r, nil
}

// makeRoom removes what an import that goes on has not counted, and refuses to write over anything else.
func (r *rejects) makeRoom(resumed bool) error {
	if resumed {
		if err := os.Remove(r.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("begin the rejects file anew: %w", err)
		}
		return nil
	}
	if _, err := os.Lstat(r.path); err == nil {
		return fmt.Errorf("there is a file %s already: move it away, or choose another with -rejects", r.path)
	}
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
		if err := r.csv.Write([]string{"row", "line", "code", "detail", "name", "phone", "raw"}); err != nil {
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
