package config_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/cors"
)

const minimal = "version: 1\nupstreams: {find: {url: http://find}}\n" // lines 1 and 2

func TestLoad_whoMayDoWhat(t *testing.T) {
	t.Parallel()
	got, err := config.Load("f.yaml", []byte(minimal+`
access:
  mode: ${ACCESS:-open}
  keys: /etc/ums/keys.yaml
  jwt:
    issuer: https://issuer.example
    audience: [ums, ums-admin]
    jwks: https://issuer.example/keys
    algorithms: [ES256]
    leeway: 10s
rate_limits:
  standard: {rate: 100/s, burst: 200}
  visitors: {rate: 600/m, burst: 20, by: address}
rate_limit_redis: ${RATE_LIMIT_REDIS_URL}
cors:
  origins: [https://app.example.org, "http://localhost:3000"]
  headers: [Content-Type]
  exposed: [ETag]
  credentials: true
  max_age: 1h
trusted_proxies: [10.0.0.0/8, "2001:db8::/32", 192.0.2.1]
routes:
  - {path: /a, methods: [GET], upstream: find, timeout: 1s, scopes: [users:read, journal:read], rate_limit: standard}
  - {path: /b, methods: [GET], upstream: find, timeout: 1s, scopes: users:read}
`), env("ACCESS=enforced", "RATE_LIMIT_REDIS_URL=redis://cache:6379/1"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Access{KeyFile: "/etc/ums/keys.yaml", JWT: &config.JWT{
		Issuer: "https://issuer.example", Audience: []string{"ums", "ums-admin"}, Algorithms: []string{"ES256"},
		JWKSURL: "https://issuer.example/keys", Leeway: 10 * time.Second,
	}}, got.Access); diff != "" {
		t.Errorf("access (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&cors.Options{
		Origins: []string{"https://app.example.org", "http://localhost:3000"}, RequestHeaders: []string{"Content-Type"},
		ExposedHeaders: []string{"ETag"}, Credentials: true, MaxAge: time.Hour,
	}, got.CORS); diff != "" {
		t.Errorf("cors (-want +got):\n%s", diff)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("192.0.2.1/32")}
	if diff := cmp.Diff(want, got.TrustedProxies, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("trusted_proxies (-want +got):\n%s", diff)
	}
	if l, ok := got.RateLimit("visitors"); !ok || !l.ByAddress || !l.Policy.Limited() || len(got.RateLimits) != 2 {
		t.Errorf("rate limits: %+v", got.RateLimits)
	}
	if got.Routes[0].RateLimit != "standard" || got.RateLimitRedis != "redis://cache:6379/1" {
		t.Errorf("the route's limit is %q in %q", got.Routes[0].RateLimit, got.RateLimitRedis)
	}
	if diff := cmp.Diff([]string{"users:read", "journal:read"}, got.Scopes()); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

// TestLoad_accessByVariables: the built-in file is switched by variables alone.
func TestLoad_accessByVariables(t *testing.T) {
	t.Parallel()
	const file = minimal + `access:
  mode: ${ACCESS:-open}
  keys: ${ACCESS_KEYS:-}
  jwt: {issuer: "${JWT_ISSUER:-}", audience: "${JWT_AUDIENCE:-}", jwks: "${JWT_JWKS:-}"}
routes: [{path: /, methods: [GET], respond: not-implemented}]
`
	for name, tt := range map[string]struct {
		env  []string
		want config.Access
		err  string
	}{
		"nothing": {nil, config.Access{Open: true}, ""},
		"keys":    {[]string{"ACCESS=enforced", "ACCESS_KEYS=k"}, config.Access{KeyFile: "k"}, ""},
		"tokens": {[]string{"ACCESS=enforced", "JWT_ISSUER=i", "JWT_AUDIENCE=a", "JWT_JWKS=/keys.json"}, config.Access{JWT: &config.JWT{
			Issuer: "i", Audience: []string{"a"}, JWKSFile: "/keys.json", Algorithms: []string{"RS256", "ES256", "EdDSA"}, Leeway: 30 * time.Second,
		}}, ""},
		"nobody":      {[]string{"ACCESS=enforced"}, config.Access{}, "so nobody could call"},
		"half":        {[]string{"ACCESS=enforced", "JWT_ISSUER=i"}, config.Access{}, "the audience of tokens is empty"},
		"a slip":      {[]string{"ACCESS=enforce"}, config.Access{}, `did you mean "enforced"?`},
		"another way": {[]string{"ACCESS=off"}, config.Access{}, "the mode of access is open or enforced"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load("f.yaml", []byte(file), env(tt.env...))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("Load = %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Access); diff != "" {
				t.Errorf("access (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoad_whoMayDoWhatFaults(t *testing.T) {
	t.Parallel()
	const routes = "routes: [{path: /, methods: [GET], respond: not-implemented}]\n"
	for name, tt := range map[string]struct {
		file string
		want []string
	}{
		"access": {"access:\n  mod: open\n  keys: []\n", []string{
			`4: access has no "mode"`, `4: unknown key "mod" in access; did you mean "mode"?`,
			"5: the file of the API keys should be a single value, and is a list"}},
		"tokens": {"access:\n  mode: enforced\n  jwt:\n    issuer: i\n    audience: []\n    jwks: http://issuer.example/keys\n    algorithms: [HS256, RS265, RS256, RS256]\n    leeway: 1h\n", []string{
			"7: the audience of tokens is empty",
			"8: the key set would be fetched without TLS: whoever stands between could make tokens; use https:// or a file",
			"9: HS256 has one secret for signing and verifying: whoever can verify a token could make one; use RS256, ES256 or EdDSA",
			`9: unknown algorithm "RS265"; did you mean "RS256"?`, "9: the algorithm RS256 is listed twice",
			"10: the leeway of tokens 1h0m0s is outside 0s to 5m0s"}},
		"a password in the key set's URL": {"access:\n  mode: enforced\n  jwt: {issuer: i, audience: a, jwks: \"https://u:geheim@h/\"}\n", []string{
			"5: the URL of the key set holds a user or password, which would end up in logs"}},
		"rate limits": {"rate_limits:\n  A: {}\n  a: {rate: 5, burst: x, by: ip}\n  b: {rate: 0/s, burst: 0}\n  c: {rate: 1/h, burst: 100}\n  d: {rate: 1/s, burts: 5}\n", []string{
			`4: "A" is no name for a rate limit: use lower-case letters, digits and -, a letter first`,
			`5: the rate "5" of rate limit a is none: write it like 100/s, 600/m or 1000/h`,
			`5: the burst "x" of rate limit a is no number: it is how many requests may come at once`,
			`5: rate limit a goes by key or by address, not by "ip"; known are key, address`,
			`6: the rate "0/s" of rate limit b is none: write it like 100/s, 600/m or 1000/h`,
			"7: rate limit c: at this rate a burst of 100 takes longer than 24h0m0s to be there again",
			`8: unknown key "burts" in rate limit d; did you mean "burst"?`, `8: rate limit d has no "burst"`}},
		"a Redis that is none": {"rate_limit_redis: http://u:geheim@h\n", []string{
			"3: the URL of the rate limits' Redis: redis: invalid URL scheme: http; " +
				"write it like redis://HOST:6379, or rediss://USER:PASSWORD@HOST:6379/0 for TLS"}},
		"a Redis that is no URL": {"rate_limit_redis: 'redis://u:geheim/x@h'\n", []string{
			"3: the URL of the rate limits' Redis is not a URL; " +
				"write it like redis://HOST:6379, or rediss://USER:PASSWORD@HOST:6379/0 for TLS"}},
		"cors": {"cors:\n  origins: ['*', 'null', https://a.example/, https://A.example, a.example, https://a.example:443, https://a.example, https://a.example]\n" +
			"  headers: ['*', 'a b']\n  credentials: yes\n  max_age: 1\n", []string{
			"4: the origin * would let every page call; list the origins of those that should",
			"4: the origin null is that of any file and sandboxed frame, and cannot be listed",
			`4: the origin "https://a.example/" is not as browsers write it: https://app.example.org, in lower case, without a slash at the end`,
			`4: the origin "https://A.example" is not as browsers write it: https://app.example.org, in lower case, without a slash at the end`,
			`4: the origin "a.example" is not as browsers write it: https://app.example.org, in lower case, without a slash at the end`,
			`4: browsers leave the port 443 out of the origin "https://a.example:443"; leave it out here as well`,
			"4: the origin https://a.example is listed twice",
			"5: name the headers: * does not cover Authorization, and nothing at all with credentials", `5: "a b" is no name of a header`,
			`6: credentials is true or false, not "yes"`, `7: max_age "1" is no duration: write it like 30s or 10m`}},
		"trusted proxies": {"trusted_proxies: [all, 10.0.0.1/8, 0.0.0.0/0, '::ffff:10.0.0.0/104']\n", []string{
			`3: "all" is no network: write it like 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1`,
			`3: "10.0.0.1/8" has bits behind its prefix; the network is 10.0.0.0/8`,
			"3: 0.0.0.0/0 is everybody: any client could then choose its address",
			`3: "::ffff:10.0.0.0/104" is an IPv4 network written as IPv6; write it like 10.0.0.0/8`}},
		"of routes": {"rate_limits: {standard: {rate: 1/s, burst: 1}}\nroutes: [{path: /, methods: [GET], respond: not-implemented, scopes: ['a b', ''], rate_limit: standart}]\n", []string{
			`4: "a b" is no scope: write it like users:read`, "4: a scope is empty",
			`4: no rate limit is called "standart"; did you mean "standard"?`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := minimal + tt.file
			if !strings.Contains(file, "routes:") {
				file += routes
			}
			_, err := config.Load("f.yaml", []byte(file), env())
			faults, ok := errors.AsType[config.Errors](err)
			if !ok {
				t.Fatalf("Load = %v, want faults", err)
			}
			got := strings.Split(strings.ReplaceAll(faults.Error(), "f.yaml:", ""), "\n")
			less := cmp.Transformer("sort", func(s []string) map[string]int {
				m := map[string]int{}
				for _, x := range s {
					m[x]++
				}
				return m
			})
			if diff := cmp.Diff(tt.want, got, less); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if strings.Contains(faults.Error(), "geheim") {
				t.Errorf("a message holds a password: %v", faults)
			}
		})
	}
}
