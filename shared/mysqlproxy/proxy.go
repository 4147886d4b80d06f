// Package mysqlproxy puts a proxy between a program and its MySQL, by which a test holds up, refuses or cuts off the
// statement of its choice: what a network and a dying server do, at a moment that the test decides.
package mysqlproxy

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Action is what becomes of a statement.
type Action int

// The actions. To CutBefore, CutAfter and Swallow the program never sees an answer.
const (
	Pass      Action = iota // nothing out of the ordinary
	Refuse                  // the server never sees it; the program is told of a deadlock (error 1213)
	CutBefore               // the server never sees it; the connection breaks
	CutAfter                // the server carries it out; then the connection breaks
	Swallow                 // the server carries it out; the connection stays, silent
	Demote                  // the server never sees it; the program is told that it is read-only (error 1290)
)

// Interceptor decides about one statement, before the server sees it. It may take its time: the statement waits.
// It is called by many goroutines at once.
type Interceptor func(statement string) Action

// Proxy is one address in front of a server. Its methods are safe for concurrent use.
type Proxy struct {
	url    string
	server string
	listen func() net.Listener

	mu          sync.Mutex
	intercept   Interceptor
	listener    net.Listener // nil while the proxy is down
	connections map[*connection]bool
	running     sync.WaitGroup
}

// New puts a proxy in front of the database of the URL, in the form of DATABASE_URL. It is gone when tb ends.
// Connections must be neither encrypted nor compressed, and statements not prepared.
func New(tb testing.TB, databaseURL string) *Proxy {
	tb.Helper()
	config, err := mysql.ParseDSN(strings.TrimPrefix(databaseURL, "mysql://"))
	if err != nil {
		tb.Fatalf("put a proxy in front of MySQL: %v", err)
	}
	p := &Proxy{server: config.Addr, connections: map[*connection]bool{}}
	p.listen = listening(tb, "127.0.0.1:0")
	p.Start()
	p.listen = listening(tb, p.listener.Addr().String())
	p.url = strings.Replace(databaseURL, "("+config.Addr+")", "("+p.listener.Addr().String()+")", 1)
	tb.Cleanup(func() {
		p.Stop()
		p.running.Wait()
	})
	return p
}

func listening(tb testing.TB, addr string) func() net.Listener {
	return func() net.Listener {
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
		if err != nil {
			tb.Errorf("listen in front of MySQL: %v", err)
		}
		return listener
	}
}

// URL returns the way to the database through the proxy, in the form of DATABASE_URL.
func (p *Proxy) URL() string { return p.url }

// Intercept has every statement from now on decided about by f. Nil lets them all pass.
func (p *Proxy) Intercept(f Interceptor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.intercept = f
}

// Stop breaks all connections; new ones are refused.
func (p *Proxy) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	for c := range p.connections {
		c.cut()
	}
}

// Start ends a Stop, at the same address.
func (p *Proxy) Start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return
	}
	if p.listener = p.listen(); p.listener != nil {
		listener := p.listener
		p.running.Go(func() { p.accept(listener) })
	}
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		program, err := listener.Accept()
		if err != nil {
			return // stopped
		}
		p.running.Go(func() { p.serve(program) })
	}
}

func (p *Proxy) serve(program net.Conn) {
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.server)
	if err != nil {
		_ = program.Close()
		return
	}
	c := &connection{program: program, server: server, answered: make(chan struct{}, 1), decide: p.decide}
	if !p.add(c) {
		c.cut()
		return
	}
	defer p.remove(c)
	c.run()
}

// add returns false where the proxy has been stopped meanwhile.
func (p *Proxy) add(c *connection) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil {
		return false
	}
	p.connections[c] = true
	return true
}

func (p *Proxy) remove(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.connections, c)
}

func (p *Proxy) decide(statement string) Action {
	p.mu.Lock()
	f := p.intercept
	p.mu.Unlock()
	if f == nil {
		return Pass
	}
	return f(statement)
}
