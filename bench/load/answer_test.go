package load_test

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/bench/load"
)

// answerWith starts a server that answers every request with the same bytes, sent in the given parts.
func answerWith(t *testing.T, parts ...string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for requests := bufio.NewReader(conn); ; {
					if _, err := http.ReadRequest(requests); err != nil {
						return
					}
					for _, part := range parts {
						if _, err := conn.Write([]byte(part)); err != nil {
							return
						}
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		parts     []string
		wantError string // a part of it; "" for none
		wantOK    bool
	}{
		{"whole", []string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}, "", true},
		{"empty body", []string{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}, "", true},
		{"in parts", []string{"HTT", "P/1.1 200 OK\r\nConte", "nt-Length: 2\r", "\n\r\n", "o", "k"}, "", true},
		{"no reason phrase", []string{"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"}, "", true},
		{"other capitals", []string{"HTTP/1.1 200 OK\r\nDate: now\r\ncontent-length:2 \r\n\r\nok"}, "", true},
		{"another status", []string{"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno"}, "", false},
		{"chunked", []string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}, "no Content-Length", false},
		{"no number", []string{"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok"}, `Content-Length "two"`, false},
		{"no status", []string{"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nok"}, "not a status line", false},
		{"HTTP/1.0", []string{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"}, "not a status line", false},
		{"too long", []string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\noknok"}, "3 bytes after its end", false},
		{"too large", []string{"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"}, "larger than", false},
		{"endless header", []string{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<15)}, "larger than", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, err := load.Dial(t.Context(), answerWith(t, tt.parts...), 1, []string{"/"})
			if err != nil {
				t.Fatalf("Dial: %v", err)
			}
			t.Cleanup(func() { _ = client.Close() })
			r, err := client.Run(t.Context(), 10*time.Millisecond)
			switch {
			case tt.wantError == "" && err != nil:
				t.Errorf("got error %v, want none", err)
			case tt.wantError == "" && (r.Requests == 0 || (r.Failed == 0) != tt.wantOK):
				t.Errorf("got %d requests, %d failed, want some, failed: %t", r.Requests, r.Failed, !tt.wantOK)
			case tt.wantError != "" && (err == nil || !strings.Contains(err.Error(), tt.wantError)):
				t.Errorf("got error %v, want one with %q", err, tt.wantError)
			}
		})
	}
}

func TestRunTellsOfAServerThatBreaksOff(t *testing.T) {
	t.Parallel()
	client := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), 2, "/")
	if _, err := client.Run(t.Context(), time.Second); err == nil {
		t.Error("got no error")
	}
}

// FuzzHead compares with net/http: what is taken for a header says the same to both.
func FuzzHead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	f.Add([]byte("HTTP/1.1 404 Not Found\r\nDate: now\r\ncontent-length: 0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		length, status, body, err := load.ParseHead(b)
		if err != nil || length == 0 {
			return
		}
		if !bytes.HasSuffix(b[:length], []byte("\r\n\r\n")) || body < 0 {
			t.Fatalf("got a header of %d bytes and a body of %d in %q", length, body, b)
		}
		response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
		if err != nil {
			return // stricter than a generator needs to be
		}
		_ = response.Body.Close()
		if response.StatusCode != status {
			t.Errorf("status of %q: got %d, want %d", b, status, response.StatusCode)
		}
	})
}
