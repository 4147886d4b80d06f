package gateway

import (
	"slices"
	"sync"
)

// lease lends one value to all who take it by the same key, so that it outlives each of them. Another key is another
// value; the one before ends when all have given it back, and counts again if the other one was given back before. It is
// safe for concurrent use.
type lease[T any] struct {
	mu   sync.Mutex
	lent []*lent[T] // none has ended; the last one counts
}

type lent[T any] struct {
	key   string
	value T
	users int
	end   func()
}

// take returns the value of a key, which is opened if it is not lent already, and how it is given back; that may be called
// more than once. The error is that of open, and leaves everything as it was.
func (l *lease[T]) take(key string, open func() (T, func(), error)) (value T, back func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	it := l.current()
	if it == nil || it.key != key {
		it = &lent[T]{key: key}
		if it.value, it.end, err = open(); err != nil {
			return value, nil, err
		}
		l.lent = append(l.lent, it)
	}
	it.users++
	return it.value, sync.OnceFunc(func() { l.giveBack(it) }), nil
}

func (l *lease[T]) giveBack(it *lent[T]) {
	l.mu.Lock()
	it.users--
	last := it.users == 0
	if last {
		l.lent = slices.DeleteFunc(l.lent, func(other *lent[T]) bool { return other == it })
	}
	l.mu.Unlock()
	if last {
		it.end()
	}
}

// current returns what counts, or nil. l.mu is held.
func (l *lease[T]) current() *lent[T] {
	if len(l.lent) == 0 {
		return nil
	}
	return l.lent[len(l.lent)-1]
}

// now returns the value that was opened last of those that are lent, or the zero value.
func (l *lease[T]) now() (value T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if it := l.current(); it != nil {
		value = it.value
	}
	return value
}
