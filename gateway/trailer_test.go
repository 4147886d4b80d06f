package gateway_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"testing"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/shared/httpserver"
)

// TestTrailer checks which trailer fields of an answer reach a client, by both versions of HTTP.
func TestTrailer(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"1\"\r\nConnection: X-Hop\r\n"+
			"Trailer: X-Sum, Set-Cookie, Etag, X-Hop\r\nTrailer: x-late\r\n\r\n2\r\nok\r\n0\r\n"+
			"X-Sum: 1\r\nX-Hop: 5\r\nSet-Cookie: a=b\r\nX-Unsaid: 2\r\nETag: \"2\"\r\nX-Late: 3\r\nX-Late: 4\r\n\r\n")
		return err == nil
	})
	service, _ := serveUntil(t, everySlotAt(upstream.url), func(_ *httpserver.Config, d *gateway.Dependencies) {
		d.TLS = writeCertificate(t, t.TempDir(), 1)
		d.Logger = slog.New(slog.DiscardHandler)
	})
	all := http.Header{"X-Sum": {"1"}, "X-Late": {"3", "4"}}
	for _, c := range []struct {
		http2 bool
		te    string
		want  http.Header
	}{
		{false, "trailers", all}, {true, "trailers", all}, {false, "gzip, Trailers", all},
		{false, "", nil}, {true, "", nil}, {false, "gzip", nil},
	} {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(!c.http2)
		protocols.SetHTTP2(c.http2)
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, Protocols: protocols}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+service.TLSAddr()+"/user/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.te != "" {
			r.Header.Set("TE", c.te)
		}
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		transport.CloseIdleConnections()
		if err != nil || string(body) != "ok" || !maps.EqualFunc(res.Trailer, c.want, slices.Equal) || len(res.Header.Values("ETag")) != 1 {
			t.Errorf("%+v: %q, %v; the trailer is %v", c, body, err, res.Trailer)
		}
		asks := values(upstream.last(t), "TE")
		if want := c.want != nil; want != slices.Equal(asks, []string{"trailers"}) || !want && len(asks) > 0 {
			t.Errorf("%+v: the upstream is told TE: %q", c, asks)
		}
	}
}

// TestTrailer_HTTP10 checks that a client whose answers have no chunks gets none.
func TestTrailer_HTTP10(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n")
	g := start(t, upstream.url)
	res := roundTrip(t, g.addr, "GET /user/x HTTP/1.0\r\nHost: h\r\nTE: trailers\r\n\r\n")
	if string(res.body) != "ok" || res.Header.Get("Trailer") != "" || len(res.Trailer) != 0 {
		t.Errorf("%q, %v, %v", res.body, res.Header, res.Trailer)
	}
}
