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
	content []byte // of the last file that was looked at, good or bad
}

// Open reads a file of keys. The error says what is wrong with it: a config.Errors, or that it cannot be read.
func Open(path string, rules Rules, logger *slog.Logger) (*Store, error) {
	s := &Store{path: path, rules: rules, logger: logger}
	content, err := s.read()
	if err != nil {
		return nil, err
	}
	if err := s.take(content); err != nil {
		return nil, err
	}
	return s, nil
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
// was made: in place, by renaming, or by the symbolic links of a mounted secret.
func (s *Store) Watch(ctx context.Context, tick <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			if err := s.Reload(); err != nil {
				s.logger.ErrorContext(ctx, "the file of the API keys is bad: the keys of before stay in force",
					slog.String("file", s.path), slog.Any("error", err))
			}
		}
	}
}

// Reload takes over the file if it has changed. After an error the keys of before stay in force; the same bad content
// is no error again.
func (s *Store) Reload() error {
	s.loading.Lock()
	defer s.loading.Unlock()
	content, err := s.read()
	if err != nil {
		if s.content == nil {
			return nil // told already
		}
		s.content = nil
		return err
	}
	if s.content != nil && bytes.Equal(content, s.content) {
		return nil
	}
	if err := s.take(content); err != nil {
		return err
	}
	s.logger.Info("the API keys were read", slog.String("file", s.path), slog.Int("keys", s.Len()))
	return nil
}

func (s *Store) read() ([]byte, error) {
	info, err := os.Stat(s.path)
	if err == nil && info.Size() > maxFile {
		return nil, fmt.Errorf("the file of the API keys %s is larger than %d bytes", s.path, maxFile)
	}
	content, err := os.ReadFile(s.path)
	if err != nil {
		return nil, fmt.Errorf("read the API keys: %w", err)
	}
	if content == nil {
		content = []byte{}
	}
	return content, nil
}

func (s *Store) take(content []byte) error {
	s.content = content
	entries, err := Parse(s.path, content, s.rules)
	if err != nil {
		return err
	}
	keys := make(map[Hash]*Entry, len(entries))
	for i := range entries {
		e := &entries[i]
		e.LimitKey, e.Joined = "key:"+e.ID, strings.Join(e.Scopes, " ")
		keys[e.Hash] = e
	}
	s.keys.Store(&keys)
	return nil
}
