package safety

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The targets of the suite's own requests: one over the connection of a case, to see that it was kept, and one over a
// connection of its own after each case, to see that whoever comes next gets their own answer.
const (
	keptTarget = "/kept-by-the-suite"
	sentinel   = "/next-client-of-the-suite"
)

// patience is how long anything in a case may take: above the longest timeout of a server under test.
const patience = 15 * time.Second

// client is a client's end of a connection to the server under test.
type client struct {
	ctx      context.Context //nolint:containedctx // of one case
	conn     net.Conn
	reader   *bufio.Reader
	prefix   string // stands for "/case"
	upstream *upstream
	status   int  // of the last answer; 0 if the connection ended in its place
	closing  bool // the last answer says that the connection closes
}

func newClient(ctx context.Context, dial Dial, prefix string, u *upstream) (*client, error) {
	conn, err := dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to the server under test: %w", err)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	return &client{ctx: ctx, conn: conn, reader: bufio.NewReader(conn), prefix: prefix, upstream: u}, nil
}

func (c *client) write(raw string) {
	// A server may refuse and close while the rest is still being sent; what it answered tells.
	_, _ = io.WriteString(c.conn, raw)
}

// got is an answer.
type got struct {
	status int // 0 if there was none
	header http.Header
	body   string
	// trailer are the fields behind the body.
	trailer http.Header
}

// read reads an answer whole and checks its framing as strictly as that of requests.
func (c *client) read(method string) (got, error) {
	head, err := c.peekHead()
	if err != nil {
		return got{}, err
	}
	if err := CheckAnswer(head); err != nil && !bytes.HasPrefix(head, []byte("HTTP/1.0")) {
		return got{}, fmt.Errorf("the client gets %.300q: %w", head, err)
	}
	answer, err := http.ReadResponse(c.reader, &http.Request{Method: method})
	if err != nil {
		return got{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	c.status, c.closing = answer.StatusCode, answer.Close
	if date := answer.Header.Get("Date"); err == nil && date != "" {
		if at, wrong := http.ParseTime(date); wrong != nil || time.Since(at).Abs() > time.Hour {
			err = fmt.Errorf("the answer %d has the Date %q", answer.StatusCode, date)
		}
	}
	return got{status: answer.StatusCode, header: answer.Header, body: string(body), trailer: answer.Trailer}, err
}

func (c *client) peekHead() ([]byte, error) {
	for n := 1; ; n = max(n+1, c.reader.Buffered()) {
		b, err := c.reader.Peek(n)
		if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
			return b[:i+4], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// step makes a step of what it does.
func step(do func(*client) error, says string, args ...any) Step {
	return Step{Says: fmt.Sprintf(says, args...), do: do}
}

// send sends raw bytes at once.
func send(raw string) Step {
	return step(func(c *client) error { c.write(localize(raw, c.prefix)); return nil }, "sends %s", quote(raw))
}

// drip sends raw bytes one at a time, each in a packet of its own.
func drip(raw string) Step {
	return step(func(c *client) error {
		for _, b := range []byte(localize(raw, c.prefix)) {
			c.write(string(b))
		}
		return nil
	}, "sends byte by byte %s", quote(raw))
}

// trickle sends raw bytes again and again, with pauses, until the server closes the connection.
func trickle(raw string) Step {
	return step(func(c *client) error {
		pause := time.NewTicker(200 * time.Millisecond)
		defer pause.Stop()
		for range int(patience / (200 * time.Millisecond)) {
			<-pause.C
			if _, err := io.WriteString(c.conn, raw); err != nil {
				return stillOpen(err)
			}
		}
		return errors.New("the server has listened to the trickle for as long as it came")
	}, "sends %s every 200 ms until the connection is closed", quote(raw))
}

// answer waits for an answer that has one of these statuses.
func answer(statuses ...int) Step { return answerTo(http.MethodGet, statuses...) }

func answerTo(method string, statuses ...int) Step {
	return step(func(c *client) error {
		a, err := c.read(method)
		if err != nil {
			return fmt.Errorf("the client gets no whole answer, want %d: %w", statuses, err)
		}
		if !slices.Contains(statuses, a.status) {
			return fmt.Errorf("the client gets %d %.200q, want %d", a.status, a.body, statuses)
		}
		return nil
	}, "gets %s", orList(statuses))
}

// answered waits for the answer to its own request: "METHOD target".
func answered(request string) Step { return answeredOr(request) }

// answeredOr is answered, or an answer that has one of these statuses.
func answeredOr(request string, statuses ...int) Step {
	says := fmt.Sprintf("gets 200 to %q", request)
	if len(statuses) > 0 {
		says += " or " + orList(statuses)
	}
	return step(func(c *client) error {
		a, err := c.read(http.MethodGet)
		want := localize(request, c.prefix)
		switch {
		case err != nil:
			return fmt.Errorf("the client gets no whole answer to %q: %w", want, err)
		case slices.Contains(statuses, a.status), a.status == http.StatusOK && a.body == want:
			return nil
		}
		return fmt.Errorf("the client gets %d %.200q, want the answer to %q or %d", a.status, a.body, want, statuses)
	}, "%s", says)
}

// answeredOrGone is an answer that has one of these statuses, unless the connection ends without one: a server that closes
// while a client is still sending cannot be sure that its answer arrives.
func answeredOrGone(statuses ...int) Step {
	return step(func(c *client) error {
		a, err := c.read(http.MethodGet)
		if err != nil {
			c.status = 0
			return stillOpen(err)
		}
		if !slices.Contains(statuses, a.status) {
			return fmt.Errorf("the client gets %d %.200q, want %d or the end", a.status, a.body, statuses)
		}
		return nil
	}, "gets %s, or the end of the connection", orList(statuses))
}

// broken waits for an answer that begins with a status and ends before it is whole, or for one of the statuses in its place.
func broken(instead ...int) Step {
	return step(func(c *client) error {
		a, err := c.read(http.MethodGet)
		if err == nil && !slices.Contains(instead, a.status) {
			return fmt.Errorf("the client takes %d %.200q for a whole answer", a.status, a.body)
		}
		return nil
	}, "gets an answer that it can tell is broken off, or %s", orList(instead))
}

// interim waits for an interim answer.
func interim(status int) Step {
	return step(func(c *client) error {
		a, err := c.read(http.MethodGet)
		if err != nil || a.status != status {
			return fmt.Errorf("the client gets %d, want the interim answer %d: %w", a.status, status, orWrong(err))
		}
		return nil
	}, "gets %d", status)
}

// skipInterim reads interim answers for as long as there are some.
func skipInterim() Step {
	return step(func(c *client) error {
		for {
			b, err := c.reader.Peek(len("HTTP/1.1 1"))
			if err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 1") {
				return nil //nolint:nilerr // the next step tells
			}
			if _, err := c.read(http.MethodGet); err != nil {
				return fmt.Errorf("the client gets no interim answer: %w", err)
			}
		}
	}, "skips interim answers")
}

// closed waits until the server has closed the connection, with nothing more.
func closed() Step {
	return step(func(c *client) error {
		b, err := c.reader.ReadByte()
		if err == nil {
			rest, _ := c.reader.Peek(min(c.reader.Buffered(), 200))
			return fmt.Errorf("the client gets %q, want the end of the connection", string(b)+string(rest))
		}
		return stillOpen(err)
	}, "sees the connection closed")
}

// kept asks once more over the connection.
func kept() Step {
	return step(func(c *client) error {
		c.write("GET " + c.prefix + keptTarget + " HTTP/1.1\r\nHost: h\r\n\r\n")
		a, err := c.read(http.MethodGet)
		if want := "GET " + c.prefix + keptTarget; err != nil || a.body != want {
			return fmt.Errorf("the next request over the connection gets %d %.200q, want %q: %w",
				a.status, a.body, want, orWrong(err))
		}
		return nil
	}, "can use the connection again")
}

// settled is kept after a good answer and closed after a refusal.
func settled() Step {
	return step(func(c *client) error {
		if c.status >= http.StatusBadRequest || c.status == 0 {
			return closed().do(c)
		}
		return kept().do(c)
	}, "sees the connection closed if that was a refusal, and can use it again if not")
}

// settledAfterAnswer is kept, unless the answer was the gateway's own or the last of its connection.
func settledAfterAnswer() Step {
	return step(func(c *client) error {
		if c.closing {
			return closed().do(c)
		}
		return kept().do(c)
	}, "can use the connection again, unless the answer said that it closes")
}

// answerWithout waits for an answer with 200 that has none of these fields.
func answerWithout(names ...string) Step {
	return step(func(c *client) error {
		a, err := c.read(http.MethodGet)
		if err != nil || a.status != http.StatusOK {
			return fmt.Errorf("the client gets %d, want 200: %w", a.status, orWrong(err))
		}
		for _, name := range names {
			if value := a.header.Get(name); value != "" {
				return fmt.Errorf("the client gets %s: %s, which should have stayed behind", name, value)
			}
		}
		return nil
	}, "gets 200 without %s", strings.Join(names, " and "))
}

// answerTrailing waits for an answer with 200 that has no other trailer fields than those with these names, and none of them
// among its header fields.
func answerTrailing(names ...string) Step {
	return step(func(c *client) error {
		a, err := c.read(http.MethodGet)
		if err != nil || a.status != http.StatusOK {
			return fmt.Errorf("the client gets %d, want 200: %w", a.status, orWrong(err))
		}
		for name, values := range a.trailer {
			if len(values) > 0 && !slices.Contains(names, name) {
				return fmt.Errorf("the client gets the trailer field %s: %q", name, values)
			}
		}
		for _, name := range names {
			if a.header.Get(name) != "" {
				return fmt.Errorf("the client gets %s as a header field", name)
			}
		}
		return nil
	}, "gets 200 with no other trailer fields than %s", orNone(names))
}

// awaits waits until the upstream has been sent a text.
func awaits(text string) Step {
	return step(func(c *client) error {
		want := localize(text, c.prefix)
		return c.upstream.await(c.ctx, fmt.Sprintf("%q", want), func(sent string) bool { return strings.Contains(sent, want) })
	}, "waits until the upstream has got %s", quote(text))
}

// pause gives an upstream the time to do what it does unasked.
func pause() Step {
	return step(func(c *client) error {
		select {
		case <-time.After(250 * time.Millisecond):
			return nil
		case <-c.ctx.Done():
			return c.ctx.Err()
		}
	}, "waits 250 ms")
}

// halfClose ends the client's direction alone.
func halfClose() Step {
	return step(func(c *client) error {
		if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		return nil
	}, "ends its direction of the connection")
}

// leave closes the connection; abort resets it.
func leave() Step {
	return step(func(c *client) error { _ = c.conn.Close(); return nil }, "closes the connection")
}

func abort() Step {
	return step(func(c *client) error {
		conn := c.conn
		if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS would say goodbye
			conn = wrapped.NetConn()
		}
		if tcp, ok := conn.(interface{ SetLinger(sec int) error }); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
		return nil
	}, "resets the connection")
}

// stillOpen returns an error if err is that of a connection on which nothing came, in place of its end.
func stillOpen(err error) error {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fmt.Errorf("the connection is still open after %v: %w", patience, err)
	}
	return nil
}

// errWrong is what is wrong with an answer that came whole.
var errWrong = errors.New("it is another answer")

// orWrong returns err, or errWrong if there is none.
func orWrong(err error) error {
	if err == nil {
		return errWrong
	}
	return err
}

func orList(statuses []int) string {
	if len(statuses) == 0 {
		return "nothing"
	}
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(statuses), "[]"), " ", " or ")
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// quote makes a text readable in a table: long runs of one character are counted.
func quote(raw string) string {
	const (
		show    = 24  // characters of a run
		longest = 600 // bytes of all
	)
	var short strings.Builder
	for i := 0; i < len(raw); {
		run := 1
		for i+run < len(raw) && raw[i+run] == raw[i] {
			run++
		}
		if run > show {
			fmt.Fprintf(&short, "%c…(%d)…", raw[i], run)
		} else {
			short.WriteString(raw[i : i+run])
		}
		i += run
	}
	text := short.String()
	if len(text) > longest {
		text = fmt.Sprintf("%s…(%d bytes)…", text[:longest/2], len(raw))
	}
	return fmt.Sprintf("%q", text)
}
