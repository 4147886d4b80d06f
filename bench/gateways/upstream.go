package gateways

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// record is the constant answer, of 80 bytes.
const record = `{"name":"bench-user-0000","phone":9000000000,"since":"2022-09-12T10:00:00.000Z"}`

// upstream answers every request with the same record. It knows of HTTP only where the head of a request without a body
// ends, so that it takes as little as it can of the CPUs that it shares with what is measured.
type upstream struct {
	slots chan struct{} // nil, or as many as it serves at a time
	takes time.Duration // to serve one
}

// runUpstream listens on ADDR until ctx ends. With SLOTS, it serves so many requests at a time and takes TAKES for each, so
// that it has a capacity that does not depend on CPUs.
func runUpstream(ctx context.Context, _ []string, getenv func(string) string, _ io.Writer) error {
	var u upstream
	if slots := getenv("SLOTS"); slots != "" {
		n, err := strconv.Atoi(slots)
		if err != nil {
			return fmt.Errorf("SLOTS: %w", err)
		}
		u.slots = make(chan struct{}, n)
		if u.takes, err = time.ParseDuration(getenv("TAKES")); err != nil {
			return fmt.Errorf("TAKES: %w", err)
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", getenv("ADDR"))
	if err != nil {
		return fmt.Errorf("listen as the upstream: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept a connection as the upstream: %w", err)
		}
		go u.serve(conn)
	}
}

func (u upstream) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		len(record), record)
	buffer, n := make([]byte, 64<<10), 0
	for {
		got, err := conn.Read(buffer[n:])
		if err != nil {
			return
		}
		n += got
		end := bytes.Index(buffer[:n], []byte("\r\n\r\n"))
		if end < 0 {
			if n == len(buffer) {
				return
			}
			continue
		}
		n = copy(buffer, buffer[end+4:n])
		if u.slots != nil {
			u.slots <- struct{}{}
			<-time.After(u.takes)
			<-u.slots
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}
