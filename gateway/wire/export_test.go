package wire

import (
	"context"
	"net"
)

type dial func(ctx context.Context, network, addr string) (net.Conn, error)

func (d dial) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return d(ctx, network, addr)
}

// NewPoolWith returns a Pool whose connections are opened by a function.
func NewPoolWith(host string, d func(ctx context.Context, network, addr string) (net.Conn, error)) *Pool {
	return &Pool{host: host, addr: host, dialer: dial(d)}
}
