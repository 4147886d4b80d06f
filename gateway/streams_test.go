package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStreams_events checks that the head of a stream arrives before its first event, and each event before the next is
// made: the upstream makes one only when the client has seen the one before. None waits until the gateway next looks after
// its client, which it does every second.
func TestStreams_events(t *testing.T) {
	t.Parallel()
	const events = 5
	next := make(chan struct{})
	for name, framing := range map[string]struct{ head, event string }{
		"chunked":  {"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n", "9\r\ndata: %d\n\n\r\n"},
		"to close": {"Content-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\r\n", "data: %d\n\n"},
		"counted":  {"Content-Type: text/event-stream\r\nContent-Length: 1000\r\n\r\n", "data: %d\n\n"},
	} {
		upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+framing.head)
			for i := range events {
				<-next
				_, _ = fmt.Fprintf(conn, framing.event, i)
			}
			<-next
			return false
		})
		g := start(t, upstream.url)
		client := dialRaw(t, g.addr)
		client.write(t, "GET /journal/stream HTTP/1.1\r\nHost: h\r\n\r\n")
		res, err := http.ReadResponse(client.reader, nil)
		if err != nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
			t.Fatalf("%s: %+v, %v", name, res, err)
		}
		lines := bufio.NewReader(res.Body)
		var took [events]time.Duration
		for i := range events {
			made := time.Now()
			next <- struct{}{}
			line, err := lines.ReadString('\n')
			if want := fmt.Sprintf("data: %d\n", i); err != nil || line != want {
				t.Fatalf("%s: %q, %v; want %q", name, line, err, want)
			}
			if _, err := lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			took[i] = time.Since(made)
		}
		if slices.Sort(took[:]); took[events/2] > time.Second/2 {
			t.Errorf("%s: half of the events took longer than %s, each sent by itself", name, took[events/2])
		}
		next <- struct{}{}
		_ = res.Body.Close()
	}
}

// TestStreams_upload checks that a request's body flows before it is complete.
func TestStreams_upload(t *testing.T) {
	t.Parallel()
	seen := make(chan string)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		_, _ = readHead(r)
		for range 2 {
			part := make([]byte, 4)
			_, _ = io.ReadFull(r, part)
			seen <- string(part)
		}
		_, _ = io.WriteString(conn, okAnswer)
	}()
	g := start(t, "http://"+l.Addr().String())
	client := dialRaw(t, g.addr)
	client.write(t, "POST /user HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n")
	for _, part := range []string{"half", "rest"} {
		client.write(t, "%s", part)
		if got := <-seen; got != part {
			t.Errorf("the upstream got %q, want %q before the next is sent", got, part)
		}
	}
	if res, err := client.read(http.MethodPost); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%+v, %v", res.Response, err)
	}
}

// TestStreams_large checks that an answer far larger than any buffer comes through whole.
func TestStreams_large(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
		_, err := io.WriteString(conn, strings.Repeat("0123456789abcdef", size/16))
		return err == nil
	})
	g := start(t, upstream.url)
	res := roundTrip(t, g.addr, "GET /journal HTTP/1.1\r\nHost: h\r\n\r\n")
	if len(res.body) != size || res.bodyErr != nil || string(res.body[size-16:]) != "0123456789abcdef" {
		t.Errorf("%d bytes, %v; want %d", len(res.body), res.bodyErr, size)
	}
}
