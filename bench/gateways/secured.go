package gateways

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
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

// issued is an issuer of tokens that is made for one run: what gateways need to check its tokens, and one of those.
type issued struct {
	jwks   string // its key, as a set
	pem    string // and as a file of OpenSSL's kind
	header string // what a client has to send
}

func newIssued() (*issued, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make an issuer's key: %w", err)
	}
	public := jose.JSONWebKey{Key: key.Public(), KeyID: keyID, Algorithm: string(jose.ES256), Use: "sig"}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}})
	if err != nil {
		return nil, fmt.Errorf("write an issuer's key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("write an issuer's key: %w", err)
	}
	token, err := signedBy(key)
	if err != nil {
		return nil, fmt.Errorf("sign a token: %w", err)
	}
	return &issued{
		jwks: string(set), pem: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		header: "Authorization: Bearer " + token,
	}, nil
}

// forged is the header with another signature, that of nobody.
func (i *issued) forged() string {
	signed := i.header[:strings.LastIndexByte(i.header, '.')+1]
	return signed + strings.Repeat("A", len(i.header)-len(signed))
}

// prepareSecured is our gateway with a rate limit that nobody reaches, and open to those who have a token of the run's
// issuer.
func prepareSecured(ctx context.Context, r *run, s site) (process.Command, string, error) {
	file, err := s.write("jwks.json", s.issued.jwks)
	if err != nil {
		return process.Command{}, "", err
	}
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

// haproxyTokens are the rules by which HAProxy asks for the same of a token as our gateway does: its algorithm, signature,
// issuer, audience, time and scope.
func haproxyTokens(key string) string {
	return fmt.Sprintf(`  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.exp) var(txn.bearer),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_header_query('$.alg') -m str ES256 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('$.iss') -m str %s }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('$.aud') -m str %s }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(ES256,"%s") -m int 1 }
  http-request deny deny_status 403 unless { var(txn.bearer),jwt_payload_query('$.scope') -m sub users:read }
`, issuer, audience, key)
}
