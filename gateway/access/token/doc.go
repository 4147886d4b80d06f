// Package token verifies JSON Web Tokens (RFC 7519) as bearer tokens of OAuth 2.0, by the advice of RFC 8725.
//
// A token passes if its algorithm is one of those that the operator has named, all of them asymmetric; if the key set has
// its key, made for that algorithm; if the signature is right; and if iss, aud, exp and sub are there and right, and nbf
// and iat not in the future. Keys that a token brings along (jwk, jku, x5u, x5c) are not looked at; neither is a token
// with crit. So `none` is no algorithm here, and no public key is ever used as a secret.
//
// What passed is remembered until it expires, so that the same token costs one SHA-256 and one look into a map. Nobody is
// asked whether a token was revoked: it stays good until exp, as everywhere without introspection, so tokens should live
// for minutes. Taking a key out of the key set ends all of its tokens at the next refresh, the remembered ones as well.
//
// The library is go-jose: it has no dependencies, refuses a crit that it does not know, and JSON with a key twice, and
// does not parse a token without being told the algorithms. golang-jwt does not look at crit at all; jwx brings ten
// modules. The key set is fetched here: what to do when the issuer is away is the gateway's own matter.
package token
