package access

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/glarimy/ums/gateway/access/keyfile"
	"github.com/glarimy/ums/gateway/access/token"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/http1"
)

// The headers that hold credentials, in their canonical form.
const (
	Authorization = "Authorization"
	APIKey        = "X-Api-Key" //nolint:gosec // the name of a header, not a key
)

// Stripped reports whether a request's header stays behind, because it holds a secret that is for the gateway alone.
// The name may be spelt in any case.
func Stripped(name string) bool {
	return http1.EqualFold(name, Authorization) || http1.EqualFold(name, APIKey)
}

// Options are what an Authenticator is made of. Logger and Now are required.
type Options struct {
	Config config.Config
	// Transport carries the question for the issuer's keys; it has to be there where Config has a URL of a key set.
	Transport http.RoundTripper
	Logger    *slog.Logger
	Now       func() time.Time
}

// Authenticator knows who may do what. It is safe for concurrent use.
type Authenticator struct {
	open   bool
	keys   *keyfile.Store  // nil without API keys
	tokens *token.Verifier // nil without tokens
	logger *slog.Logger
	now    func() time.Time
}

// Open returns the authenticator of a configuration. The file of the API keys has to be there and right, so that a
// gateway does not start without those who may call it; the issuer's keys may come later. An error is a config.Errors, or
// says what cannot be read.
func Open(o Options) (*Authenticator, error) {
	a := &Authenticator{open: o.Config.Access.Open, logger: o.Logger, now: o.Now}
	if a.open {
		o.Logger.Warn("ACCESS IS OPEN: anybody who reaches this gateway may read, change and delete every user. " +
			"This is for development; set `access: mode: enforced` in gateway.yaml, or ACCESS=enforced, for anything else")
		return a, nil
	}
	var err error
	if file := o.Config.Access.KeyFile; file != "" {
		if a.keys, err = keyfile.Open(file, Rules(o.Config), o.Logger); err != nil {
			return nil, err
		}
		o.Logger.Info("access by API keys", slog.String("file", file), slog.Int("keys", a.keys.Len()))
	}
	if t := o.Config.Access.JWT; t != nil {
		fetch := token.FromFile(t.JWKSFile)
		if t.JWKSURL != "" {
			fetch = token.FromURL(t.JWKSURL, o.Transport)
		}
		a.tokens, err = token.NewVerifier(token.Options{
			Issuer: t.Issuer, Audience: t.Audience, Algorithms: t.Algorithms, Leeway: t.Leeway,
			Keys: fetch, Logger: o.Logger, Now: o.Now,
		})
		if err != nil {
			return nil, err
		}
		o.Logger.Info("access by tokens", slog.String("issuer", t.Issuer))
	}
	return a, nil
}

// Rules returns what a file of keys may name under a configuration: the routes' scopes, and the limits.
func Rules(c config.Config) keyfile.Rules {
	rules := keyfile.Rules{Scopes: c.Scopes(), RateLimits: []string{}}
	for _, l := range c.RateLimits {
		rules.RateLimits = append(rules.RateLimits, l.Name)
	}
	return rules
}

// Run keeps the keys fresh until ctx ends: the file of API keys is looked at, and the issuer's keys are fetched, or read from
// their file, if that is due, whenever tick fires; every five seconds is right.
func (a *Authenticator) Run(ctx context.Context, tick <-chan time.Time) {
	var wait sync.WaitGroup
	defer wait.Wait()
	forKeys, forTokens := make(chan time.Time, 1), make(chan time.Time, 1)
	if a.keys != nil {
		wait.Go(func() { a.keys.Watch(ctx, forKeys) })
	}
	if a.tokens != nil {
		wait.Go(func() { a.tokens.Run(ctx, forTokens) })
	}
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick:
			for _, each := range []chan time.Time{forKeys, forTokens} {
				select {
				case each <- now:
				default: // still at the one before
				}
			}
		}
	}
}

// Reload looks at the file of API keys now, as on SIGHUP, and not at the issuer's keys. After an error the keys of before stay
// in force.
func (a *Authenticator) Reload() error {
	if a.keys == nil {
		return nil
	}
	return a.keys.Reload()
}

// IsOpen reports whether anybody may do anything.
func (a *Authenticator) IsOpen() bool { return a.open }

// Authorize returns who makes a request that needs some scopes, or an *Error. A route without scopes is open to anybody:
// the credentials are not looked at, so that a stale one in a browser does not shut it out of a page that needs none.
func (a *Authenticator) Authorize(ctx context.Context, authorization, apiKey string, needed []string) (Identity, error) {
	if a.open || len(needed) == 0 {
		return Identity{}, nil
	}
	id, err := a.Authenticate(ctx, authorization, apiKey)
	if err != nil {
		return Identity{}, err
	}
	if scope := id.missing(needed); scope != "" {
		return Identity{}, insufficient(scope)
	}
	return id, nil
}

// Authenticate returns whose credentials these are: the values of the headers Authorization and X-API-Key, "" for one
// that is absent. Every error is an *Error. Neither value is kept, so they may be views of a buffer.
func (a *Authenticator) Authenticate(ctx context.Context, authorization, apiKey string) (Identity, error) {
	if a.open {
		return Identity{}, nil
	}
	credential, err := credentialOf(authorization, apiKey)
	if err != nil {
		return Identity{}, err
	}
	if apiKey != "" || strings.HasPrefix(credential, keyfile.Prefix) {
		return a.byKey(credential)
	}
	return a.byToken(ctx, credential)
}

// credentialOf returns the one credential of a request.
func credentialOf(authorization, apiKey string) (string, error) {
	if authorization != "" && apiKey != "" {
		return "", malformed("There are credentials in both Authorization and X-API-Key; send one of them.")
	}
	if apiKey != "" {
		if strings.ContainsAny(apiKey, ", \t") {
			return "", malformed("X-API-Key holds one API key, and nothing else.")
		}
		return apiKey, nil
	}
	scheme, credential, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", absent() // none, or of a scheme that is not ours
	}
	credential = strings.Trim(credential, " ")
	if !isToken68(credential) {
		return "", malformed("Authorization holds Bearer and one token or API key, and nothing else.")
	}
	return credential, nil
}

// isToken68 reports whether a text has the form of a bearer token (RFC 6750, section 2.1), or is an API key.
func isToken68(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := range len(body) {
		c := body[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && !strings.ContainsRune("-._~+/", rune(c)) {
			return false
		}
	}
	return body != ""
}

var (
	errNoSuchKey   = errors.New("no such API key, or it has expired")
	errTokensUnset = errors.New("no issuer of tokens is configured")
)

func (a *Authenticator) byKey(key string) (Identity, error) {
	if a.keys != nil {
		if e := a.keys.Lookup(key, a.now()); e != nil {
			return ofKey(e), nil
		}
	}
	return Identity{}, invalid(errNoSuchKey)
}

func (a *Authenticator) byToken(ctx context.Context, raw string) (Identity, error) {
	if a.tokens == nil {
		return Identity{}, invalid(errTokensUnset)
	}
	t, err := a.tokens.Verify(ctx, raw)
	switch {
	case errors.Is(err, token.ErrUnavailable):
		return Identity{}, unavailable(err)
	case err != nil:
		return Identity{}, invalid(err)
	}
	return ofToken(t), nil
}
