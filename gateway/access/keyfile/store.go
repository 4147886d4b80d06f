package keyfile

import (
	"bytes"
	"context"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxFile bounds a file of keys, in bytes: about 50,000 keys.
const maxFile = 16 << 20

// Store holds the keys of a file. A bad file never takes the place of a good one. It is safe for concurrent use.
type Store struct {
	path   string
	rules  Rules
	logger *slog.Logger

	keys atomic.Pointer[map[Hash]*Entry]

	loading sync.Mutex
	seen    contents // at the last look
	taken   contents // those that were judged last, good or bad
}

// Open reads a file of keys. The error says what is wrong with it: a config.Errors, or that it cannot be read.
func Open(path string, rules Rules, logger *slog.Logger) (*Store, error) {
	s := &Store{path: path, rules: rules, logger: logger}
	if err := s.Reload(); err != nil {
		return nil, err
	}
	return s, nil
}

// Check returns what is wrong with a file of keys, as Open does.
func Check(path string, rules Rules) error {
	_, err := Open(path, rules, slog.New(slog.DiscardHandler))
	return err
}

// Lookup returns the entry of a key, or nil where the key is not there or has expired.
func (s *Store) Lookup(key string, now time.Time) *Entry {
	h, ok := HashOf(key)
	if !ok {
		return nil
	}
	e := (*s.keys.Load())[h]
	if e == nil || subtle.ConstantTimeCompare(e.Hash[:], h[:]) != 1 || e.Expired(now) {
		return nil
	}
	return e
}

// Len returns how many keys there are.
func (s *Store) Len() int { return len(*s.keys.Load()) }

// Watch looks at the file whenever tick fires, until ctx ends. It compares contents, so that it sees a change however it
// was made: in place, by renaming, or by the symbolic links of a mounted secret. A change is taken over when two looks in
// a row saw it the same, as the first may have been in the middle of its writing.
func (s *Store) Watch(ctx context.Context, tick <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			if err := s.look(); err != nil {
				s.logger.ErrorContext(ctx, "the file of the API keys is bad: the keys of before stay in force",
					slog.String("file", s.path), slog.Any("error", err))
			}
		}
	}
}

// Reload takes over the file as it is now. After an error the keys of before stay in force.
func (s *Store) Reload() error {
	s.loading.Lock()
	defer s.loading.Unlock()
	s.seen = s.read()
	return s.take(s.seen)
}

// look takes over the file if it has changed and was the same at the last look. It tells of an error once.
func (s *Store) look() error {
	s.loading.Lock()
	defer s.loading.Unlock()
	before := s.seen
	s.seen = s.read()
	if !s.seen.equal(before) || s.seen.equal(s.taken) {
		return nil
	}
	return s.take(s.seen)
}

// contents are those of a file, or why it could not be read.
type contents struct {
	data []byte
	err  error
}

func (c contents) equal(other contents) bool {
	if c.err != nil || other.err != nil {
		return c.err != nil && other.err != nil && c.err.Error() == other.err.Error()
	}
	return bytes.Equal(c.data, other.data)
}

func (s *Store) read() contents {
	info, err := os.Stat(s.path)
	if err == nil && info.Size() > maxFile {
		return contents{err: fmt.Errorf("the file of the API keys %s is larger than %d bytes", s.path, maxFile)}
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		return contents{err: fmt.Errorf("read the API keys: %w", err)}
	}
	return contents{data: data}
}

func (s *Store) take(c contents) error {
	changed := !c.equal(s.taken)
	s.taken = c
	if c.err != nil {
		return c.err
	}
	entries, err := Parse(s.path, c.data, s.rules)
	if err != nil {
		return err
	}
	keys := make(map[Hash]*Entry, len(entries))
	for i := range entries {
		e := &entries[i]
		e.LimitKey, e.Joined = "key:"+e.ID, strings.Join(e.Scopes, " ")
		keys[e.Hash] = e
	}
	if s.keys.Swap(&keys) != nil && changed {
		s.logger.Info("the API keys were read", slog.String("file", s.path), slog.Int("keys", len(keys)))
	}
	return nil
}
