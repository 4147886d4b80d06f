package token_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/gateway/access/token"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

type claims map[string]any

// issuer signs tokens, and publishes its keys as it likes.
type issuer struct {
	rsa   *rsa.PrivateKey
	ec    *ecdsa.PrivateKey
	ed    ed25519.PrivateKey
	other *rsa.PrivateKey // never published at first

	mu       sync.Mutex
	document []byte
	err      error
	fetches  atomic.Int64
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{}
	var err1, err2, err3, err4 error
	i.rsa, err1 = rsa.GenerateKey(rand.Reader, 2048)
	i.other, err2 = rsa.GenerateKey(rand.Reader, 2048)
	i.ec, err3 = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, i.ed, err4 = ed25519.GenerateKey(rand.Reader)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	i.publish(t, i.public()...)
	return i
}

func (i *issuer) public() []jose.JSONWebKey {
	return []jose.JSONWebKey{
		{Key: i.rsa.Public(), KeyID: "rsa", Algorithm: "RS256", Use: "sig"},
		{Key: i.ec.Public(), KeyID: "ec"},
		{Key: i.ed.Public(), KeyID: "ed"},
		{Key: i.rsa.Public(), KeyID: "for-encryption", Use: "enc"},
		{Key: []byte("a secret that should not be here"), KeyID: "oct"},
	}
}

func (i *issuer) publish(t testing.TB, keys ...jose.JSONWebKey) {
	t.Helper()
	document, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.document, i.err = document, nil
}

func (i *issuer) fail(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.err = err
}

func (i *issuer) fetch(context.Context) ([]byte, error) {
	i.fetches.Add(1)
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.document, i.err
}

// raw makes a token of any head and body; sign gets what is to be signed.
func raw(t testing.TB, head, body any, sign func([]byte) []byte) string {
	t.Helper()
	encode := func(v any) string {
		text, ok := v.(string)
		if !ok {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(text))
	}
	input := encode(head) + "." + encode(body)
	return input + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(input)))
}

func rs256(t testing.TB, key *rsa.PrivateKey) func([]byte) []byte {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
}

func es256(t testing.TB, key *ecdsa.PrivateKey) func([]byte) []byte {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
}

func hs256(secret []byte) func([]byte) []byte {
	return func(input []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(input)
		return mac.Sum(nil)
	}
}

// good are the claims of a token that passes, changed by some; nil takes one away.
func good(change claims) claims {
	c := claims{
		"iss": "https://issuer.example", "aud": "ums", "sub": "alice", "scope": "users:read users:write",
		"exp": start.Add(5 * time.Minute).Unix(), "iat": start.Unix(), "nbf": start.Unix(),
	}
	for name, value := range change {
		if value == nil {
			delete(c, name)
		} else {
			c[name] = value
		}
	}
	return c
}

type clock struct{ atomic.Int64 }

func (c *clock) Now() time.Time { return start.Add(time.Duration(c.Load())) }

func verifier(t testing.TB, i *issuer, change func(*token.Options)) (*token.Verifier, *clock) {
	t.Helper()
	c := &clock{}
	o := token.Options{
		Issuer: "https://issuer.example", Audience: []string{"ums", "ums-admin"}, Algorithms: []string{"RS256", "ES256", "EdDSA"},
		Leeway: 30 * time.Second, Keys: i.fetch, Logger: slog.New(slog.DiscardHandler), Now: c.Now,
	}
	if change != nil {
		change(&o)
	}
	v, err := token.NewVerifier(o)
	if err != nil {
		t.Fatal(err)
	}
	return v, c
}

func TestVerify(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v, _ := verifier(t, i, nil)
	rsaHead := claims{"alg": "RS256", "kid": "rsa"}
	for name, tt := range map[string]struct {
		token string
		want  []string
	}{
		"RS256":        {raw(t, rsaHead, good(nil), rs256(t, i.rsa)), []string{"users:read", "users:write"}},
		"ES256":        {raw(t, claims{"alg": "ES256", "kid": "ec"}, good(nil), es256(t, i.ec)), []string{"users:read", "users:write"}},
		"EdDSA":        {raw(t, claims{"alg": "EdDSA", "kid": "ed"}, good(nil), func(b []byte) []byte { return ed25519.Sign(i.ed, b) }), []string{"users:read", "users:write"}},
		"no kid":       {raw(t, claims{"alg": "ES256"}, good(nil), es256(t, i.ec)), []string{"users:read", "users:write"}},
		"typ JWT":      {raw(t, claims{"alg": "RS256", "kid": "rsa", "typ": "JWT"}, good(nil), rs256(t, i.rsa)), []string{"users:read", "users:write"}},
		"typ at+jwt":   {raw(t, claims{"alg": "RS256", "kid": "rsa", "typ": "application/at+JWT"}, good(nil), rs256(t, i.rsa)), []string{"users:read", "users:write"}},
		"scp, a list":  {raw(t, rsaHead, good(claims{"scope": nil, "scp": []string{"journal:read"}}), rs256(t, i.rsa)), []string{"journal:read"}},
		"scp, a text":  {raw(t, rsaHead, good(claims{"scope": nil, "scp": "a b"}), rs256(t, i.rsa)), []string{"a", "b"}},
		"both":         {raw(t, rsaHead, good(claims{"scp": "a b"}), rs256(t, i.rsa)), []string{"users:read", "users:write"}},
		"no scopes":    {raw(t, rsaHead, good(claims{"scope": nil}), rs256(t, i.rsa)), nil},
		"aud, a list":  {raw(t, rsaHead, good(claims{"aud": []string{"x", "ums-admin"}}), rs256(t, i.rsa)), []string{"users:read", "users:write"}},
		"exp, skewed":  {raw(t, rsaHead, good(claims{"exp": start.Unix() - 29}), rs256(t, i.rsa)), []string{"users:read", "users:write"}},
		"nbf, skewed":  {raw(t, rsaHead, good(claims{"nbf": start.Unix() + 29}), rs256(t, i.rsa)), []string{"users:read", "users:write"}},
		"no nbf, iat":  {raw(t, rsaHead, good(claims{"nbf": nil, "iat": nil}), rs256(t, i.rsa)), []string{"users:read", "users:write"}},
		"further ones": {raw(t, rsaHead, good(claims{"email": "a@example.org", "x": claims{"y": 1}}), rs256(t, i.rsa)), []string{"users:read", "users:write"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 { // the second time from memory
				got, err := v.Verify(t.Context(), tt.token)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got.Scopes, cmp.Transformer("len", func(s []string) []string { return append([]string{}, s...) })); diff != "" || got.Subject != "alice" {
					t.Errorf("%+v (-want +got):\n%s", got, diff)
				}
			}
		})
	}
}

func TestVerify_refuses(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v, _ := verifier(t, i, nil)
	head := func(change claims) claims {
		h := claims{"alg": "RS256", "kid": "rsa"}
		maps.Copy(h, change)
		return h
	}
	der, err := x509.MarshalPKIXPublicKey(i.rsa.Public())
	if err != nil {
		t.Fatal(err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	sign, none := rs256(t, i.rsa), func([]byte) []byte { return nil }
	embedded, _ := jose.JSONWebKey{Key: i.other.Public(), KeyID: "rsa"}.MarshalJSON()
	right := raw(t, head(nil), good(nil), sign)
	parts := strings.Split(right, ".")
	for name, raw := range map[string]string{
		"empty": "", "no token": "abc", "two parts": parts[0] + "." + parts[1], "four parts": right + ".x",
		"alg none":                    raw(t, claims{"alg": "none"}, good(nil), none),
		"alg None":                    raw(t, claims{"alg": "None", "kid": "rsa"}, good(nil), none),
		"alg none with a kid":         raw(t, claims{"alg": "none", "kid": "rsa"}, good(nil), none),
		"no alg":                      raw(t, claims{"kid": "rsa"}, good(nil), sign),
		"no signature":                parts[0] + "." + parts[1] + ".",
		"another body":                parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"root"}`)) + "." + parts[2],
		"HS256 by the RSA key as PEM": raw(t, head(claims{"alg": "HS256"}), good(nil), hs256(asPEM)),
		"HS256 by the RSA key as DER": raw(t, head(claims{"alg": "HS256"}), good(nil), hs256(der)),
		"HS256 by the published one":  raw(t, claims{"alg": "HS256", "kid": "oct"}, good(nil), hs256([]byte("a secret that should not be here"))),
		"another key":                 raw(t, head(nil), good(nil), rs256(t, i.other)),
		"the head brings its key":     raw(t, head(claims{"jwk": json.RawMessage(embedded)}), good(nil), rs256(t, i.other)),
		"the head names a set":        raw(t, head(claims{"jku": "https://evil.example/keys", "kid": "x"}), good(nil), rs256(t, i.other)),
		"a key for encryption":        raw(t, head(claims{"kid": "for-encryption"}), good(nil), sign),
		"a key of another algorithm":  raw(t, head(claims{"kid": "ec"}), good(nil), sign),
		"an algorithm not pinned":     raw(t, head(claims{"alg": "RS512"}), good(nil), sign),
		"an unknown kid":              raw(t, head(claims{"kid": "new"}), good(nil), sign),
		"kid, a number":               raw(t, head(claims{"kid": 1}), good(nil), sign),
		"crit":                        raw(t, head(claims{"crit": []string{"exp"}, "exp": 1}), good(nil), sign),
		"crit, empty":                 raw(t, head(claims{"crit": []string{}}), good(nil), sign),
		"crit b64":                    raw(t, head(claims{"crit": []string{"b64"}, "b64": true}), good(nil), sign),
		"b64":                         raw(t, head(claims{"b64": true}), good(nil), sign),
		"typ of a logout token":       raw(t, head(claims{"typ": "logout+jwt"}), good(nil), sign),
		"typ of a proof":              raw(t, head(claims{"typ": "dpop+jwt"}), good(nil), sign),
		"typ, a number":               raw(t, head(claims{"typ": 1}), good(nil), sign),
		"another issuer":              raw(t, head(nil), good(claims{"iss": "https://issuer.example/"}), sign),
		"no issuer":                   raw(t, head(nil), good(claims{"iss": nil}), sign),
		"another audience":            raw(t, head(nil), good(claims{"aud": []string{"x"}}), sign),
		"no audience":                 raw(t, head(nil), good(claims{"aud": nil}), sign),
		"expired":                     raw(t, head(nil), good(claims{"exp": start.Unix() - 31}), sign),
		"no exp":                      raw(t, head(nil), good(claims{"exp": nil}), sign),
		"exp, a text":                 raw(t, head(nil), good(claims{"exp": "2030"}), sign),
		"not yet":                     raw(t, head(nil), good(claims{"nbf": start.Unix() + 31}), sign),
		"issued in the future":        raw(t, head(nil), good(claims{"iat": start.Unix() + 31}), sign),
		"no sub":                      raw(t, head(nil), good(claims{"sub": nil}), sign),
		"a line break in sub":         raw(t, head(nil), good(claims{"sub": "a\r\nUms-Scopes: x"}), sign),
		"space around sub":            raw(t, head(nil), good(claims{"sub": " alice"}), sign),
		"a long sub":                  raw(t, head(nil), good(claims{"sub": strings.Repeat("a", 256)}), sign),
		"scope, a number":             raw(t, head(nil), good(claims{"scope": 1}), sign),
		"scope with control":          raw(t, head(nil), good(claims{"scp": []string{"a\nb"}, "scope": nil}), sign),
		"scp with two in one":         raw(t, head(nil), good(claims{"scp": []string{"a b"}, "scope": nil}), sign),
		"a key twice":                 raw(t, head(nil), `{"sub":"alice","sub":"root","iss":"https://issuer.example","aud":"ums","exp":4000000000}`, sign),
		"in capitals":                 raw(t, head(nil), `{"SUB":"root","iss":"https://issuer.example","aud":"ums","exp":4000000000}`, sign),
		"no JSON":                     raw(t, head(nil), "x", sign),
		"too long":                    raw(t, head(nil), good(claims{"x": strings.Repeat("x", 16<<10)}), sign),
		"padding":                     right + "=",
		"JSON serialization":          `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := v.Verify(t.Context(), raw); err == nil {
				t.Errorf("passes: %+v", got)
			} else if errors.Is(err, token.ErrUnavailable) {
				t.Errorf("Verify = %v", err)
			}
		})
	}
	if _, err := v.Verify(t.Context(), right); err != nil {
		t.Errorf("what all were made of: %v", err)
	}
}

// TestVerify_rotation: a token with a new key makes the set fetched, but not more often than every ten seconds.
func TestVerify_rotation(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v, c := verifier(t, i, nil)
	old := raw(t, claims{"alg": "RS256", "kid": "rsa"}, good(nil), rs256(t, i.rsa))
	renewed := raw(t, claims{"alg": "RS256", "kid": "new"}, good(nil), rs256(t, i.other))
	passes := func(raw string) bool { _, err := v.Verify(t.Context(), raw); return err == nil }
	if !passes(old) || passes(renewed) || passes(renewed) || i.fetches.Load() != 1 {
		t.Fatalf("at first: %d fetches", i.fetches.Load())
	}
	i.publish(t, append(i.public(), jose.JSONWebKey{Key: i.other.Public(), KeyID: "new"})...)
	c.Add(int64(9 * time.Second))
	if passes(renewed) || i.fetches.Load() != 1 {
		t.Errorf("fetched again at once: %d fetches", i.fetches.Load())
	}
	c.Add(int64(2 * time.Second))
	if !passes(renewed) || !passes(old) || i.fetches.Load() != 2 {
		t.Errorf("the new key is not taken: %d fetches", i.fetches.Load())
	}

	i.fail(errors.New("away"))
	c.Add(int64(11 * time.Second))
	if passes(raw(t, claims{"alg": "RS256", "kid": "newer"}, good(nil), rs256(t, i.rsa))) || !passes(old) || i.fetches.Load() != 3 {
		t.Errorf("a failed fetch took the keys away: %d fetches", i.fetches.Load())
	}
	i.mu.Lock()
	i.document, i.err = []byte(`{"keys":[]}`), nil
	i.mu.Unlock()
	c.Add(int64(11 * time.Second))
	if passes(raw(t, claims{"alg": "RS256", "kid": "newest"}, good(nil), rs256(t, i.rsa))) || !passes(old) {
		t.Error("an empty set took the keys away")
	}

	// The old key is taken out: its tokens end, also the one that is remembered.
	i.publish(t, jose.JSONWebKey{Key: i.other.Public(), KeyID: "new"})
	tick, ctx := make(chan time.Time), t.Context()
	go v.Run(ctx, tick)
	tick <- time.Time{} // the first fetch has ended
	if passes(old) || !passes(renewed) {
		t.Error("a key that was taken out is still good")
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		i.fail(errors.New("away"))
		v, c := verifier(t, i, nil)
		good := raw(t, claims{"alg": "RS256", "kid": "rsa"}, good(claims{"exp": start.Add(time.Hour).Unix()}), rs256(t, i.rsa))
		tick := make(chan time.Time)
		go v.Run(t.Context(), tick)
		synctest.Wait()
		step := func(d time.Duration, want int64) {
			t.Helper()
			c.Add(int64(d))
			tick <- time.Time{}
			synctest.Wait()
			if n := i.fetches.Load(); n != want {
				t.Errorf("%d fetches, want %d", n, want)
			}
		}
		step(5*time.Second, 1) // the first failed: not again so soon
		step(5*time.Second, 2)
		if _, err := v.Verify(t.Context(), good); !errors.Is(err, token.ErrUnavailable) {
			t.Errorf("without keys: %v, want ErrUnavailable", err)
		}
		i.publish(t, i.public()...)
		step(10*time.Second, 3)
		if _, err := v.Verify(t.Context(), good); err != nil {
			t.Errorf("with keys again: %v", err)
		}
		step(9*time.Minute, 3)
		step(2*time.Minute, 4)
	})
}

// TestVerify_concurrent: many tokens at once make one fetch; one that gives up does not end it.
func TestVerify_concurrent(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	release := make(chan struct{})
	v, _ := verifier(t, i, func(o *token.Options) {
		o.Keys = func(ctx context.Context) ([]byte, error) {
			<-release
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return i.fetch(ctx)
		}
	})
	raw := raw(t, claims{"alg": "RS256", "kid": "rsa"}, good(nil), rs256(t, i.rsa))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(gone, raw); !errors.Is(err, token.ErrUnavailable) {
		t.Errorf("a request that gave up: %v", err)
	}
	var wait sync.WaitGroup
	for range 10 {
		wait.Go(func() {
			if _, err := v.Verify(t.Context(), raw); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	wait.Wait()
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

// TestVerify_memory: a token that is remembered ends when it expires, and there is room for so many.
func TestVerify_memory(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v, c := verifier(t, i, func(o *token.Options) { o.CacheSize = 4 })
	var all []string
	for n := range 20 {
		all = append(all, raw(t, claims{"alg": "ES256", "kid": "ec"}, good(claims{"jti": strings.Repeat("x", n)}), es256(t, i.ec)))
	}
	for range 2 {
		for _, raw := range all {
			if _, err := v.Verify(t.Context(), raw); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.Add(int64(5*time.Minute + 29*time.Second))
	if _, err := v.Verify(t.Context(), all[19]); err != nil {
		t.Errorf("within the leeway: %v", err)
	}
	c.Add(int64(2 * time.Second))
	if slices.ContainsFunc(all, func(raw string) bool { _, err := v.Verify(t.Context(), raw); return err == nil }) {
		t.Error("a token outlives its exp")
	}
}

func TestNewVerifier(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"HS256", "none", "rs256", "", "ES256K"} {
		_, err := token.NewVerifier(token.Options{Issuer: "i", Audience: []string{"a"}, Algorithms: []string{"RS256", algorithm}})
		if err == nil {
			t.Errorf("%q is accepted", algorithm)
		}
	}
	if _, err := token.NewVerifier(token.Options{Issuer: "i", Algorithms: []string{"RS256"}}); err == nil {
		t.Error("any audience is accepted")
	}
}

// FuzzVerify checks that nothing passes but what was signed, and that nothing panics.
func FuzzVerify(f *testing.F) {
	i := newIssuer(f)
	v, _ := verifier(f, i, nil)
	right := raw(f, claims{"alg": "RS256", "kid": "rsa"}, good(nil), rs256(f, i.rsa))
	f.Add(right)
	f.Add(raw(f, claims{"alg": "none"}, good(nil), func([]byte) []byte { return nil }))
	f.Add("..")
	f.Fuzz(func(t *testing.T, raw string) {
		if got, err := v.Verify(t.Context(), raw); err == nil && raw != right {
			t.Errorf("%q passes: %+v", raw, got)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	i := newIssuer(b)
	v, _ := verifier(b, i, nil)
	raw := raw(b, claims{"alg": "RS256", "kid": "rsa"}, good(claims{"x": strings.Repeat("x", 300)}), rs256(b, i.rsa))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), raw); err != nil {
			b.Fatal(err)
		}
	}
}
