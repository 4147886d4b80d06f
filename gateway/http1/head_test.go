package http1_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/socket"
)

// read reads a request's head as a listener does.
func read(raw string) (http1.Request, error) {
	var head http1.Request
	r := http1.NewReader(strings.NewReader(raw), new(socket.Buffers))
	for {
		n, err := r.Head(32 << 10)
		if err != nil {
			return head, err
		}
		if n > 0 {
			return head, head.Parse(r.Take(n))
		}
		if err := r.Fill(); err != nil {
			return head, err
		}
	}
}

func TestRequest_refused(t *testing.T) {
	t.Parallel()
	const ok = "GET / HTTP/1.1\r\nHost: h\r\n"
	for name, tt := range map[string]struct {
		raw  string
		want http1.Fault
	}{
		"a bare LF":                         {"GET / HTTP/1.1\nHost: h\r\n\r\n", http1.Malformed},
		"a bare LF at the end":              {ok + "\n", http1.Malformed},
		"a bare CR":                         {ok + "A: b\rC: d\r\n\r\n", http1.Malformed},
		"a folded line":                     {ok + "A: b\r\n c\r\n\r\n", http1.Malformed},
		"a space before the colon":          {ok + "Content-Length : 0\r\n\r\n", http1.Malformed},
		"no name":                           {ok + ": x\r\n\r\n", http1.Malformed},
		"no colon":                          {ok + "x\r\n\r\n", http1.Malformed},
		"NUL":                               {ok + "A: \x00\r\n\r\n", http1.Malformed},
		"two lengths":                       {ok + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", http1.Malformed},
		"a list of lengths":                 {ok + "Content-Length: 1, 1\r\n\r\n", http1.Malformed},
		"a signed length":                   {ok + "Content-Length: +1\r\n\r\n", http1.Malformed},
		"a length beyond all":               {ok + "Content-Length: 9999999999999999999\r\n\r\n", http1.Malformed},
		"an empty length":                   {ok + "Content-Length: \r\n\r\n", http1.Malformed},
		"length and coding":                 {ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", http1.Malformed},
		"two codings":                       {ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", http1.Malformed},
		"a list of codings":                 {ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", http1.UnknownCoding},
		"another coding":                    {ok + "Transfer-Encoding: xchunked\r\n\r\n", http1.UnknownCoding},
		"the coding identity":               {ok + "Transfer-Encoding: identity\r\n\r\n", http1.UnknownCoding},
		"a coding in 1.0":                   {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", http1.Malformed},
		"no Host":                           {"GET / HTTP/1.1\r\n\r\n", http1.Malformed},
		"two Hosts":                         {ok + "host: h\r\n\r\n", http1.Malformed},
		"a Host that is a path":             {"GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", http1.Malformed},
		"two spaces":                        {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", http1.Malformed},
		"a tab":                             {"GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", http1.Malformed},
		"no version":                        {"GET /\r\nHost: h\r\n\r\n", http1.Malformed},
		"a lower-case version":              {"GET / http/1.1\r\nHost: h\r\n\r\n", http1.Malformed},
		"HTTP/2":                            {"PRI * HTTP/2.0\r\n\r\n", http1.UnknownVersion},
		"a method that is no token":         {"G(T / HTTP/1.1\r\nHost: h\r\n\r\n", http1.Malformed},
		"another expectation":               {ok + "Expect: 200-ok\r\n\r\n", http1.UnmetExpectation},
		"too long":                          {ok + "A: " + strings.Repeat("x", 32<<10) + "\r\n\r\n", http1.TooLong},
		"too long, without a line":          {strings.Repeat("x", 64<<10), http1.TooLong},
		"too many fields":                   {ok + strings.Repeat("A: b\r\n", 128) + "\r\n", http1.TooLong},
		"a control character in the target": {"GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n", http1.Malformed},
	} {
		_, err := read(tt.raw)
		syntax, ok := errors.AsType[*http1.SyntaxError](err)
		if !ok || syntax.Fault != tt.want {
			t.Errorf("%s: %v, want fault %d", name, err, tt.want)
		}
	}
}

func TestRequest_taken(t *testing.T) {
	t.Parallel()
	got, err := read("PATCH /a%2Fb?c HTTP/1.1\r\nhOst:  h:80 \r\nContent-Length: 007\r\nX:\r\nConnection: a, CLOSE\r\n" +
		"Expect: 100-Continue\r\n\r\n1234567")
	if err != nil || got.Method != "PATCH" || got.Target != "/a%2Fb?c" || got.Host != "h:80" || got.Length != 7 ||
		!got.Close || !got.Expect || got.Minor != 1 || len(got.Fields) != 5 || got.Fields[2] != (http1.Field{Name: "X"}) {
		t.Errorf("%+v, %v", got, err)
	}
	if old, err := read("GET / HTTP/1.0\r\n\r\n"); err != nil || !old.Close || old.Minor != 0 || old.Length != 0 {
		t.Errorf("%+v, %v", old, err)
	}
}

// FuzzRequest holds the parser against net/http's: what is taken here is taken there, and read alike, body included.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\nGET",
		"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r := http1.NewReader(strings.NewReader(raw), new(socket.Buffers))
		var head http1.Request
		n := 0
		for n == 0 {
			var err error
			if n, err = r.Head(32 << 10); err != nil {
				return
			}
			if n == 0 && r.Fill() != nil {
				return
			}
		}
		if head.Parse(r.Take(n)) != nil || head.Target[0] != '/' || head.Method == http.MethodConnect {
			return
		}
		want, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			if strings.Contains(err.Error(), "invalid URI") || strings.Contains(err.Error(), "parse ") {
				return // net/http decodes the target; here that is package route's
			}
			t.Fatalf("%q is taken, and net/http says %v", raw, err)
		}
		if want.Method != head.Method || want.RequestURI != head.Target || want.Host != head.Host || want.ContentLength != head.Length {
			t.Fatalf("%q: %+v and %+v", raw, head, want)
		}
		var body http1.Body
		body.SetRequest(r, &head)
		got, err := io.ReadAll(&body)
		theirs, theirErr := io.ReadAll(want.Body)
		if err == nil && (theirErr != nil || string(got) != string(theirs)) {
			t.Fatalf("%q: the body %q, and %q, %v", raw, got, theirs, theirErr)
		}
	})
}

func TestBody_timeouts(t *testing.T) {
	t.Parallel()
	const raw = "5\r\nhello\r\n3;x\r\n wo\r\n3\r\nrld\r\n0\r\nA: b\r\n\r\n"
	r := http1.NewReader(&hesitant{left: raw}, new(socket.Buffers))
	var body http1.Body
	body.SetRequest(r, &http1.Request{Length: http1.Unknown})
	var got strings.Builder
	buffer := make([]byte, 4)
	for {
		n, err := body.Read(buffer)
		got.Write(buffer[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, errHesitant) {
			t.Fatal(err)
		}
	}
	if got.String() != "hello world" {
		t.Errorf("got %q after reads that timed out", got.String())
	}
}

var errHesitant = errors.New("not yet")

// hesitant fails before each byte once, as a read does whose deadline has passed.
type hesitant struct {
	left  string
	ready bool
}

func (h *hesitant) Read(p []byte) (int, error) {
	if h.ready = !h.ready; h.ready {
		return 0, errHesitant
	}
	if h.left == "" {
		return 0, io.EOF
	}
	n := copy(p, h.left[:1])
	h.left = h.left[n:]
	return n, nil
}
