package securityheaders_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/gateway/securityheaders"
)

func TestApply(t *testing.T) {
	t.Parallel()
	const page = "default-src 'none'; style-src 'sha256-x'; frame-ancestors 'none'"
	for name, tt := range map[string]struct {
		tls    bool
		answer http.Header
		want   http.Header
	}{
		"an answer": {false, http.Header{}, http.Header{
			"X-Content-Type-Options": {"nosniff"}, "Referrer-Policy": {"no-referrer"},
			"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
		}},
		"over TLS": {true, http.Header{}, http.Header{
			"X-Content-Type-Options": {"nosniff"}, "Referrer-Policy": {"no-referrer"},
			"Content-Security-Policy":   {"default-src 'none'; frame-ancestors 'none'"},
			"Strict-Transport-Security": {"max-age=31536000"},
		}},
		"the page keeps its policy": {false, http.Header{"Content-Security-Policy": {page}, "Referrer-Policy": {"same-origin"}}, http.Header{
			"X-Content-Type-Options": {"nosniff"}, "Referrer-Policy": {"same-origin"}, "Content-Security-Policy": {page},
		}},
		"an upstream cannot allow sniffing": {false, http.Header{"X-Content-Type-Options": {"x"}}, http.Header{
			"X-Content-Type-Options": {"nosniff"}, "Referrer-Policy": {"no-referrer"},
			"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := tt.answer
			securityheaders.Apply(tt.tls, func(name string) bool { return h.Get(name) != "" }, h.Set)
			if diff := cmp.Diff(tt.want, h); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}
