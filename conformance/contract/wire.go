package contract

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	userAgent = "ums-conformance"
	// surplusWait is how long bytes that must not be there are waited for, if the server does not close.
	surplusWait = 300 * time.Millisecond
)

// overWire sends one request over a connection of its own, and reads to its end what comes back: so it sees a body
// where none may be, and an answer that came before the request's body was read.
func (c *Client) overWire(ctx context.Context, req request) (*response, error) {
	base := c.base(req.side)
	conn, err := dial(ctx, base)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, render(base, req))
		sent <- err
	}()
	res, err := readAnswer(conn, base, req)
	_ = conn.Close() // also ends a write that nobody reads
	if writeErr := <-sent; err != nil && writeErr != nil {
		err = fmt.Errorf("%w (while sending: %w)", err, writeErr)
	}
	return res, err
}

func dial(ctx context.Context, base *url.URL) (net.Conn, error) {
	if base.Scheme == "https" {
		return new(tls.Dialer).DialContext(ctx, "tcp", hostPort(base))
	}
	return new(net.Dialer).DialContext(ctx, "tcp", hostPort(base))
}

// render returns the request's bytes in HTTP/1.1.
func render(base *url.URL, req request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", req.method, target(base, req.path))
	if req.raw != "" {
		b.WriteString(strings.ReplaceAll(req.raw, "HOST", base.Host))
		return b.String()
	}
	fmt.Fprintf(&b, "Host: %s\r\nUser-Agent: %s\r\nConnection: close\r\n", base.Host, userAgent)
	for key, values := range req.header {
		for _, value := range values {
			fmt.Fprintf(&b, "%s: %s\r\n", key, value)
		}
	}
	switch {
	case req.body == nil:
		b.WriteString("\r\n")
	case req.chunked:
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(*req.body), *req.body)
	default:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(*req.body), *req.body)
	}
	return b.String()
}

func readAnswer(conn net.Conn, base *url.URL, req request) (*response, error) {
	in := bufio.NewReader(conn)
	answer, err := http.ReadResponse(in, &http.Request{Method: req.method})
	if err != nil {
		return nil, fmt.Errorf("no HTTP answer: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("the answer %d broke off after %d bytes of its body: %w", answer.StatusCode, len(body), err)
	}
	res := &response{request: req, base: base, status: answer.StatusCode, header: answer.Header, body: body}
	_ = conn.SetReadDeadline(time.Now().Add(surplusWait))
	// However the connection ends, or if it does not: what matters is what came before.
	res.surplus, _ = io.ReadAll(io.LimitReader(in, maxAnswer))
	return res, nil
}
