package token

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// minRSA is the shortest RSA key that RS and PS algorithms may have, in bits (RFC 7518, section 3.3).
const minRSA = 2048

// Fetch gets a key set: a document of RFC 7517, section 5.
type Fetch func(ctx context.Context) ([]byte, error)

// How often a key set is fetched.
const (
	refreshInterval = 10 * time.Minute // while all is well
	retryInterval   = 10 * time.Second // at least, after a failure, and between two tokens with an unknown key
	fetchTimeout    = 5 * time.Second
)

var (
	errNoKeys  = errors.New("no key set could be fetched yet")
	errUnknown = errors.New("the token's key is not in the key set")
)

// keySet is the issuer's keys. A set that cannot be fetched or read leaves the one of before in force. It is safe for
// concurrent use.
type keySet struct {
	fetch   Fetch
	logger  *slog.Logger
	now     func() time.Time
	changed func() // called after the set has changed

	current atomic.Pointer[set]
	failed  atomic.Bool // the last fetch failed

	mu       sync.Mutex
	fetching chan struct{} // closed when the fetch that runs has ended; nil without one
	last     time.Time     // when the last fetch began
}

// set is one key set. Nothing changes it.
type set struct {
	keys     []jose.JSONWebKey
	document string
}

// find returns the key of a token. A token without kid has a key only where there is no choice.
func (s *set) find(kid, algorithm string) (any, bool) {
	var found any
	for _, k := range s.keys {
		if (kid != "" && k.KeyID != kid) || !fits(k, algorithm) {
			continue
		}
		if found != nil {
			return nil, false
		}
		found = k.Key
	}
	return found, found != nil
}

// fits reports whether a key is made for an algorithm.
func fits(k jose.JSONWebKey, algorithm string) bool {
	if (k.Algorithm != "" && k.Algorithm != algorithm) || (k.Use != "" && k.Use != "sig") {
		return false
	}
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		return (strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")) && key.N.BitLen() >= minRSA
	case *ecdsa.PublicKey:
		curve := map[string]string{"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[algorithm]
		return key.Curve.Params().Name == curve
	case ed25519.PublicKey:
		return algorithm == string(jose.EdDSA)
	default: // above all secrets, which have no place in a published set
		return false
	}
}

// key returns the key of a token. For one that is not known the set is fetched, if that has not just been done.
func (s *keySet) key(ctx context.Context, kid, algorithm string) (any, error) {
	current := s.current.Load()
	if current != nil {
		if k, ok := current.find(kid, algorithm); ok {
			return k, nil
		}
	}
	s.refresh(ctx, false)
	current = s.current.Load()
	if current == nil {
		return nil, errNoKeys
	}
	if k, ok := current.find(kid, algorithm); ok {
		return k, nil
	}
	return nil, errUnknown
}

// refresh fetches the set, or waits for the fetch that runs; but not longer than ctx. Unless it is due, it does nothing
// where one began within the retryInterval: anybody can send tokens with keys that do not exist.
func (s *keySet) refresh(ctx context.Context, due bool) {
	s.mu.Lock()
	if s.fetching == nil {
		if now := s.now(); !due && !s.last.IsZero() && now.Sub(s.last) < retryInterval {
			s.mu.Unlock()
			return
		}
		s.last = s.now()
		s.fetching = make(chan struct{})
		// The fetch is everybody's: the end of one request does not end it.
		go s.load(context.WithoutCancel(ctx), s.fetching)
	}
	done := s.fetching
	s.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (s *keySet) load(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	err := s.replace(ctx)
	s.failed.Store(err != nil)
	if err != nil {
		s.logger.WarnContext(ctx, "the key set of the tokens' issuer cannot be had: the one of before stays in force",
			slog.Bool("have_one", s.current.Load() != nil), slog.Any("error", err))
	}
	s.mu.Lock()
	s.fetching = nil
	s.mu.Unlock()
	close(done)
}

func (s *keySet) replace(ctx context.Context) error {
	document, err := s.fetch(ctx)
	if err != nil {
		return err
	}
	before := s.current.Load()
	if before != nil && before.document == string(document) {
		return nil
	}
	keys, err := parseKeys(document)
	if err != nil {
		return err
	}
	s.current.Store(&set{keys: keys, document: string(document)})
	if before != nil {
		s.changed()
	}
	s.logger.InfoContext(ctx, "the key set of the tokens' issuer was read", slog.Int("keys", len(keys)))
	return nil
}

// parseKeys reads a key set. Keys of unknown or unusable kinds are left out, as RFC 7517, section 5, asks; a set
// without any that could verify a token is an error.
func parseKeys(document []byte) ([]jose.JSONWebKey, error) {
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &raw); err != nil {
		return nil, fmt.Errorf("the key set is not JSON: %w", err)
	}
	var keys []jose.JSONWebKey
	for _, text := range raw.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(text) != nil || !k.IsPublic() {
			continue
		}
		if slices.ContainsFunc(Algorithms(), func(a string) bool { return fits(k, a) }) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("none of the %d keys in the key set can verify a token: they are public RSA (2048 bits or more), "+
			"EC or Ed25519 keys for signatures", len(raw.Keys))
	}
	return keys, nil
}
