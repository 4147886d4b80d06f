package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// dialTimeout is within every sensible route's timeout, so that an upstream that swallows packets is told apart
	// from a slow one.
	dialTimeout = time.Second
	// idleTimeout is below that of the services' servers: it is the gateway that closes an idle connection, and never
	// sends a request down one that the service is just closing.
	idleTimeout         = 90 * time.Second
	idleConns           = 256 // to one upstream; beyond them a connection is closed after its request
	continueTimeout     = time.Second
	responseHeaderBytes = 64 << 10
)

// newTransport returns connections to one upstream. HTTP/1.1 alone: services speak it, and it lets a broken connection
// break one request only.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	secure := &tls.Dialer{NetDialer: dialer, Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	return &http.Transport{
		// No proxy from the environment: it would see what is meant for the services alone.
		Proxy:                  nil,
		DialContext:            marked(dialer.DialContext),
		DialTLSContext:         marked(secure.DialContext),
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleTimeout,
		ExpectContinueTimeout:  continueTimeout,
		MaxResponseHeaderBytes: responseHeaderBytes,
		// What the client accepts is between it and the service; the gateway adds no Accept-Encoding of its own.
		DisableCompression: true,
	}
}

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// dialError is a connection that could not be opened: nothing of the request was sent.
type dialError struct{ err error }

func (e *dialError) Error() string { return fmt.Sprintf("open a connection: %v", e.err) }

func (e *dialError) Unwrap() error { return e.err }

func isDial(err error) bool {
	_, ok := errors.AsType[*dialError](err)
	return ok
}

// marked returns dial with its errors made recognizable, those of a TLS handshake included.
func marked(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, &dialError{err: err}
		}
		return conn, nil
	}
}

const bufferSize = 32 << 10

// bufferPool lends the buffers through which answers are copied. It keeps arrays, because a slice would be allocated
// anew each time that it is put back.
type bufferPool struct{ pool sync.Pool }

func newBufferPool() *bufferPool {
	return &bufferPool{pool: sync.Pool{New: func() any { return new([bufferSize]byte) }}}
}

func (b *bufferPool) Get() []byte {
	array, _ := b.pool.Get().(*[bufferSize]byte)
	return array[:]
}

func (b *bufferPool) Put(buf []byte) { b.pool.Put((*[bufferSize]byte)(buf)) }
