package add

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/glarimy/ums/shared/etag"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/user"
)

var errKeySyntax = errors.New("the idempotency key is not well-formed")

const maxKey = 255

// idempotencyKey reads the key of a request. The draft makes it a structured field's string, in quotes
// (draft-ietf-httpapi-idempotency-key-header-07); most clients send it bare, which means the same here.
func idempotencyKey(h http.Header) (key string, present bool, err error) {
	values := h.Values(header.IdempotencyKey)
	if len(values) == 0 {
		return "", false, nil
	}
	key = strings.Trim(values[0], " \t")
	if unquoted, ok := strings.CutPrefix(key, `"`); ok {
		if key, ok = strings.CutSuffix(unquoted, `"`); !ok || strings.ContainsAny(key, `"\`) {
			return "", false, errKeySyntax
		}
	}
	if len(values) > 1 || key == "" || len(key) > maxKey {
		return "", false, errKeySyntax
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return "", false, errKeySyntax
		}
	}
	return key, true, nil
}

// precondition reads If-Match. It returns nil where the request has none.
func precondition(h http.Header) (user.Precondition, error) {
	lines := h.Values("If-Match")
	if len(lines) == 0 {
		return nil, nil
	}
	list, err := etag.Parse(lines)
	if err != nil {
		return nil, err
	}
	return func(current user.User) bool { return list.MatchStrong(current.ETag()) }, nil
}

// originOf reads what the gateway says of the request. What is not well-formed is left out, as nothing depends on it.
func originOf(r *http.Request) origin {
	o := origin{actor: actorOf(r), requestID: r.Header.Get(header.RequestID)}
	if t := r.Header.Get(header.Traceparent); event.ValidTraceparent(t) {
		o.traceparent = t
	}
	return o
}

// Bounds in bytes of what is stored of an actor.
const (
	maxActor     = 255
	maxPrincipal = 191
)

// actorOf returns who the gateway says makes the request, or "" for an anonymous one. It is for people to read: what
// does not fit is cut off.
func actorOf(r *http.Request) string {
	actor := r.Header.Get(header.Actor)
	return strings.ToValidUTF8(actor[:min(len(actor), maxActor)], "\uFFFD")
}

// principalOf returns whom the request's idempotency key belongs to. Actors that differ are different principals, so one
// that cannot be stored as it is stands there by its digest.
func principalOf(r *http.Request) string {
	actor := r.Header.Get(header.Actor)
	if len(actor) <= maxPrincipal && utf8.ValidString(actor) {
		return actor
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(actor)))
}
