package upstream

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
)

// Probe asks an instance for its health with GET path, and returns why it should get no requests, or nil. It ends with
// its context.
type Probe func(ctx context.Context, e Endpoint, path string) error

// maxProbeAnswer is how much of an answer is read, so that the instance sees it taken, in bytes.
const maxProbeAnswer = 4 << 10

// HTTPProbe returns a probe that opens a connection of its own for each question: an instance that takes no new ones is
// no good, however well the old ones work. Answers of 2xx are good ones.
func HTTPProbe() Probe {
	return func(ctx context.Context, e Endpoint, path string) error {
		scheme := "http"
		if e.TLS {
			scheme = "https"
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+e.Host+path, nil)
		if err != nil {
			return fmt.Errorf("ask %s for its health: %w", e.Addr, err)
		}
		request.Header.Set("User-Agent", "ums-gateway")
		var dialer net.Dialer
		transport := &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, e.Addr)
			},
			TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12, ServerName: e.ServerName},
			DisableKeepAlives: true,
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			return fmt.Errorf("ask %s for its health: %w", e.Addr, err)
		}
		defer response.Body.Close()
		_, _ = io.CopyN(io.Discard, response.Body, maxProbeAnswer)
		if response.StatusCode/100 != 2 {
			return fmt.Errorf("%s answered %s with %s", e.Addr, path, response.Status)
		}
		return nil
	}
}
