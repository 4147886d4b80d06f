package add_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user/usertest"
)

// TestBadInput sends what clients must not send. Each has its own answer, and nothing is stored of any.
func TestBadInput(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		s.post(t, "someone else")
		before := s.counts(t)
		for i, c := range usertest.BadDrafts() {
			for _, key := range []string{"", fmt.Sprint("key-", i)} {
				s.sendBad(t, c, http.MethodPost, "/user", key)
			}
		}
		for _, c := range usertest.BadChanges() {
			s.sendBad(t, c, http.MethodPatch, "/user/someone%20else", "")
			s.sendBad(t, c, http.MethodPatch, "/user/nobody%20at%20all", "")
		}
		for _, n := range usertest.BadNames() {
			for method, body := range map[string]string{http.MethodPatch: change(otherPhone), http.MethodDelete: ""} {
				got := s.send(t, method, "/user/"+n.Segment(), body)
				if err := n.Check(got.status, got.header, []byte(got.body)); err != nil {
					t.Errorf("%s of the name %s: %v", method, n.Name, err)
				}
			}
		}
		if after := s.counts(t); after != before {
			t.Errorf("rows %+v, want %+v as before", after, before)
		}
		if got := s.users(t)["someone else"]; got.version != 1 {
			t.Errorf("the user was changed to version %d", got.version)
		}
	})
}

func (s *service) sendBad(t *testing.T, c usertest.Case, method, path, key string) {
	t.Helper()
	r, err := c.NewRequest(t.Context(), method, s.url+path)
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	got, err := s.exchange(r)
	if err != nil {
		t.Errorf("%s %s: %v", method, c.Name, err)
	} else if err := c.Check(got.status, got.header, []byte(got.body)); err != nil {
		t.Errorf("%s %s: %v", method, c.Name, err)
	}
}

// TestBrokenBody sends bodies that are not what their framing says. That is the client's fault, not the server's.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	s := start(t, onSQLite(t), options{})
	const head = "POST /user HTTP/1.1\r\nHost: ums\r\nContent-Type: application/json\r\n"
	for _, tc := range []struct{ name, request string }{
		{"shorter than its length", head + "Content-Length: 100\r\n\r\n" + draft("KrishnaMohan")},
		{"a chunk of no number", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + draft("KrishnaMohan")},
		{"a chunk without its end", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"nam\r\n"},
		{"a chunk that is too short", head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{\"name\":\r\n0\r\n\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s.sendRaw(t, tc.request).wantProblem(t, problem.MalformedRequest)
		})
	}
}

// sendRaw sends bytes and then nothing more, and returns the answer.
func (s *service) sendRaw(t *testing.T, request string) answer {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}
