package access

import (
	"slices"

	"github.com/glarimy/ums/gateway/access/keyfile"
	"github.com/glarimy/ums/gateway/access/token"
)

// Identity is who makes a request. The zero Identity is anybody. Nothing changes one: its slice is shared by requests.
type Identity struct {
	Actor     string   // whom the journal names
	Scopes    []string // what the actor may do
	Key       string   // whose requests count together for a limit: key:<id> or sub:<subject>; empty for anybody
	RateLimit string   // the limit that takes the place of a route's; empty for none

	joined string // the scopes, separated by spaces
}

// Headers returns the values of Ums-Actor and Ums-Scopes; the header of an empty one is left out.
func (i Identity) Headers() (actor, scopes string) { return i.Actor, i.joined }

// missing returns the first scope that is needed and not there, or "".
func (i Identity) missing(needed []string) string {
	for _, scope := range needed {
		if !slices.Contains(i.Scopes, scope) {
			return scope
		}
	}
	return ""
}

func ofKey(e *keyfile.Entry) Identity {
	return Identity{Actor: e.Actor, Scopes: e.Scopes, Key: e.LimitKey, RateLimit: e.RateLimit, joined: e.Joined}
}

func ofToken(t *token.Token) Identity {
	return Identity{Actor: t.Subject, Scopes: t.Scopes, Key: t.LimitKey, joined: t.Joined}
}
