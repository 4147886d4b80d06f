package cors_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/gateway/cors"
)

const (
	app   = "https://app.example.org"
	other = "https://other.example.org"
)

func policy(credentials bool) *cors.Policy {
	return cors.New(cors.Options{
		Origins: []string{app, "http://localhost:3000"}, RequestHeaders: []string{"Content-Type", "If-Match"},
		ExposedHeaders: []string{"ETag", "Link"}, Credentials: credentials, MaxAge: 10 * time.Minute,
	})
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	vary := []string{"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}
	granted := http.Header{
		"Vary": vary, "Access-Control-Allow-Origin": {app}, "Access-Control-Allow-Methods": {"GET, HEAD, OPTIONS"},
		"Access-Control-Allow-Headers": {"Content-Type, If-Match"}, "Access-Control-Max-Age": {"600"},
	}
	withCredentials := granted.Clone()
	withCredentials.Set("Access-Control-Allow-Credentials", "true")
	for name, tt := range map[string]struct {
		policy *cors.Policy
		method string
		origin string
		asks   string
		is     bool
		want   http.Header
	}{
		"a listed origin":       {policy(false), "OPTIONS", app, "PATCH", true, granted},
		"with credentials":      {policy(true), "OPTIONS", app, "PATCH", true, withCredentials},
		"another origin":        {policy(true), "OPTIONS", other, "PATCH", true, http.Header{"Vary": vary}},
		"null":                  {policy(true), "OPTIONS", "null", "PATCH", true, http.Header{"Vary": vary}},
		"another port":          {policy(true), "OPTIONS", app + ":8443", "PATCH", true, http.Header{"Vary": vary}},
		"in capitals":           {policy(true), "OPTIONS", "https://APP.example.org", "PATCH", true, http.Header{"Vary": vary}},
		"a suffix of a listed":  {policy(true), "OPTIONS", "https://evil-app.example.org", "GET", true, http.Header{"Vary": vary}},
		"a prefix of another":   {policy(true), "OPTIONS", app + ".evil.example", "GET", true, http.Header{"Vary": vary}},
		"an OPTIONS by itself":  {policy(true), "OPTIONS", app, "", false, http.Header{}},
		"without an origin":     {policy(true), "OPTIONS", "", "GET", false, http.Header{}},
		"another method":        {policy(true), "GET", app, "GET", false, http.Header{}},
		"CORS is switched off":  {nil, "OPTIONS", app, "GET", false, http.Header{}},
		"the star is no origin": {policy(false), "OPTIONS", "*", "GET", true, http.Header{"Vary": vary}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, answer := http.Header{}, http.Header{}
			request.Set("Origin", tt.origin)
			request.Set("Access-Control-Request-Method", tt.asks)
			if is := tt.policy.Preflight(tt.method, request.Get, "GET, HEAD, OPTIONS", answer.Add); is != tt.is {
				t.Errorf("Preflight = %v, want %v", is, tt.is)
			}
			if diff := cmp.Diff(tt.want, answer); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy *cors.Policy
		origin string
		want   http.Header
	}{
		"a listed origin": {policy(false), "http://localhost:3000", http.Header{
			"Vary": {"Origin"}, "Access-Control-Allow-Origin": {"http://localhost:3000"}, "Access-Control-Expose-Headers": {"ETag, Link"},
		}},
		"with credentials": {policy(true), app, http.Header{
			"Vary": {"Origin"}, "Access-Control-Allow-Origin": {app}, "Access-Control-Expose-Headers": {"ETag, Link"},
			"Access-Control-Allow-Credentials": {"true"},
		}},
		"another origin":       {policy(true), other, http.Header{"Vary": {"Origin"}}},
		"no origin":            {policy(true), "", http.Header{"Vary": {"Origin"}}},
		"CORS is switched off": {nil, app, http.Header{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := http.Header{}
			tt.policy.Apply(tt.origin, answer.Add)
			if diff := cmp.Diff(tt.want, answer); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStrips(t *testing.T) {
	t.Parallel()
	if !policy(false).Strips("Access-Control-Allow-Origin") {
		t.Error("an upstream's Access-Control-Allow-Origin passes")
	}
	if policy(false).Strips("Etag") || (*cors.Policy)(nil).Strips("Access-Control-Allow-Origin") {
		t.Error("stripped what the policy does not speak for")
	}
}
