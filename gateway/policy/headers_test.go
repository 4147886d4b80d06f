package policy_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway/policy"
)

func TestStripped(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"Ums-Actor": true, "Ums-": true, "Ums-Anything-Else": true,
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

func TestAddVia(t *testing.T) {
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
		h := http.Header{"Via": tt.prior}
		policy.AddVia(h, tt.major, tt.minor)
		if got := h["Via"]; len(got) != 1 || got[0] != tt.want {
			t.Errorf("%q over %d.%d: Via = %q, want %q", tt.prior, tt.major, tt.minor, got, tt.want)
		}
	}
}

func TestSetDeadline(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]string{
		5 * time.Second: "5000", 1999 * time.Microsecond: "1", 0: "1", -time.Second: "1",
	} {
		h := http.Header{"Ums-Deadline-Ms": {"forged"}}
		policy.SetDeadline(h, left)
		if got := h.Values("Ums-Deadline-Ms"); len(got) != 1 || got[0] != want {
			t.Errorf("%s left: %q, want %q", left, got, want)
		}
	}
}
