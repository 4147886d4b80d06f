package gateway_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/ratelimit"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/problem"
)

// enforced is a gateway that asks for credentials: of a file of keys, or of an issuer.
type enforced struct {
	*gateway.Service
	upstream    *rawUpstream
	getenv      func(string) string
	keyFile     string
	reader, all string // API keys
	token       string // alice's, who may read users
	tick        chan time.Time
	log         *syncBuffer
}

func newEnforced(t *testing.T) *enforced {
	t.Helper()
	dir := t.TempDir()
	e := &enforced{
		upstream: newRawUpstream(t, okAnswer), keyFile: filepath.Join(dir, "keys.yaml"), tick: make(chan time.Time), log: new(syncBuffer),
	}
	e.reader = newKey(t, e.keyFile, "reader", "users:read")
	e.all = newKey(t, e.keyFile, "all", "users:read,users:write,journal:read")
	jwks := filepath.Join(dir, "jwks.json")
	e.token = newToken(t, jwks)
	variables := map[string]string{
		"ACCESS": "enforced", "ACCESS_KEYS": e.keyFile,
		"JWT_ISSUER": "https://issuer.example", "JWT_AUDIENCE": "ums", "JWT_JWKS": jwks,
	}
	for _, slot := range []string{"FIND_URL", "ADD_URL", "SEARCH_URL", "JOURNAL_URL"} {
		variables[slot] = e.upstream.url
	}
	e.getenv = environment(variables)
	e.Service, _ = serveUntil(t, e.getenv, func(_ *httpserver.Config, d *gateway.Dependencies) {
		d.Tick, d.Logger = e.tick, slog.New(slog.NewJSONHandler(e.log, nil))
	})
	return e
}

// newKey makes an API key as `gateway key new` does.
func newKey(t *testing.T, file, id, scopes string) string {
	t.Helper()
	var out strings.Builder
	args := []string{"key", "new", "-file", file, "-id", id, "-actor", id + "@example.org", "-scopes", scopes}
	if err := gateway.Main(t.Context(), args, environment(nil), &out); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// newToken writes the key set of an issuer, and returns a token of its.
func newToken(t *testing.T, jwksFile string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k"}}})
	if err == nil {
		err = os.WriteFile(jwksFile, set, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": "https://issuer.example", "aud": "ums", "sub": "alice", "scope": "users:read",
		"exp": time.Now().Add(time.Hour).Unix(),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (e *enforced) send(t *testing.T, call string, lines ...string) response {
	t.Helper()
	return roundTrip(t, e.Addr(), call+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"+strings.Join(append(lines, "\r\n"), "\r\n"))
}

func TestAccess(t *testing.T) {
	t.Parallel()
	e := newEnforced(t)
	const realm = `Bearer realm="ums"`
	for name, tt := range map[string]struct {
		call      string
		lines     []string
		refused   problem.Type
		challenge string
		actor     string
		scopes    string
	}{
		"nothing":          {"GET /user/x", nil, problem.Unauthenticated, realm, "", ""},
		"a wrong key":      {"GET /user/x", []string{"X-API-Key: " + e.all + "x"}, problem.Unauthenticated, realm + `, error="invalid_token"`, "", ""},
		"too few scopes":   {"DELETE /user/x", []string{"X-API-Key: " + e.reader}, problem.InsufficientScope, realm + `, error="insufficient_scope", scope="users:write"`, "", ""},
		"two keys":         {"GET /user/x", []string{"X-API-Key: " + e.all, "x-api-key: " + e.all}, problem.InvalidCredentials, realm + `, error="invalid_request"`, "", ""},
		"two bearers":      {"GET /user/x", []string{"Authorization: Bearer " + e.all, "Authorization: Bearer " + e.all}, problem.InvalidCredentials, realm + `, error="invalid_request"`, "", ""},
		"a key":            {"GET /user/x", []string{"x-api-key: " + e.reader}, "", "", "reader@example.org", "users:read"},
		"a key as bearer":  {"DELETE /user/x", []string{"AUTHORIZATION: bearer " + e.all}, "", "", "all@example.org", "users:read users:write journal:read"},
		"a token":          {"GET /user/x", []string{"Authorization: Bearer " + e.token}, "", "", "alice", "users:read"},
		"a forged actor":   {"GET /user/x", []string{"X-API-Key: " + e.reader, "Ums-Actor: mallory", "ums_scopes: users:write"}, "", "", "reader@example.org", "users:read"},
		"a dropped header": {"GET /user/x", []string{"X-API-Key: " + e.reader, "Connection: Ums-Actor, X-API-Key"}, "", "", "reader@example.org", "users:read"},
	} {
		before := len(e.upstream.requests())
		res := e.send(t, tt.call, tt.lines...)
		seen := e.upstream.requests()[before:]
		if tt.refused != "" {
			wantProblem(t, res, tt.refused, "")
			if got := res.Header.Get("WWW-Authenticate"); got != tt.challenge || len(seen) != 0 {
				t.Errorf("%s: WWW-Authenticate = %s, want %s; the upstream has seen %q", name, got, tt.challenge, seen)
			}
			continue
		}
		if len(seen) == 0 {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
		wantTold(t, name, seen, tt.actor, tt.scopes)
	}
	for call, want := range map[string]int{
		"GET /livez": 200, "GET /readyz": 200, "GET /docs": 200, "GET /openapi.json": 200, "OPTIONS /user": 204, "GET /nowhere": 404,
	} {
		if res := e.send(t, call); res.StatusCode != want {
			t.Errorf("%s without credentials: %d, want %d", call, res.StatusCode, want)
		}
	}
}

// TestAccess_overview has an upstream of its own: a part may reach it when the answer is already there, as another failed.
func TestAccess_overview(t *testing.T) {
	t.Parallel()
	e := newEnforced(t)
	res := e.send(t, "GET /user/x/overview", "X-API-Key: "+e.all, "Ums-Actor: mallory")
	seen := e.upstream.requests()
	if len(seen) == 0 {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	wantTold(t, "an overview", seen, "all@example.org", "users:read users:write journal:read")
}

// wantTold fails t unless each of the heads that an upstream has got tells who is calling, and nothing of the credentials.
func wantTold(t *testing.T, name string, heads []string, wantActor, wantScopes string) {
	t.Helper()
	for _, head := range heads {
		actor, scopes := values(head, "Ums-Actor"), values(head, "Ums-Scopes")
		if !slices.Equal(actor, []string{wantActor}) || !slices.Equal(scopes, []string{wantScopes}) {
			t.Errorf("%s: the upstream is told %q and %q", name, actor, scopes)
		}
		if lower := strings.ToLower(head); strings.Contains(lower, "authorization") || strings.Contains(lower, "x-api-key") ||
			strings.Contains(lower, "mallory") || strings.Contains(lower, "ums_scopes") {
			t.Errorf("%s: the upstream gets %q", name, head)
		}
	}
}

// TestAccess_open shows that where anybody may call, a service may have credentials of its own.
func TestAccess_open(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	res := roundTrip(t, g.addr, "GET /user/x HTTP/1.1\r\nHost: h\r\nAuthorization: Basic YTpi\r\nX-API-Key: k\r\nUms-Actor: mallory\r\n\r\n")
	head := upstream.last(t)
	if res.StatusCode != http.StatusOK || !slices.Equal(values(head, "Authorization"), []string{"Basic YTpi"}) ||
		!slices.Equal(values(head, "X-Api-Key"), []string{"k"}) || len(values(head, "Ums-Actor")) != 0 {
		t.Errorf("%d, the upstream gets %q", res.StatusCode, head)
	}
}

func TestAccess_keyFile(t *testing.T) {
	t.Parallel()
	e := newEnforced(t)
	status := func(key string) int { return e.send(t, "GET /user/x", "X-API-Key: "+key).StatusCode }
	second := newKey(t, e.keyFile, "second", "users:read")
	if got := status(second); got != http.StatusUnauthorized {
		t.Errorf("%d before the file was looked at", got)
	}
	waitFor(t, func() bool {
		e.tick <- time.Now()
		return status(second) == http.StatusOK
	})

	// A file that is wrong leaves the keys as they are; so does a reload of the same configuration.
	good, err := os.ReadFile(e.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	write := func(content string) {
		if err := os.WriteFile(e.keyFile, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("- id: x\n")
	if err := e.ReloadKeys(); err == nil || !strings.Contains(err.Error(), "keys.yaml:1") {
		t.Errorf("a bad file: %v", err)
	}
	if err := e.Apply(mustLoad(t, e.getenv)); err != nil {
		t.Errorf("the same configuration reads the keys anew: %v", err)
	}
	if got := status(second); got != http.StatusOK {
		t.Errorf("%d after a bad file", got)
	}

	// Another configuration wants a file that is right; one with open access needs none.
	other := mustLoad(t, e.getenv)
	other.Access.JWT = nil
	if err := e.Apply(other); err == nil || status(second) != http.StatusOK {
		t.Errorf("another configuration with a bad file: %v", err)
	}
	first, _, _ := strings.Cut(string(good), "- id: \"all\"")
	write(first)
	if err := e.ReloadKeys(); err != nil || status(second) != http.StatusUnauthorized || status(e.reader) != http.StatusOK {
		t.Errorf("%v; a key that was taken out: %d, want 401, and one that stayed: %d, want 200", err, status(second), status(e.reader))
	}
	other.Access.Open = true
	if err := e.Apply(other); err != nil || status("") != http.StatusOK {
		t.Errorf("open access: %v", err)
	}
	if err := e.ReloadKeys(); err != nil {
		t.Errorf("no keys to reload: %v", err)
	}
	if n := strings.Count(e.log.String(), "ACCESS IS OPEN"); n != 1 {
		t.Errorf("the log warns %d times of open access", n)
	}
}

// TestAccess_rejected checks that the keys in force are still those that are loaded again after a configuration was
// rejected which would have had others.
func TestAccess_rejected(t *testing.T) {
	t.Parallel()
	e := newEnforced(t)
	status := func() int { return e.send(t, "GET /user/x", "X-API-Key: "+e.reader).StatusCode }
	limit, err := ratelimit.NewPolicy("some", 1, time.Second, 1)
	if err != nil {
		t.Fatal(err)
	}
	other := mustLoad(t, e.getenv)
	other.Access.JWT = nil
	other.RateLimits, other.RateLimitRedis = []config.RateLimit{{Name: "some", Policy: limit}}, "http://no-redis"
	for i := range other.Routes {
		other.Routes[i].RateLimit = "some"
	}
	if err := e.Apply(other); err == nil {
		t.Fatal("a configuration with a Redis that is none is in force")
	}
	if got := status(); got != http.StatusOK {
		t.Errorf("a good key: %d", got)
	}
	if err := os.WriteFile(e.keyFile, []byte("# nobody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.ReloadKeys(); err != nil {
		t.Error(err)
	}
	if got := status(); got != http.StatusUnauthorized {
		t.Errorf("a key that was taken out: %d", got)
	}
}
