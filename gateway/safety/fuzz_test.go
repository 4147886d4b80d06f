package safety_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway/safety"
)

// asked is what two parsers must agree about.
type asked struct{ method, path, body string }

// requestsIn reads requests as net/http does, until the bytes are none any more; only that an empty line before a request is
// ignored (RFC 9112, section 2.2), where net/http's parser refuses it.
func requestsIn(b []byte) []asked {
	var all []asked
	for reader := bufio.NewReader(bytes.NewReader(b)); ; {
		if line, _ := reader.Peek(len("\r\n")); string(line) == "\r\n" {
			_, _ = reader.Discard(len(line))
		}
		r, err := http.ReadRequest(reader)
		if err != nil {
			return all
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return all
		}
		path := r.RequestURI
		if scheme, rest, absolute := strings.Cut(path, "://"); absolute && !strings.Contains(scheme, "/") {
			path = "/" + strings.TrimLeft(strings.TrimLeft(rest, "!\"$%&'()*+,-.0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"), "/")
		}
		all = append(all, asked{r.Method, path, string(body)})
	}
}

// within reports whether the requests in got are among those in want, in their order.
func within(got, want []asked) bool {
	for _, w := range want {
		if len(got) > 0 && got[0] == w {
			got = got[1:]
		}
	}
	return len(got) == 0
}

// FuzzRequests sends mutations of requests. What reaches the upstream must be whole and strictly framed, but for the beginning
// of a request on a connection that ends within it; and it must be what net/http reads in the client's bytes, in that order.
func FuzzRequests(f *testing.F) {
	for _, seed := range []string{
		"GET /c000/x HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST /c000/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
		"POST /c000/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
		"POST /c000/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /c000/y HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET http://h/c000/x?y HTTP/1.1\r\nHost: h\r\nConnection: close, x\r\n\r\n",
		"GET /c000/..%2fx HTTP/1.1\r\nHost: h\r\n\r\nGET /c000/z HTTP/1.0\r\n\r\n",
		"POST /c000/x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
		"\r\nGET /c000/x HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST /c000/x HTTP/1.1\r\nHost: h\r\nX: a\r\n Content-Length: 5\r\n\r\nhello",
	} {
		f.Add([]byte(seed))
	}
	suite := newSuite(f, []safety.Case{{Name: "fuzz"}})
	g := startGateway(f, suite.Routes())
	f.Fuzz(func(t *testing.T, b []byte) {
		suite.Forget(0)
		exchange(t, g, b)
		got, err := suite.Received(t.Context(), 0, g.dial)
		if err != nil {
			t.Fatalf("of %q: %v", b, err)
		}
		have := make([]asked, len(got.Requests))
		for i, r := range got.Requests {
			have[i] = asked{r.Method, r.Target, string(r.Body)}
		}
		if want := requestsIn(b); !within(have, want) {
			t.Errorf("of %q the upstream got %q, but they hold %q", b, have, want)
		}
	})
}

// exchange sends bytes, and reads until the gateway has nothing more to say.
func exchange(t *testing.T, g gateway, b []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := g.dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = conn.Write(b)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, conn)
}

// FuzzParseRequest holds the suite's own parser against net/http's: what it takes, net/http takes for the same.
func FuzzParseRequest(f *testing.F) {
	f.Add([]byte("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\nrest"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, rest, err := safety.ParseRequest(b)
		if err != nil {
			return
		}
		want := requestsIn(b[:len(b)-len(rest)])
		if len(want) != 1 {
			return // net/http is stricter about targets and hosts
		}
		if want[0].method != got.Method || want[0].body != string(got.Body) {
			t.Errorf("of %q: got %v, but net/http reads %q", b, got, want)
		}
	})
}
