package contract

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
)

// replayed is the header that marks a stored answer.
const replayed = "Idempotent-Replayed"

func newKey() string { return "conformance-" + random(20) }

// keyed returns the request with an idempotency key.
func keyed(key string, req request) request { return req.with("Idempotency-Key", key) }

func keyClauses() []Clause {
	return []Clause{
		{
			ID: "add/key/replay", Says: "the same POST with the same key is answered the same, and marked as replayed",
			Run: keyReplay,
		},
		{
			ID: "add/key/replay-after-change", Says: "a replay gives the answer of then, even if the user has changed since",
			Run: keyReplayAfterChange,
		},
		{
			ID: "add/key/replay-after-removal", Says: "a replay does nothing again: a user who was removed stays removed",
			Run: keyReplayAfterRemoval,
		},
		{ID: "add/key/other-body", Says: "the same key with another body answers 422, and nothing is stored", Run: keyOtherBody},
		{ID: "add/key/other-key", Says: "another key is another request: a duplicate name is 409", Run: keyOtherKey},
		{ID: "add/key/not-burnt-by-400", Says: "a key whose request was refused can be used again", Run: keyNotBurntByFault},
		{ID: "add/key/not-burnt-by-409", Says: "a key whose request met a conflict can be used again", Run: keyNotBurntByConflict},
		{ID: "add/key/not-burnt-by-415", Says: "a key whose request had a wrong media type can be used again", Run: keyNotBurntByMedia},
	}
}

// addKeyed adds a user with a key and returns the answer.
func (c *Client) addKeyed(ctx context.Context, key, name string, phone uint64) (*response, error) {
	return c.send(ctx, keyed(key, post(draft(name, phone))),
		isStatus(http.StatusCreated), isRecord(name, phone), isVersion(1), isLocationOf(name), hasNoHeader(replayed))
}

// isReplayOf wants a stored answer to be given again.
func isReplayOf(first *response) expectation {
	return func(r *response) string {
		if r.status != first.status || !bytes.Equal(r.body, first.body) {
			return fmt.Sprintf("the first answer again: %s", first)
		}
		for _, key := range []string{"ETag", "Location", "Content-Type"} {
			if w := hasHeader(key, first.header.Get(key))(r); w != "" {
				return "the first answer's headers again: " + w
			}
		}
		return hasHeader(replayed, "true")(r)
	}
}

func keyReplay(ctx context.Context, c *Client) error {
	key, name, phone := newKey(), newName(), newPhone()
	first, err := c.addKeyed(ctx, key, name, phone)
	if err != nil {
		return err
	}
	for range 3 {
		if _, err := c.send(ctx, keyed(key, post(draft(name, phone))), isReplayOf(first)); err != nil {
			return err
		}
	}
	return c.removeUser(ctx, name) // and it was stored once
}

func keyReplayAfterChange(ctx context.Context, c *Client) error {
	key, name, phone := newKey(), newName(), newPhone()
	first, err := c.addKeyed(ctx, key, name, phone)
	if err != nil {
		return err
	}
	changed, err := c.changeUser(ctx, user{name: name, since: sinceOf(first)}, phone+1)
	if err != nil {
		return err
	}
	if _, err := c.send(ctx, keyed(key, post(draft(name, phone))), isReplayOf(first)); err != nil {
		return err
	}
	return c.isUnchanged(ctx, changed)
}

// sinceOf returns the moment of joining in an answer's record.
func sinceOf(r *response) string {
	record, _ := parseRecord(r.body) // isRecord has seen to it
	return record.Since
}

func keyReplayAfterRemoval(ctx context.Context, c *Client) error {
	key, name, phone := newKey(), newName(), newPhone()
	first, err := c.addKeyed(ctx, key, name, phone)
	if err != nil {
		return err
	}
	if err := c.removeUser(ctx, name); err != nil {
		return err
	}
	if _, err := c.send(ctx, keyed(key, post(draft(name, phone))), isReplayOf(first)); err != nil {
		return err
	}
	return c.isAbsent(ctx, name)
}

func keyOtherBody(ctx context.Context, c *Client) error {
	key, name, phone := newKey(), newName(), newPhone()
	if _, err := c.addKeyed(ctx, key, name, phone); err != nil {
		return err
	}
	other := newName()
	for _, body := range []string{draft(other, phone), draft(name, phone+1)} {
		if _, err := c.send(ctx, keyed(key, post(body)), isProblem(idempotencyKeyReused)); err != nil {
			return err
		}
	}
	return c.isAbsent(ctx, other)
}

func keyOtherKey(ctx context.Context, c *Client) error {
	name, phone := newName(), newPhone()
	if _, err := c.addKeyed(ctx, newKey(), name, phone); err != nil {
		return err
	}
	_, err := c.send(ctx, keyed(newKey(), post(draft(name, phone))), isProblem(userExists), hasNoHeader(replayed))
	return err
}

func keyNotBurntByFault(ctx context.Context, c *Client) error {
	key, name, phone := newKey(), newName(), newPhone()
	for _, bad := range []string{`{"name":"x","phone":1}`, `{`, draft(name, 1)} {
		kind := validation
		if bad == `{` {
			kind = malformedJSON
		}
		if _, err := c.send(ctx, keyed(key, post(bad)), isProblem(kind)); err != nil {
			return err
		}
	}
	_, err := c.addKeyed(ctx, key, name, phone)
	return err
}

func keyNotBurntByConflict(ctx context.Context, c *Client) error {
	taken, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	key := newKey()
	for range 2 { // the same request, to the byte: only 2xx is stored
		if _, err := c.send(ctx, keyed(key, post(draft(taken.name, taken.phone))),
			isProblem(userExists), hasNoHeader(replayed)); err != nil {
			return err
		}
	}
	if err := c.removeUser(ctx, taken.name); err != nil {
		return err
	}
	_, err = c.addKeyed(ctx, key, taken.name, taken.phone)
	return err
}

func keyNotBurntByMedia(ctx context.Context, c *Client) error {
	key, name, phone := newKey(), newName(), newPhone()
	req := keyed(key, post(draft(name, phone)).as("text/plain"))
	if _, err := c.send(ctx, req, isProblem(unsupportedMediaType)); err != nil {
		return err
	}
	_, err := c.addKeyed(ctx, key, name, phone)
	return err
}

// keyBoundClauses are about which keys there can be.
func keyBoundClauses() []Clause {
	var clauses []Clause
	for _, k := range []struct{ id, says, key string }{
		{"empty", "an empty key is refused", ""},
		{"256", "a key of 256 characters is refused", strings.Repeat("k", 256)},
		{"4000", "a key of 4000 characters is refused", strings.Repeat("k", 4000)},
		{"utf-8", "a key beyond ASCII is refused", "clé-d'idempotence"},
		{"latin-1", "a key with bytes that are no text is refused", "cl\xe9"},
	} {
		clauses = append(clauses, Clause{
			ID: idOf(Add, "key", "bad-"+k.id), Says: k.says + " with 400, and nothing is stored",
			Run: func(ctx context.Context, c *Client) error {
				name := newName()
				req := keyed(k.key, post(draft(name, newPhone())))
				if _, err := c.send(ctx, req, isProblem(invalidIdempotencyKey)); err != nil {
					return err
				}
				return c.isAbsent(ctx, name)
			},
		})
	}
	return append(clauses, Clause{
		ID: "add/key/longest", Says: "a key of 255 characters is a key, and its last one counts", Run: keyLongest,
	}, Clause{
		ID: "add/key/case", Says: "keys that differ in case are two", Run: keyCase,
	})
}

func keyLongest(ctx context.Context, c *Client) error {
	stem := random(254)
	return twoKeys(ctx, c, stem+"a", stem+"b")
}

func keyCase(ctx context.Context, c *Client) error {
	stem := newKey()
	return twoKeys(ctx, c, stem+"k", stem+"K")
}

// twoKeys adds two users with two keys, which must not be taken for one.
func twoKeys(ctx context.Context, c *Client, keys ...string) error {
	for _, key := range keys {
		if _, err := c.addKeyed(ctx, key, newName(), newPhone()); err != nil {
			return err
		}
	}
	return nil
}
