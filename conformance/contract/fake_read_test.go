package contract_test

import (
	"net/http"
	"regexp"
	"strings"
)

func (f *fake) get(r *http.Request, name string) answer {
	f.mu.Lock()
	id := f.identity(name)
	u, found := f.users[id]
	if old := f.stale[id]; old != nil && old.left > 0 {
		if old.left--; !f.has("flickers") || old.left%2 == 0 {
			u, found = old.user, old.found
		}
	}
	f.mu.Unlock()
	if !found {
		return problem("user-not-found", 404)
	}
	h := http.Header{"Etag": {u.etag()}, "Cache-Control": {"no-cache"}}
	if f.matches(r.Header.Values("If-None-Match"), u.etag(), !f.has("if-none-match-strong")) {
		return answer{status: http.StatusNotModified, header: h}
	}
	h.Set("Content-Type", "application/json")
	return answer{status: 200, header: h, body: u.record()}
}

// staleReads is how often a bug shows what is no more.
const staleReads = 8

// remember keeps what is about to be changed, if a bug says so. f.mu is held.
func (f *fake) remember(id string) {
	u, found := f.users[id]
	if f.has("stale") || f.has("flickers") || f.has("stale-negative") && !found || f.has("stale-positive") && found {
		f.stale[id] = &cached{user: u, found: found, left: staleReads}
	}
}

var (
	tagList = regexp.MustCompile(`^[ \t,]*((W/)?"[\x21\x23-\x7e\x80-\xff]*"[ \t]*(,[ \t,]*|$))+$`)
	oneTag  = regexp.MustCompile(`(W/)?"[^"]*"`)
)

// matches reports whether a field of entity tags names the one given.
func (f *fake) matches(lines []string, etag string, weakly bool) bool {
	field := strings.TrimSpace(strings.Join(lines, ","))
	if f.has("first-line-only") && len(lines) > 0 {
		field = lines[0]
	}
	switch {
	case field == "*":
		return !f.has("no-star")
	case f.has("whole-field"):
		return field == etag || weakly && field == "W/"+etag
	case f.has("substring"):
		return len(lines) > 0 && strings.Contains(field, strings.Trim(etag, `"`))
	case f.has("splits-commas"):
		for t := range strings.SplitSeq(field, ",") {
			if t = strings.TrimSpace(t); strings.Count(t, `"`) != 2 {
				return false
			} else if t == etag || weakly && t == "W/"+etag {
				return true
			}
		}
		return false
	}
	for _, t := range oneTag.FindAllString(field, -1) {
		if t == etag || weakly && t == "W/"+etag || f.has("quoted-star") && t == `"*"` {
			return true
		}
	}
	return false
}

// precondition returns the refusal of a write whose user is not there or not at the version that If-Match names.
func (f *fake) precondition(r *http.Request, u fakeUser, found bool) *answer {
	lines := r.Header.Values("If-Match")
	field := strings.TrimSpace(strings.Join(lines, ","))
	refuse := func(kind string, status int) *answer {
		a := problem(kind, status)
		return &a
	}
	switch {
	case !found && len(lines) > 0 && f.has("precondition-first"):
		return refuse("precondition-failed", 412)
	case !found && f.has("upserts"):
		return nil
	case !found:
		return refuse("user-not-found", 404)
	case len(lines) == 0, f.has("ignores-if-match"):
		return nil
	case field != "*" && !tagList.MatchString(field) && !f.has("any-if-match"):
		return refuse("invalid-precondition", 400)
	case !f.matches(lines, u.etag(), f.has("if-match-weak")):
		return refuse("precondition-failed", 412)
	}
	return nil
}
