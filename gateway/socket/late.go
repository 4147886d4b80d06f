package socket

import "sync"

// BufferSize is the length of every buffer of [Buffers], in bytes.
const BufferSize = 4 << 10

// Buffers are buffers that connections share: one that waits for its other side needs none. The zero value is ready to use.
// It is safe for concurrent use.
type Buffers struct{ pool sync.Pool }

// Get returns a buffer of BufferSize bytes, whatever is in it.
func (b *Buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[BufferSize]byte); ok {
		return p[:]
	}
	return make([]byte, BufferSize)
}

// Put takes a buffer back that nobody uses any more. One of another size is left to the garbage collector.
func (b *Buffers) Put(p []byte) {
	if cap(p) == BufferSize {
		b.pool.Put((*[BufferSize]byte)(p[:BufferSize]))
	}
}

// LateReader is a connection that needs no buffer while it waits. What [Direct] returns may be one.
type LateReader interface {
	// ReadLate waits for something to read, and only then takes a buffer and reads into it. It returns the buffer and
	// what Read would; the buffer is nil where none was taken.
	ReadLate(b *Buffers) (p []byte, n int, err error)
}
