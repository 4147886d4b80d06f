package httpserver_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
)

// TestRefusals: what never comes to a handler is answered by net/http, and still as a problem.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, func(http.ResponseWriter, *http.Request) { t.Error("a handler was called") }, nil, nil)
	const host = "Host: localhost\r\n"
	for name, tc := range map[string]struct {
		request string
		want    problem.Type
		detail  string
	}{
		"no HTTP":                  {request: "hello\r\n\r\n", want: problem.MalformedRequest},
		"NUL bytes":                {request: "\x00\x00\x00\x00\r\n\r\n", want: problem.MalformedRequest},
		"bad percent-encoding":     {request: "GET /user/%zz HTTP/1.1\r\n" + host + "\r\n", want: problem.MalformedRequest},
		"a control character":      {request: "GET /user/\x01 HTTP/1.1\r\n" + host + "\r\n", want: problem.MalformedRequest},
		"a space in the target":    {request: "GET /user/a b HTTP/1.1\r\n" + host + "\r\n", want: problem.MalformedRequest},
		"a header without a colon": {request: "GET / HTTP/1.1\r\n" + host + "broken\r\n\r\n", want: problem.MalformedRequest},
		"no Host":                  {request: "GET / HTTP/1.1\r\n\r\n", want: problem.MalformedRequest, detail: "missing required Host header"},
		"two hosts":                {request: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", want: problem.MalformedRequest},
		"a bad host":               {request: "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", want: problem.MalformedRequest, detail: "malformed Host header"},
		"a bad header value":       {request: "GET / HTTP/1.1\r\n" + host + "X: a\x01b\r\n\r\n", want: problem.MalformedRequest},
		"a bad length":             {request: "POST / HTTP/1.1\r\n" + host + "Content-Length: x\r\n\r\n", want: problem.MalformedRequest},
		"two lengths":              {request: "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", want: problem.MalformedRequest},
		"a coding":                 {request: "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", want: problem.UnsupportedTransferCoding},
		"two codings":              {request: "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", want: problem.UnsupportedTransferCoding},
		"another version":          {request: "GET / HTTP/3.7\r\n" + host + "\r\n", want: problem.UnsupportedHTTPVersion},
		"an expectation":           {request: "POST / HTTP/1.1\r\n" + host + "Expect: a miracle\r\n\r\n", want: problem.ExpectationFailed},
		"too much header":          {request: "GET / HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", want: problem.HeadersTooLarge},
		"too long a target":        {request: "GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\n" + host + "\r\n", want: problem.HeadersTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, body := s.raw(t, tc.request)
			p := checkProblem(t, resp, body, tc.want)
			if !strings.Contains(p.Detail, tc.detail) || p.Detail == "" {
				t.Errorf("detail = %q, want %q in it", p.Detail, tc.detail)
			}
			if !resp.Close || resp.Header.Get("Date") == "" || resp.ContentLength != int64(len(body)) {
				t.Errorf("close = %t, length = %d of %d, header = %v", resp.Close, resp.ContentLength, len(body), resp.Header)
			}
		})
	}
}

// TestRefusalAfterAnswers: the second request of a connection is refused as the first would be.
func TestRefusalAfterAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }, nil, nil)
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for range 2 {
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, body := read(t, resp); body != "ok" {
			t.Fatalf("got %q", body)
		}
	}
	fmt.Fprint(conn, "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, body := read(t, resp)
	checkProblem(t, answer, body, problem.MalformedRequest)
}

// TestHandlersAreNotRefusals: a handler may answer, byte for byte, what net/http would.
func TestHandlersAreNotRefusals(t *testing.T) {
	t.Parallel()
	const refusal = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	piece := refusal + strings.Repeat("x", 4096-len(refusal)) // as large as net/http's buffers
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/status":
			w.Header()["Date"] = nil
			w.Header().Set("Connection", "close")
			http.Error(w, "400 Bad Request", http.StatusBadRequest)
		case "/expectation":
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusExpectationFailed)
		case "/body":
			w.Header().Set("Content-Length", fmt.Sprint(16*len(piece)))
			for range 16 {
				_, _ = io.WriteString(w, piece)
				_ = http.NewResponseController(w).Flush() // so that each begins a write of its own
			}
		case "/early":
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, refusal)
		}
	}, nil, nil)
	if resp, body := s.get(t, "/status"); resp.StatusCode != http.StatusBadRequest || body != "400 Bad Request\n" {
		t.Errorf("got %s, %q", resp.Status, body)
	}
	if resp, body := s.get(t, "/expectation"); resp.StatusCode != http.StatusExpectationFailed || body != "" {
		t.Errorf("got %s, %q", resp.Status, body)
	}
	if _, body := s.get(t, "/body"); body != strings.Repeat(piece, 16) {
		t.Errorf("the body was changed: %d bytes, want %d", len(body), 16*len(piece))
	}
	if _, body := s.get(t, "/early"); body != refusal {
		t.Errorf("the body was changed: %q", body)
	}
}
