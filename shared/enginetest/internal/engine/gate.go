package engine

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// A gate forwards TCP connections to a server and can do to its clients what the end of the server would: refuse and
// break connections, or leave them without an answer.
type gate struct {
	target string
	addr   string // where clients connect

	mu       sync.Mutex
	listener net.Listener // nil while closed
	conns    map[net.Conn]struct{}
	held     chan struct{} // closed unless the gate is on hold
	running  sync.WaitGroup
}

// newGate opens a gate to target on a free port.
func newGate(target string) (*gate, error) {
	g := &gate{target: target, conns: make(map[net.Conn]struct{}), held: make(chan struct{})}
	close(g.held)
	return g, onFreePort(func(port int) error {
		g.addr = loopback(port)
		if err := g.Open(); err != nil {
			return fmt.Errorf("%w: %w", errPortTaken, err)
		}
		return nil
	})
}

// Open accepts connections.
func (g *gate) Open() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil {
		return errors.New("open a gate: it is open")
	}
	listener, err := net.Listen("tcp", g.addr)
	if err != nil {
		return fmt.Errorf("open a gate to %s: %w", g.target, err)
	}
	g.listener = listener
	g.running.Go(func() { g.accept(listener) })
	return nil
}

// Close refuses connections and breaks those there are. It returns when nothing is forwarded any more.
func (g *gate) Close() error {
	g.mu.Lock()
	var err error
	if g.listener != nil {
		err = g.listener.Close()
		g.listener = nil
	}
	for conn := range g.conns {
		_ = conn.Close()
	}
	g.release()
	g.mu.Unlock()
	g.running.Wait()
	return err
}

// Hold lets nothing through in either direction until Release.
func (g *gate) Hold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.held:
		g.held = make(chan struct{})
	default:
	}
}

// Release lets through what was held back.
func (g *gate) Release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.release()
}

func (g *gate) release() {
	select {
	case <-g.held:
	default:
		close(g.held)
	}
}

func (g *gate) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		g.running.Go(func() { g.forward(listener, client) })
	}
}

// forward carries one connection until either side ends it.
func (g *gate) forward(listener net.Listener, client net.Conn) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", g.target, redisPatience)
	if err != nil {
		return
	}
	defer server.Close()
	if !g.adopt(listener, client, server) {
		return
	}
	defer g.forget(client, server)
	var back sync.WaitGroup
	back.Go(func() { g.carry(client, server) })
	g.carry(server, client)
	back.Wait()
}

// adopt registers a connection for Close, unless its listener has been closed meanwhile.
func (g *gate) adopt(listener net.Listener, conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != listener {
		return false
	}
	for _, conn := range conns {
		g.conns[conn] = struct{}{}
	}
	return true
}

func (g *gate) forget(conns ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, conn := range conns {
		delete(g.conns, conn)
	}
}

// carry copies in one direction, then ends both: Redis has no half-closed connections.
func (g *gate) carry(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	_, _ = io.Copy(holding{to, g}, from)
}

// holding is a connection whose writes wait for the gate.
type holding struct {
	net.Conn
	gate *gate
}

func (h holding) Write(b []byte) (int, error) {
	h.gate.mu.Lock()
	held := h.gate.held
	h.gate.mu.Unlock()
	<-held
	return h.Conn.Write(b)
}
