package policy_test

import (
	"testing"
	"time"

	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/policy"
)

func TestStripped(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"Ums-Actor": true, "ums-actor": true, "x-FORWARDED-for": true, "Ums-": true, "Ums-Anything-Else": true,
		"X-Forwarded-For": true, "X-Forwarded-Port": true, "X-Forwarded": true, "X-Real-Ip": true, "Forwarded": true,
		// what a server behind CGI or WSGI reads under the same name
		"Ums_actor": true, "Ums_Actor-Id": true, "X_forwarded_for": true, "X-Forwarded_host": true, "X_real_ip": true,
		"X_request_id": true, "X-Request_id": true,

		"X-Request-Id": false, // checked, and replaced or kept, elsewhere
		"Umsa":         false, "X-Ums-Actor": false, "X-Custom": false, "X_custom": false, "From": false, "Accept": false,
		"User-Agent": false, "Upgrade-Insecure-Requests": false, "": false, "U": false,
	} {
		if got := policy.Stripped(name); got != want {
			t.Errorf("Stripped(%q) = %t, want %t", name, got, want)
		}
	}
}

func TestPasses(t *testing.T) {
	t.Parallel()
	const both, back, none = "both ways", "back alone", "neither way"
	for name, want := range map[string]string{
		"Accept": both, "Content-Type": both, "Cookie": both, "ETag": both, "Priority": both, "TE-X": both, "X": both, "X-A": both,
		"Connection": none, "CONNECTION": none, "keep-alive": none, "Content-length": none, "Transfer-Encoding": none, "te": none,
		"Trailer": none, "Upgrade": none, "Proxy-Connection": none, "ums-actor": none, "Ums-Node": none, "x-request-id": none, "": none,
		"Host": back, "Via": back, "Proxy": back, "X-Forwarded-For": back, "x_request_id": back, "Expect": back, "http2-settings": back,
		"proxy-authorization": back, "Content_Length": back, "transfer_Encoding": back, "Keep_Alive": back, "HTTP2_Settings": back,
		"Proxy_Connection": back, "Ums_Actor": back, "Content_Type": both, "_": both,
	} {
		got := none
		switch {
		case policy.Passes(name) && policy.PassesBack(name):
			got = both
		case policy.PassesBack(name):
			got = back
		case policy.Passes(name):
			got = "there alone"
		}
		if got != want {
			t.Errorf("%q passes %s, want %s", name, got, want)
		}
	}
}

func TestPassesAsTrailer(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"Content-Digest": true, "Server-Timing": true, "ETag": true, "X-Sum": true, "Grpc-Status": true,
		"content-length": false, "Transfer-Encoding": false, "Trailer": false, "connection": false, "Ums-Actor": false,
		"set-cookie": false, "Content-Type": false, "VARY": false, "Location": false, "WWW-Authenticate": false,
		"access-control-allow-origin": false, "RateLimit": false, "RateLimit-Policy": false, "X-Request-Id": false,
		"": false, "X Y": false, "X\r": false,
	} {
		if got := policy.PassesAsTrailer(name); got != want {
			t.Errorf("PassesAsTrailer(%q) = %t, want %t", name, got, want)
		}
	}
}

func TestNominated(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"keep-alive": false, "close": false, "": false, " , ": false, "X-A": true, "close, x-a": true, "close , X-a ,": true,
	} {
		fields := []http1.Field{{Name: "Accept", Value: "X-A"}, {Name: "connection", Value: value}}
		if got := policy.Nominates(fields); got != want {
			t.Errorf("Nominates(%q) = %t", value, got)
		}
		if got := policy.Nominated(fields, "X-A"); got != want {
			t.Errorf("Nominated(%q) = %t", value, got)
		}
	}
}

func TestVia(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		prior        []string
		major, minor int
		want         string
	}{
		{nil, 1, 1, "1.1 ums-gateway"},
		{nil, 1, 0, "1.0 ums-gateway"},
		{nil, 2, 0, "2 ums-gateway"},
		{[]string{"1.0 a, 1.1 b", "1.1 c"}, 1, 1, "1.0 a, 1.1 b, 1.1 c, 1.1 ums-gateway"},
	} {
		var fields []http1.Field
		for _, value := range tt.prior {
			fields = append(fields, http1.Field{Name: "via", Value: value})
		}
		if got := policy.Via(fields, tt.major, tt.minor); got != tt.want {
			t.Errorf("%q over %d.%d: Via = %q, want %q", tt.prior, tt.major, tt.minor, got, tt.want)
		}
	}
}

func TestDeadlineMs(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]int64{
		5 * time.Second: 5000, 1999 * time.Microsecond: 1, 0: 1, -time.Second: 1,
	} {
		if got := policy.DeadlineMs(left); got != want {
			t.Errorf("%s left: %d, want %d", left, got, want)
		}
	}
}
