package gateway_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/shared/httpserver"
)

// TestDNS has instances appear under a name, and go, while requests run through the whole gateway. None fails, also while
// the name cannot be looked up.
func TestDNS(t *testing.T) {
	t.Parallel()
	const clients, some = 4, 200
	one := newInstance(t, "127.0.0.2:0")
	two, three := newInstance(t, "127.0.0.3:"+one.port), newInstance(t, "127.0.0.4:"+one.port)
	names := newNameServer(t)
	names.answer(one)
	log := new(syncBuffer)
	addr := serve(t, everySlotAt("http://127.0.0.1:1"), func(_ *httpserver.Config, d *gateway.Dependencies) {
		d.Routes = loadUpstream(t, "url: dns+http://find.test:"+one.port+", lookup: 100ms")
		d.Resolver, d.Logger = names.resolver(), slog.New(slog.NewJSONHandler(log, nil))
	})
	var done, failed atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range clients {
		client := dialRaw(t, addr)
		running.Go(func() {
			for ctx.Err() == nil {
				_, _ = io.WriteString(client, getUser)
				if res, err := client.read(http.MethodGet); err != nil || string(res.body) != "ok" {
					failed.Add(1)
					t.Errorf("a request failed: %v, %q", err, res.body)
					return
				}
				done.Add(1)
			}
		})
	}
	progress := func(i *instance) {
		t.Helper()
		goal := i.served.Load() + some
		waitFor(t, func() bool { return i.served.Load() >= goal || failed.Load() > 0 })
	}
	gone := func(i *instance) {
		t.Helper()
		waitFor(t, func() bool { return left(log, i) })
		i.server.Close() // as after the delay that a pod stops with; it waits for what is in flight
	}
	progress(one)
	names.answer(one, two)
	progress(two)
	names.answer(two)
	gone(one)
	progress(two)
	names.answer() // fails
	waitFor(t, func() bool { return strings.Contains(log.String(), "could not be looked up") })
	progress(two)
	names.answer(two, three)
	progress(three)
	names.answer(three)
	gone(two)
	progress(three)
	stop()
	running.Wait()
	t.Logf("%d requests, %d failed", done.Load(), failed.Load())
}

// TestDNS_away opens a new connection for each request to a name that cannot be looked up any more.
func TestDNS_away(t *testing.T) {
	t.Parallel()
	one := newInstance(t, "127.0.0.5:0")
	one.server.Config.SetKeepAlivesEnabled(false)
	names := newNameServer(t)
	names.answer(one)
	addr := serve(t, everySlotAt("http://127.0.0.1:1"), func(_ *httpserver.Config, d *gateway.Dependencies) {
		d.Routes, d.Resolver = loadUpstream(t, "url: http://find.test:"+one.port), names.resolver()
	})
	client := dialRaw(t, addr)
	for i := range 4 {
		if i == 1 {
			names.answer() // fails
		}
		_, _ = io.WriteString(client, getUser)
		if res, err := client.read(http.MethodGet); err != nil || string(res.body) != "ok" {
			t.Fatalf("request %d failed: %v, %q", i, err, res.body)
		}
	}
	if n := one.served.Load(); n != 4 { // and not the gateway, with an old answer
		t.Errorf("the instance served %d requests, want 4", n)
	}
}

func left(log *syncBuffer, i *instance) bool {
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "an instance has left") && strings.Contains(line, i.ip.String()) {
			return true
		}
	}
	return false
}

// instance is one of several servers that have the same port.
type instance struct {
	server *httptest.Server
	ip     netip.Addr
	port   string
	served *atomic.Int64
}

func newInstance(t *testing.T, addr string) *instance {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Skipf("this system has no address for several instances on one port: %v", err)
	}
	at := netip.MustParseAddrPort(l.Addr().String())
	i := &instance{ip: at.Addr(), port: fmt.Sprint(at.Port()), served: new(atomic.Int64)}
	i.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.served.Add(1)
		_, _ = io.WriteString(w, "ok")
	}))
	_ = i.server.Listener.Close()
	i.server.Listener = l
	i.server.Start()
	t.Cleanup(i.server.Close)
	return i
}

// nameServer is a DNS server that has the same addresses for every name.
type nameServer struct {
	conn  net.PacketConn
	addrs atomic.Pointer[[]netip.Addr]
}

func newNameServer(t *testing.T) *nameServer {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{conn: conn}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.serve()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-ended
	})
	return s
}

// answer sets who stands in the answers from now on; with nobody, lookups fail.
func (s *nameServer) answer(instances ...*instance) {
	addrs := make([]netip.Addr, len(instances))
	for i, instance := range instances {
		addrs[i] = instance.ip
	}
	s.addrs.Store(&addrs)
}

// resolver asks this server alone.
func (s *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", s.conn.LocalAddr().String())
	}}
}

func (s *nameServer) serve() {
	buffer := make([]byte, 512)
	for {
		n, from, err := s.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
		addrs := *s.addrs.Load()
		if len(addrs) == 0 {
			m.RCode = dnsmessage.RCodeServerFailure
		}
		for _, a := range addrs {
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = append(m.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}, Body: &dnsmessage.AResource{A: a.As4()},
				})
			}
		}
		if answer, err := m.Pack(); err == nil {
			_, _ = s.conn.WriteTo(answer, from)
		}
	}
}
