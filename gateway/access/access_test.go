package access_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/glarimy/ums/gateway/access"
	"github.com/glarimy/ums/gateway/access/keyfile"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/shared/problem"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// fixture is an authenticator of a file with one key and an issuer with one, and its credentials.
type fixture struct {
	*access.Authenticator
	config     config.Config
	key, token string
	file       string
	log        *bytes.Buffer
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{file: filepath.Join(t.TempDir(), "keys.yaml"), log: &bytes.Buffer{}}
	f.key = f.add(t, "ci", "-rate-limit", "bulk")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f.token = signed(t, private)
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private.Public(), KeyID: "k"}}})
	}))
	t.Cleanup(issuer.Close)
	f.config = config.Config{
		Access: config.Access{KeyFile: f.file, JWT: &config.JWT{
			Issuer: "https://issuer.example", Audience: []string{"ums"}, Algorithms: []string{"ES256"}, JWKSURL: issuer.URL,
		}},
		RateLimits: []config.RateLimit{{Name: "bulk"}},
		Routes:     []config.Route{{Path: "/user", Scopes: []string{"users:read", "users:write", "journal:read"}}},
	}
	f.Authenticator, err = access.Open(access.Options{
		Config: f.config, Transport: &http.Transport{}, Logger: slog.New(slog.NewTextHandler(f.log, nil)), Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// add makes another key in the file.
func (f *fixture) add(t testing.TB, id string, more ...string) string {
	t.Helper()
	var out bytes.Buffer
	args := append([]string{"new", "-file", f.file, "-id", id, "-actor", id + "@example.org", "-scopes", "users:read,users:write"}, more...)
	if err := keyfile.Command(args, strings.NewReader(""), &out, now); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

func signed(t testing.TB, key *ecdsa.PrivateKey) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": "https://issuer.example", "aud": "ums", "sub": "alice", "exp": now.Add(time.Minute).Unix(), "scope": "users:read journal:read",
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ci := access.Identity{Actor: "ci@example.org", Scopes: []string{"users:read", "users:write"}, Key: "key:ci", RateLimit: "bulk"}
	alice := access.Identity{Actor: "alice", Scopes: []string{"users:read", "journal:read"}, Key: "sub:alice"}
	const bearer, token68 = `Bearer realm="ums"`, `, error="invalid_token"`
	for name, tt := range map[string]struct {
		authorization, apiKey string
		needed                []string
		want                  access.Identity
		problem               problem.Type
		challenge             string
	}{
		"an API key as bearer":    {"Bearer " + f.key, "", []string{"users:read"}, ci, "", ""},
		"an API key by itself":    {"", f.key, []string{"users:read", "users:write"}, ci, "", ""},
		"a token":                 {"Bearer " + f.token, "", []string{"journal:read"}, alice, "", ""},
		"in other letters":        {"bEARER  " + f.token, "", []string{"journal:read"}, alice, "", ""},
		"nothing":                 {"", "", []string{"users:read"}, access.Identity{}, problem.Unauthenticated, bearer},
		"another scheme":          {"Basic YTpi", "", []string{"users:read"}, access.Identity{}, problem.Unauthenticated, bearer},
		"an unknown key":          {"Bearer " + keyfile.NewKey(), "", []string{"users:read"}, access.Identity{}, problem.Unauthenticated, bearer + token68},
		"a mistyped key":          {"", f.key[:len(f.key)-1], []string{"users:read"}, access.Identity{}, problem.Unauthenticated, bearer + token68},
		"a token as API key":      {"", f.token, []string{"users:read"}, access.Identity{}, problem.Unauthenticated, bearer + token68},
		"a bad token":             {"Bearer " + f.token[:len(f.token)-4], "", []string{"users:read"}, access.Identity{}, problem.Unauthenticated, bearer + token68},
		"no token after Bearer":   {"Bearer", "", []string{"users:read"}, access.Identity{}, problem.InvalidCredentials, bearer + `, error="invalid_request"`},
		"two in one":              {"Bearer " + f.token + ", Bearer " + f.token, "", []string{"users:read"}, access.Identity{}, problem.InvalidCredentials, bearer + `, error="invalid_request"`},
		"two API keys":            {"", f.key + ", " + f.key, []string{"users:read"}, access.Identity{}, problem.InvalidCredentials, bearer + `, error="invalid_request"`},
		"both headers":            {"Bearer " + f.token, f.key, []string{"users:read"}, access.Identity{}, problem.InvalidCredentials, bearer + `, error="invalid_request"`},
		"the key lacks a scope":   {"", f.key, []string{"users:read", "journal:read"}, access.Identity{}, problem.InsufficientScope, bearer + `, error="insufficient_scope", scope="journal:read"`},
		"the token lacks a scope": {"Bearer " + f.token, "", []string{"users:write"}, access.Identity{}, problem.InsufficientScope, bearer + `, error="insufficient_scope", scope="users:write"`},
		"an open route":           {"", "", nil, access.Identity{}, "", ""},
		"an open route, badly":    {"Bearer stale", "", nil, access.Identity{}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := f.Authorize(t.Context(), tt.authorization, tt.apiKey, tt.needed)
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(access.Identity{})); diff != "" {
				t.Errorf("identity (-want +got):\n%s", diff)
			}
			if tt.problem == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			refused, ok := errors.AsType[*access.Error](err)
			if !ok || refused.Type != tt.problem || refused.WWWAuthenticate != tt.challenge || refused.Problem().Status != tt.problem.Status() {
				t.Fatalf("refused = %+v (%v), want %s with %s", refused, err, tt.problem, tt.challenge)
			}
			if text := err.Error() + refused.Detail; strings.Contains(text, f.key) || strings.Contains(text, f.token) {
				t.Errorf("the error holds the credentials: %s", text)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, err := f.Authenticate(t.Context(), "Bearer "+f.token, "")
	if err != nil {
		t.Fatal(err)
	}
	if actor, scopes := id.Headers(); actor != "alice" || scopes != "users:read journal:read" {
		t.Errorf("Headers = %q, %q", actor, scopes)
	}
	if actor, scopes := (access.Identity{}).Headers(); actor != "" || scopes != "" {
		t.Errorf("of nobody: %q, %q", actor, scopes)
	}
	if !access.Stripped("Authorization") || !access.Stripped("x-API-key") || access.Stripped("Accept") {
		t.Error("Stripped is not of the headers with secrets alone")
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	a, err := access.Open(access.Options{Config: config.Config{Access: config.Access{Open: true}}, Logger: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if id, err := a.Authorize(t.Context(), "Bearer nonsense", "x", []string{"users:write"}); err != nil || id.Actor != "" || !a.IsOpen() {
		t.Errorf("open: %+v, %v", id, err)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "ACCESS IS OPEN") {
		t.Errorf("it is not said loudly: %s", log.String())
	}
	absent := config.Config{Access: config.Access{KeyFile: filepath.Join(t.TempDir(), "absent")}}
	if _, err := access.Open(access.Options{Config: absent, Logger: slog.New(slog.DiscardHandler), Now: time.Now}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without its keys: %v", err)
	}
}

// TestUnavailable: a token is not called invalid while nobody can tell.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.config.Access.JWT.JWKSURL, f.config.Access.JWT.JWKSFile = "", filepath.Join(t.TempDir(), "absent")
	a, err := access.Open(access.Options{Config: f.config, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Authenticate(t.Context(), "Bearer "+f.token, "")
	if refused, ok := errors.AsType[*access.Error](err); !ok || refused.Type != problem.Unavailable || refused.RetryAfter == "" {
		t.Errorf("Authenticate = %v, want unavailable", err)
	}
	if _, err := a.Authenticate(t.Context(), "", f.key); err != nil {
		t.Errorf("the API keys go along: %v", err)
	}
}

// TestRun: a key that is added to the file is good soon after.
func TestRun(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	tick, done := make(chan time.Time), make(chan struct{})
	go func() { f.Run(ctx, tick); close(done) }()
	added := f.add(t, "new")
	deadline := time.Now().Add(20 * time.Second)
	for {
		tick <- now
		if _, err := f.Authenticate(ctx, "", added); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	cancel()
	<-done
	if err := os.WriteFile(f.file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Reload(); err == nil {
		t.Error("Reload does not tell of a bad file")
	}
	if _, err := f.Authenticate(t.Context(), "", added); err != nil {
		t.Errorf("the keys of before: %v", err)
	}
}

// FuzzAuthenticate checks that no header passes but the two that are right.
func FuzzAuthenticate(f *testing.F) {
	x := newFixture(f)
	f.Add("Bearer "+x.key, "")
	f.Add("", x.key)
	f.Add("bearer "+x.token, " ")
	f.Add("Bearer ums_", "ums_")
	f.Fuzz(func(t *testing.T, authorization, apiKey string) {
		id, err := x.Authenticate(t.Context(), authorization, apiKey)
		if err == nil && !strings.Contains(authorization, x.key) && apiKey != x.key && !strings.Contains(authorization, x.token) {
			t.Errorf("%q and %q pass for %+v", authorization, apiKey, id)
		}
		if err != nil {
			if _, ok := errors.AsType[*access.Error](err); !ok {
				t.Errorf("Authenticate = %#v", err)
			}
		}
	})
}

func BenchmarkAuthorize(b *testing.B) {
	f := newFixture(b)
	needed := []string{"users:read"}
	for name, authorization := range map[string]string{"key": "Bearer " + f.key, "token": "Bearer " + f.token} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Authorize(b.Context(), authorization, "", needed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
