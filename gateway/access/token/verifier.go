package token

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/glarimy/ums/gateway/access/keyfile"
)

// Bounds of a token, in bytes.
const (
	maxToken   = 16 << 10
	maxSubject = 255
)

// defaultCacheSize is how many tokens are remembered: about 5 MB.
const defaultCacheSize = 10_000

// ErrUnavailable says that a token cannot be verified now, as there is no key set yet. It may be a good one.
var ErrUnavailable = errNoKeys

// Algorithms returns the algorithms that may be named, all of them asymmetric.
func Algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// Options are what a Verifier is made of. All but Audience's second and further values, Leeway and CacheSize are
// required.
type Options struct {
	Issuer     string   // iss, compared exactly
	Audience   []string // one of them is in aud
	Algorithms []string // of Algorithms
	Leeway     time.Duration
	Keys       Fetch
	CacheSize  int // 0 means 10,000
	Logger     *slog.Logger
	Now        func() time.Time
}

// Token is what a verified token says. Nothing changes it.
type Token struct {
	Subject string
	Scopes  []string
	// Made of the others, so that a request need not: whose requests count together for a limit, and the scopes separated
	// by spaces.
	LimitKey, Joined string

	until time.Time
}

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	issuer     string
	audience   jwt.Audience
	algorithms []jose.SignatureAlgorithm
	leeway     time.Duration
	keys       *keySet
	cache      *cache
	now        func() time.Time
}

// NewVerifier returns a verifier. It fetches nothing: Run does, or the first token.
func NewVerifier(o Options) (*Verifier, error) {
	if o.Issuer == "" || len(o.Audience) == 0 || len(o.Algorithms) == 0 {
		return nil, errors.New("a verifier of tokens needs an issuer, an audience and algorithms")
	}
	v := &Verifier{issuer: o.Issuer, audience: o.Audience, leeway: o.Leeway, now: o.Now}
	for _, a := range o.Algorithms {
		if !slices.Contains(Algorithms(), a) {
			return nil, fmt.Errorf("%q is no asymmetric algorithm of tokens: there are %s", a, strings.Join(Algorithms(), ", "))
		}
		v.algorithms = append(v.algorithms, jose.SignatureAlgorithm(a))
	}
	if o.CacheSize == 0 {
		o.CacheSize = defaultCacheSize
	}
	v.cache = newCache(o.CacheSize)
	v.keys = &keySet{fetch: o.Keys, logger: o.Logger, now: o.Now, changed: v.cache.forget}
	return v, nil
}

// Run keeps the key set fresh until ctx ends: it fetches it at once, and whenever tick fires, which should be every five
// seconds, if ten minutes have passed, or ten seconds since one that failed.
func (v *Verifier) Run(ctx context.Context, tick <-chan time.Time) {
	v.keys.refresh(ctx, true)
	fetched := v.now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			interval := refreshInterval
			if v.keys.failed.Load() {
				interval = retryInterval
			}
			if v.now().Sub(fetched) < interval {
				continue
			}
			v.keys.refresh(ctx, true)
			fetched = v.now()
		}
	}
}

// Verify returns what a token says. The error is ErrUnavailable, or says what is wrong with the token, for a log: it is
// not for whoever sent it. Neither is the token kept.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Token, error) {
	if len(raw) > maxToken {
		return nil, fmt.Errorf("the token is longer than %d bytes", maxToken)
	}
	d := digestOf(raw)
	known, generation := v.cache.get(d, v.now())
	if known != nil {
		return known, nil
	}
	t, err := v.verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	v.cache.put(d, t, generation)
	return t, nil
}

// digestOf hashes a token without an allocation, if it has a usual length.
func digestOf(raw string) digest {
	var buffer [2048]byte
	return sha256.Sum256(append(buffer[:0], raw...))
}

func (v *Verifier) verify(ctx context.Context, raw string) (*Token, error) {
	parsed, err := jwt.ParseSigned(raw, v.algorithms)
	if err != nil {
		return nil, fmt.Errorf("the token cannot be read: %w", err)
	}
	head := parsed.Headers[0]
	if err := checkHead(head); err != nil {
		return nil, err
	}
	key, err := v.keys.key(ctx, head.KeyID, head.Algorithm)
	if err != nil {
		return nil, err
	}
	var registered jwt.Claims
	var granted scopes
	if err := parsed.Claims(key, &registered, &granted); err != nil {
		return nil, fmt.Errorf("the token does not verify: %w", err)
	}
	now := v.now()
	if err := v.checkClaims(registered, now); err != nil {
		return nil, err
	}
	list, err := granted.list()
	if err != nil {
		return nil, err
	}
	return &Token{
		Subject: registered.Subject, Scopes: list, LimitKey: "sub:" + registered.Subject, Joined: strings.Join(list, " "),
		until: registered.Expiry.Time().Add(v.leeway),
	}, nil
}

// checkHead refuses what a token's head may not say. Its type, if it has one, is that of an access token (RFC 9068) or of
// JWTs in general: others, as logout tokens and proofs of possession, are signed with the same keys.
func checkHead(head jose.Header) error {
	if _, ok := head.ExtraHeaders["crit"]; ok {
		return errors.New("the token's head has crit, and nothing that could be critical is known here")
	}
	if _, ok := head.ExtraHeaders["b64"]; ok {
		return errors.New("the token's head has b64, which is not for tokens")
	}
	kind, ok := head.ExtraHeaders[jose.HeaderType]
	if !ok {
		return nil
	}
	name, _ := kind.(string)
	switch strings.TrimPrefix(strings.ToLower(name), "application/") {
	case "jwt", "at+jwt":
		return nil
	}
	return fmt.Errorf("the token is of the type %q, which is for something else", name)
}

func (v *Verifier) checkClaims(c jwt.Claims, now time.Time) error {
	if c.Expiry == nil {
		return errors.New("the token has no exp: it would never end")
	}
	if err := c.ValidateWithLeeway(jwt.Expected{Issuer: v.issuer, AnyAudience: v.audience, Time: now}, v.leeway); err != nil {
		return fmt.Errorf("the token is not for here and now: %w", err)
	}
	if !keyfile.ValidActor(c.Subject) || len(c.Subject) > maxSubject {
		return fmt.Errorf("the token's sub is missing, longer than %d bytes, or holds control characters", maxSubject)
	}
	return nil
}

// scopes are what a token grants: scope by RFC 8693, one text, or scp, which some issuers write as a list.
type scopes struct {
	Scope json.RawMessage `json:"scope"`
	Scp   json.RawMessage `json:"scp"`
}

// list returns the scopes; scope goes before scp.
func (s scopes) list() ([]string, error) {
	raw := s.Scope
	if raw == nil {
		raw = s.Scp
	}
	if raw == nil {
		return nil, nil
	}
	var text string
	var list []string
	if json.Unmarshal(raw, &text) == nil {
		list = strings.Fields(text)
	} else if json.Unmarshal(raw, &list) != nil {
		return nil, errors.New("the token's scope is neither a text nor a list of texts")
	}
	for _, scope := range list {
		if !keyfile.ValidScope(scope) {
			return nil, fmt.Errorf("the token's scope holds %q, which is none", scope)
		}
	}
	return list, nil
}
