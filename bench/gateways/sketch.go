package gateways

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// runSketch is the plainest proxy that Go's library makes: no limits, no features, and connections enough.
func runSketch(ctx context.Context, _ []string, getenv func(string) string, _ io.Writer) error {
	to := &url.URL{Scheme: "http", Host: getenv("UPSTREAM")}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 1024, IdleConnTimeout: 90 * time.Second, DisableCompression: true,
		},
	}
	server := &http.Server{Handler: proxy} //nolint:gosec // bare on purpose: each timeout costs something per request
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", getenv("ADDR"))
	if err != nil {
		return fmt.Errorf("listen as the sketch: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve as the sketch: %w", err)
	}
	return nil
}
