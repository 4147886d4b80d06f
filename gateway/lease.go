package gateway

import "sync"

// lease lends one value to all who take it by the same key, so that it outlives each of them. Another key is another
// value; the one before ends when all have given it back. It is safe for concurrent use.
type lease[T any] struct {
	mu      sync.Mutex
	current *lent[T]
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
	it := l.current
	if it == nil || it.users == 0 || it.key != key {
		it = &lent[T]{key: key}
		if it.value, it.end, err = open(); err != nil {
			return value, nil, err
		}
		l.current = it
	}
	it.users++
	return it.value, sync.OnceFunc(func() { l.giveBack(it) }), nil
}

func (l *lease[T]) giveBack(it *lent[T]) {
	l.mu.Lock()
	it.users--
	last := it.users == 0
	l.mu.Unlock()
	if last {
		it.end()
	}
}

// now returns the value that was opened last, or the zero value.
func (l *lease[T]) now() (value T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		value = l.current.value
	}
	return value
}
