package gateways

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/glarimy/ums/bench/process"
)

const (
	issuer   = "https://issuer.example.org"
	audience = "ums"
	keyID    = "bench"
)

// prepareSecured is our gateway with a rate limit that nobody reaches, and open to those who have a token of an issuer
// whose key is made for this run. The header that a client has to send is kept in the run.
func prepareSecured(ctx context.Context, r *run, s site) (process.Command, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return process.Command{}, "", fmt.Errorf("make an issuer's key: %w", err)
	}
	public := jose.JSONWebKey{Key: key.Public(), KeyID: keyID, Algorithm: string(jose.ES256), Use: "sig"}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}})
	if err != nil {
		return process.Command{}, "", fmt.Errorf("write an issuer's key: %w", err)
	}
	file, err := s.write("jwks.json", string(set))
	if err != nil {
		return process.Command{}, "", err
	}
	token, err := signedBy(key)
	if err != nil {
		return process.Command{}, "", fmt.Errorf("sign a token: %w", err)
	}
	r.credentials = "Authorization: Bearer " + token
	return r.gateway(ctx, s, securedConfig(s, file))
}

// signedBy returns a token that is good for an hour.
func signedBy(key *ecdsa.PrivateKey) (string, error) {
	options := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", keyID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		return "", err
	}
	now := time.Now()
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: issuer, Audience: jwt.Audience{audience}, Subject: "bench",
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Hour)),
	}).Claims(map[string]any{"scope": "users:read"}).Serialize()
}

// securedConfig is ourConfig with what nginx and Traefik ask money for.
func securedConfig(s site, jwks string) string {
	return fmt.Sprintf(`version: 1
upstreams:
  find: {url: "http://%s"}
access:
  mode: enforced
  jwt: {issuer: %s, audience: %s, jwks: %q}
rate_limits:
  standard: {rate: 1000000/s, burst: 1000000, by: key}
routes:
  - {path: "/user/{name}", methods: [GET], upstream: find, timeout: 5s, scopes: ["users:read"], rate_limit: standard}
`, s.routes[0].Addr, issuer, audience, jwks)
}
