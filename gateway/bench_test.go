package gateway_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"runtime"
	"testing"
)

// constantUpstream answers every request at once with 80 bytes, and allocates nothing for it.
func constantUpstream(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 80\r\n\r\n" +
		`{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00.000000Z"}`)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					for {
						line, err := r.ReadSlice('\n')
						if err != nil {
							return
						}
						if len(line) == 2 {
							break
						}
					}
					if _, err := conn.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// getter sends one request after another over a connection, and allocates nothing for it.
type getter struct {
	conn    net.Conn
	request []byte
	buffer  []byte
	answer  int // its length in bytes, known after the first
}

func newGetter(tb testing.TB, addr string) *getter {
	tb.Helper()
	g := &getter{conn: dialRaw(tb, addr).Conn, buffer: make([]byte, 4<<10), request: []byte(
		"GET /user/Krishna%2FMohan HTTP/1.1\r\nHost: localhost:8080\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n")}
	if _, err := g.conn.Write(g.request); err != nil {
		tb.Fatal(err)
	}
	for !bytes.HasSuffix(g.buffer[:g.answer], []byte(`Z"}`)) {
		n, err := g.conn.Read(g.buffer[g.answer:])
		if err != nil {
			tb.Fatal(err)
		}
		g.answer += n
	}
	return g
}

func (g *getter) get(tb testing.TB) {
	if _, err := g.conn.Write(g.request); err != nil {
		tb.Fatal(err)
	}
	if _, err := io.ReadFull(g.conn, g.buffer[:g.answer]); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkGateway measures the whole gateway as it is by default, over loopback, against a constant upstream: a client,
// the gateway and the upstream share the processors.
func BenchmarkGateway(b *testing.B) {
	addr := serve(b, everySlotAt(constantUpstream(b)))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		client := newGetter(b, addr)
		for pb.Next() {
			client.get(b)
		}
	})
}

// BenchmarkGateway_crowd is the same with 1,000 clients, each of which asks again as soon as it has its answer. None may
// be refused: they wait for the processors, not for the upstream.
func BenchmarkGateway_crowd(b *testing.B) {
	addr := serve(b, everySlotAt(constantUpstream(b)))
	b.SetParallelism((1000 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		client := newGetter(b, addr)
		for pb.Next() {
			client.get(b)
			if !bytes.HasPrefix(client.buffer, []byte("HTTP/1.1 200 ")) {
				b.Errorf("a client was refused: %.40q", client.buffer)
				return
			}
		}
	})
}

// maxAllocs is what a GET may allocate: its head, the answer's head, and its id.
const maxAllocs = 3

func TestAllocations(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	addr := serve(t, everySlotAt(constantUpstream(t)))
	client := newGetter(t, addr)
	if got := testing.AllocsPerRun(2000, func() { client.get(t) }); got > maxAllocs+dropped {
		t.Errorf("a GET costs %.1f allocations, want at most %d", got, maxAllocs+dropped)
	}
}
