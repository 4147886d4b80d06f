package usercache_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// proxy stands between clients and Redis and can be slow. What a client has sent arrives even if it has given up and
// gone: that is how a command comes late.
type proxy struct {
	addr    string
	slowest atomic.Int64 // nanoseconds that each piece is held up at most

	watched []byte       // what breaks the connection off that it is sent on, if anything
	seen    atomic.Int64 // how often that was
}

func newProxy(t *testing.T, target string, watched string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &proxy{addr: listener.Addr().String(), watched: []byte(watched)}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client, target)
		}
	}()
	return p
}

// slow has every piece held up for a random time up to d.
func (p *proxy) slow(d time.Duration) { p.slowest.Store(int64(d)) }

func (p *proxy) serve(client net.Conn, target string) {
	server, err := net.Dial("tcp", target)
	if err != nil {
		_ = client.Close()
		return
	}
	go func() {
		p.forward(client, server)
		_ = client.Close()
	}()
	p.forward(server, client)
	_ = server.Close()
}

// forward copies until from ends.
func (p *proxy) forward(to io.Writer, from io.Reader) {
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if d := p.slowest.Load(); d > 0 {
			<-time.After(time.Duration(rand.Int64N(d)))
		}
		if len(p.watched) > 0 && bytes.Contains(piece[:n], p.watched) {
			p.seen.Add(1)
			return
		}
		if _, werr := to.Write(piece[:n]); err != nil || werr != nil {
			return
		}
	}
}
