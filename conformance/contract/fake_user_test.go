package contract_test

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

func (f *fake) post(r *http.Request) answer {
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) == 0 || f.has("ignores-key") {
		return f.add(r)
	}
	id, key := r.Header.Get("X-Request-Id"), keys[0]
	if !validKey.MatchString(key) && !f.has("any-key") {
		return problem("invalid-idempotency-key", 400)
	}
	switch {
	case f.has("folds-key"):
		key = strings.ToLower(key)
	case f.has("cuts-key"):
		key = key[:min(len(key), 254)]
	}
	body, refusal := f.body(r, "application/json")
	if refusal != nil {
		if f.has("key-burnt-by-415") {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.keys[key] = &claim{done: true, kept: *refusal}
		}
		return *refusal
	}
	return f.postKeyed(id, key, body)
}

var validKey = regexp.MustCompile(`^[\x21-\x7e]{1,255}$`)

func (f *fake) postKeyed(id, key string, body []byte) answer {
	hash := sha256.Sum256(body)
	f.mu.Lock()
	c := f.keys[key]
	if c != nil {
		defer f.mu.Unlock()
		switch {
		case c.hash != hash && !f.has("key-hides-body"):
			return problem("idempotency-key-reused", 422)
		case !c.done:
			a := problem("idempotency-key-in-use", 409)
			a.header.Set("Retry-After", "1")
			return a
		}
		kept := c.kept
		kept.header = kept.header.Clone()
		kept.header.Set("Idempotent-Replayed", "true")
		if u, ok := f.users[c.nameKept()]; ok && f.has("replay-of-now") {
			kept.body = u.record()
			kept.header.Set("Etag", u.etag())
		}
		return kept
	}
	f.gap("key-race") // claims too late
	c = &claim{hash: hash}
	f.keys[key] = c
	f.gap("slow-key")
	f.mu.Unlock()
	a := f.addBody(id, body)
	f.mu.Lock()
	defer f.mu.Unlock()
	if a.status == http.StatusCreated || f.has("key-burnt") || f.has("key-burnt-by-409") && a.status == 409 {
		c.done, c.kept = true, a
	} else {
		delete(f.keys, key)
	}
	return a
}

func (c *claim) nameKept() string {
	_, name, _ := strings.Cut(c.kept.header.Get("Location"), "/user/")
	s, _ := url.PathUnescape(name)
	return s
}

func (f *fake) add(r *http.Request) answer {
	body, refusal := f.body(r, "application/json")
	if refusal != nil {
		return *refusal
	}
	return f.addBody(r.Header.Get("X-Request-Id"), body)
}

func (f *fake) addBody(request string, body []byte) answer {
	d, refusal := f.decode(body, "name", "phone")
	if refusal != nil {
		if f.has("stores-refused") {
			f.storeRefused(body)
		}
		return *refusal
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	id := f.identity(d.name)
	if _, taken := f.users[id]; taken && !f.has("overwrites") {
		return problem("user-exists", 409)
	}
	f.gap("check-then-act")
	u := fakeUser{name: d.name, phone: d.phone, since: time.Now().UTC().Truncate(time.Microsecond), version: 1}
	if f.has("day-since") {
		u.since = u.since.Truncate(24 * time.Hour)
	}
	f.put(id, u)
	f.tell("added", u, request)
	a := answer{status: http.StatusCreated, header: http.Header{}, body: u.record()}
	a.header.Set("Content-Type", "application/json")
	a.header.Set("Etag", u.etag())
	a.header.Set("Location", "/user/"+url.PathEscape(u.name))
	return a
}

var nameInBody = regexp.MustCompile(`(conf\w{12})`)

// storeRefused keeps the user of a body that was refused.
func (f *fake) storeRefused(body []byte) {
	if m := nameInBody.FindSubmatch(body); m != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.put(string(m[1]), fakeUser{name: string(m[1]), phone: 9_000_000_000, since: time.Now(), version: 1})
	}
}

// put stores a user, f.mu being held.
func (f *fake) put(id string, u fakeUser) {
	f.remember(id)
	f.users[id] = u
}

func (f *fake) patch(r *http.Request, name string) answer {
	body, refusal := f.body(r, "application/json", "application/merge-patch+json")
	if refusal != nil {
		return *refusal
	}
	d, refusal := f.decode(body, "phone")
	if refusal != nil {
		if f.has("changes-refused") {
			f.changeAnyway(name)
		}
		return *refusal
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	id := f.identity(name)
	u, found := f.users[id]
	if refusal := f.precondition(r, u, found); refusal != nil {
		return *refusal
	}
	f.gap("change-race")
	if u.name == "" { // a bug lets pass who is not there
		u = fakeUser{name: name, since: time.Now().UTC().Truncate(time.Microsecond)}
	}
	if u.phone != d.phone || f.has("counts-same-number") {
		u.phone = d.phone
		u.version++
		if f.has("tag-of-number") {
			u.version = int(d.phone)
		}
		if f.has("since-of-change") {
			u.since = time.Now().UTC().Truncate(time.Microsecond)
		}
		f.put(id, u)
		f.tell("changed", u, r.Header.Get("X-Request-Id"))
	} else if f.has("journal-tells-of-nothing") {
		f.tell("changed", u, r.Header.Get("X-Request-Id"))
	}
	return answer{status: 200, body: u.record(), header: http.Header{
		"Content-Type": {"application/json"}, "Etag": {u.etag()},
	}}
}

func (f *fake) changeAnyway(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.users[f.identity(name)]
	u.version++
	f.users[f.identity(name)] = u
}

func (f *fake) delete(r *http.Request, name string) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := f.identity(name)
	u, found := f.users[id]
	f.gap("delete-race")
	if refusal := f.precondition(r, u, found); refusal != nil {
		return *refusal
	}
	if !f.has("delete-forgets") {
		f.remember(id)
		delete(f.users, id)
	}
	f.tell("removed", u, r.Header.Get("X-Request-Id"))
	return answer{status: http.StatusNoContent, header: http.Header{}}
}
