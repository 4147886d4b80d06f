package gateway_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway"
)

// BenchmarkForward measures the gateway beside httputil.ReverseProxy alone, both without a server in front, against the
// same upstream on loopback: the difference is what routing, policy and metrics cost.
func BenchmarkForward(b *testing.B) {
	upstream := newRawUpstream(b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	target, err := url.Parse(upstream.url)
	if err != nil {
		b.Fatal(err)
	}
	g, err := gateway.NewGateway(mustLoad(b, everySlotAt(upstream.url)),
		slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	bare := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.SetXForwarded()
	}}
	for name, handler := range map[string]http.Handler{"gateway": g, "ReverseProxy": bare} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/user/Krishna%2FMohan", nil)
				r.Header.Set("Accept", "application/json")
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
