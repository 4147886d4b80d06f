package transfer

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gofrs/flock"
)

// Counts are the verdicts on the rows so far. Read is always the sum of the others.
type Counts struct {
	Read     int64 `json:"read"`
	Added    int64 `json:"added"`
	Existed  int64 `json:"existed"`
	Updated  int64 `json:"updated"` // of those that existed, whose phone number was set
	Rejected int64 `json:"rejected"`
}

// checkpoint is a line of the state file: all rows up to a place have a verdict.
type checkpoint struct {
	Import string   `json:"import"` // the import's own id, of which the idempotency keys are made
	Input  string   `json:"input"`  // identifies the input's content
	System string   `json:"system"` // the URL
	At     position `json:"at"`
	Counts Counts   `json:"counts"`

	Rejects     int64  `json:"rejects"`      // the length of the rejects file, in bytes
	RejectsFile string `json:"rejects_file"` // its absolute path, from before it is made
}

// state is the file with the checkpoints, one appended after the other, so that a crash can only harm the last. While it
// is open no other import may use it.
type state struct {
	path string
	lock *flock.Flock
	file *os.File
}

// openState opens or makes the file and reads the last checkpoint, which is nil where there is none.
func openState(path string) (*state, *checkpoint, error) {
	lock := flock.New(path, flock.SetPermissions(0o600))
	switch held, err := lock.TryLock(); {
	case err != nil:
		return nil, nil, fmt.Errorf("open the state file: %w; choose another place with -state", err)
	case !held:
		return nil, nil, fmt.Errorf("another import works with the state file %s: let it end", path)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the state file: %w; choose another place with -state", err), lock.Close())
	}
	s := &state{path: path, lock: lock, file: file}
	last, err := s.read()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read the state file %s: %w", path, err), s.close())
	}
	return s, last, nil
}

// read returns the last whole line and cuts off what follows it. It changes nothing of a file that no import has written.
func (s *state) read() (*checkpoint, error) {
	content, err := io.ReadAll(s.file)
	if err != nil {
		return nil, err
	}
	const begins = `{"import":"`
	whole := content[:bytes.LastIndexByte(content, '\n')+1]
	lines := bytes.Split(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	var last checkpoint
	switch text := string(content[:min(len(content), len(begins))]); {
	case len(whole) == 0 && strings.HasPrefix(begins, text):
	case text != begins || json.Unmarshal(lines[len(lines)-1], &last) != nil || last.Import == "":
		return nil, errors.New("it is not one of an import: choose another place with -state, or remove it to begin anew")
	}
	if err := s.file.Truncate(int64(len(whole))); err != nil {
		return nil, err
	}
	if _, err := s.file.Seek(int64(len(whole)), io.SeekStart); err != nil || len(whole) == 0 {
		return nil, err
	}
	return &last, nil
}

// write appends a checkpoint and returns when it is on the disk.
func (s *state) write(c checkpoint) error {
	text, err := json.Marshal(c)
	if err == nil {
		_, err = s.file.Write(append(text, '\n'))
	}
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write the state file %s: %w", s.path, err)
	}
	return nil
}

// remove ends an import that is complete.
func (s *state) remove() error { return errors.Join(os.Remove(s.path), s.close()) }

func (s *state) close() error { return errors.Join(s.file.Close(), s.lock.Close()) }

// newImportID makes two imports of the same file differ: what the first has added, and someone has removed since, the
// second adds again.
func newImportID() string { return rand.Text() }
