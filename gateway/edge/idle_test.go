package edge_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
	"weak"

	"github.com/glarimy/ums/gateway/edge"
	"github.com/glarimy/ums/gateway/exchange"
)

// watching is a handler that uses every field of an exchange, and tells what the last request's head and the last answer's
// are kept in, without keeping them.
type watching struct{ request, answer weak.Pointer[byte] }

// Serve implements exchange.Handler.
func (w *watching) Serve(x *exchange.Exchange) {
	value := strings.Repeat("b", 1<<10) // as if it were an upstream's head
	w.request, w.answer = weak.Make(unsafe.StringData(x.Method)), weak.Make(unsafe.StringData(value))
	x.ClientIP, x.RequestID = x.Host, x.Host
	x.Upstream = append(x.Upstream, x.Fields...)
	trailer := []exchange.Field{{Name: "X-B", Value: value[1:]}}
	x.Fresh = append(append(x.Fresh, exchange.Field{Name: "X-A", Value: value}), trailer...)
	if x.Begin(http.StatusOK, x.Fresh, exchange.Unknown) == nil {
		x.Client.Trail(trailer)
		_ = x.Client.End()
	}
	x.Fresh = x.Fresh[:0]
}

// TestIdle checks that an idle connection, of which there may be thousands, keeps neither the head of the last request nor
// that of its answer.
func TestIdle(t *testing.T) {
	t.Parallel()
	handler := new(watching)
	server := edge.NewServer(handler, slog.New(slog.DiscardHandler), edge.Limits{})
	client, conn := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.ServeConn(conn, false)
	}()
	defer func() {
		_ = client.Close()
		<-ended
	}()
	ask(t, client)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.After(10 * time.Second); handler.request.Value() != nil || handler.answer.Value() != nil; runtime.GC() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("kept: the request's head: %t, the answer's: %t", handler.request.Value() != nil, handler.answer.Value() != nil)
		}
	}
	ask(t, client) // it was idle, and not closed
}

// ask sends a request with a long head, and reads the answer.
func ask(t *testing.T, client net.Conn) {
	t.Helper()
	if _, err := io.WriteString(client, "GET /a HTTP/1.1\r\nHost: h\r\nX-Long: "+strings.Repeat("a", 1<<10)+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, buffer := "", make([]byte, 4<<10)
	for !strings.Contains(answer, "\r\n0\r\n") || !strings.HasSuffix(answer, "\r\n\r\n") {
		n, err := client.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		answer += string(buffer[:n])
	}
}
