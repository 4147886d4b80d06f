package contract

import (
	"context"
	"fmt"
	"net/http"
)

func addConcurrencyClauses() []Clause {
	return []Clause{
		{
			ID: "add/concurrent/one-name", Says: "100 POSTs of one name at once: one 201 and 99 409",
			Run: manyOfOneName,
		},
		{
			ID: "add/concurrent/one-key", Says: "100 POSTs with one key at once: one insert, the others the same answer or 409",
			Run: manyOfOneKey,
		},
		{
			ID: "add/concurrent/one-key-two-bodies", Says: "POSTs of different bodies with one key at once: one insert, the others 409 or 422",
			Run: manyBodiesOfOneKey,
		},
		{
			ID: "add/concurrent/if-match", Says: "20 PATCHes at once with the same If-Match: one 200 and 19 412, so that no change is lost",
			Run: manyChanges,
		},
		{
			ID: "add/concurrent/add-and-remove", Says: "POSTs and DELETEs of one name at once: as many additions as removals, or one more",
			Run: manyComingsAndGoings,
		},
		{ID: "add/concurrent/remove", Says: "20 DELETEs of one user at once: one 204 and 19 404", Run: manyRemovals},
	}
}

// tally is what requests made at once came to.
type tally struct {
	what  string
	won   []*response
	lost  int
	wrong []error
}

// count sorts answers: those of the status won, and those that are as a loser's have to be.
func count(what string, answers []*response, won int, lost expectation) tally {
	t := tally{what: what}
	for _, r := range answers {
		if r.status == won {
			t.won = append(t.won, r)
		} else if err := r.check(lost); err != nil {
			t.wrong = append(t.wrong, err)
		} else {
			t.lost++
		}
	}
	return t
}

// oneWon returns an error unless exactly one request won and all others lost properly.
func (t tally) oneWon() error {
	switch {
	case len(t.wrong) > 0:
		return fmt.Errorf("sent %s; %d answers are wrong, the first: %w", t.what, len(t.wrong), t.wrong[0])
	case len(t.won) != 1:
		return fmt.Errorf("sent %s; %d of them succeeded and %d did not; the contract wants exactly one to succeed",
			t.what, len(t.won), t.lost)
	}
	return nil
}

func manyOfOneName(ctx context.Context, c *Client) error {
	name, phone := newName(), newPhone()
	//nolint:gosec // i is small and not negative
	answers, err := c.atOnce(ctx, crowd, func(i int) request { return post(draft(name, phone+uint64(i))) })
	if err != nil {
		return err
	}
	t := count(fmt.Sprintf("%d× POST /user of the name %s at once", crowd, name), answers, http.StatusCreated, isProblem(userExists))
	if err := t.oneWon(); err != nil {
		return err
	}
	// Whoever was told to have won is the one who is stored.
	stored, complaint := parseRecord(t.won[0].body)
	if complaint != "" {
		return t.won[0].check(isRecord(name, phone))
	}
	return c.isUnchanged(ctx, user{name: name, phone: stored.Phone, since: stored.Since, etag: stored.tag(1)})
}

func manyOfOneKey(ctx context.Context, c *Client) error {
	key, name, phone := newKey(), newName(), newPhone()
	answers, err := c.atOnce(ctx, crowd, func(int) request { return keyed(key, post(draft(name, phone))) })
	if err != nil {
		return err
	}
	var first *response
	for _, r := range answers {
		if r.status == http.StatusCreated && r.header.Get(replayed) == "" {
			if first != nil {
				return fmt.Errorf("sent %d× %s at once; two of them were answered as if they were the first: %s, and %s; "+
					"the contract wants one insert, and the others marked %s: true", crowd, r.request, first, r, replayed)
			}
			first = r
		}
	}
	if first == nil {
		return fmt.Errorf("sent %d× %s at once; none was answered 201 without %s, among them %s; the contract wants one to be",
			crowd, answers[0].request, replayed, answers[0])
	}
	if err := first.check(isRecord(name, phone), isVersion(1), isLocationOf(name)); err != nil {
		return err
	}
	for _, r := range answers {
		if r == first {
			continue
		}
		if err := r.check(either(
			[]expectation{isReplayOf(first)},
			[]expectation{isProblem(idempotencyKeyInUse), hasRetryAfter},
		)); err != nil {
			return err
		}
	}
	// Afterwards the key is settled.
	if _, err := c.send(ctx, keyed(key, post(draft(name, phone))), isReplayOf(first)); err != nil {
		return err
	}
	return c.removeUser(ctx, name)
}

// hasRetryAfter wants to be told, in seconds or as a date, when to come again.
func hasRetryAfter(r *response) string {
	if r.header.Get("Retry-After") != "" {
		return ""
	}
	return "the header Retry-After"
}

func manyBodiesOfOneKey(ctx context.Context, c *Client) error {
	const n = 20
	key, phone := newKey(), newPhone()
	names := make([]string, n)
	for i := range names {
		names[i] = newName()
	}
	answers, err := c.atOnce(ctx, n, func(i int) request { return keyed(key, post(draft(names[i], phone))) })
	if err != nil {
		return err
	}
	lost := either([]expectation{isProblem(idempotencyKeyReused)}, []expectation{isProblem(idempotencyKeyInUse), hasRetryAfter})
	if err := count(fmt.Sprintf("%d× POST /user of different users with the key %s at once", n, key),
		answers, http.StatusCreated, lost).oneWon(); err != nil {
		return err
	}
	for i, r := range answers {
		if r.status == http.StatusCreated {
			continue
		}
		if err := c.isAbsent(ctx, names[i]); err != nil {
			return err
		}
	}
	return nil
}

func manyChanges(ctx context.Context, c *Client) error {
	const n = 20
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	answers, err := c.atOnce(ctx, n, func(i int) request {
		//nolint:gosec // i is small and not negative
		return patch(u.name, change(u.phone+1+uint64(i))).with("If-Match", u.etag)
	})
	if err != nil {
		return err
	}
	return count(fmt.Sprintf("%d× PATCH %s [If-Match: %s] at once", n, userPath(u.name), u.etag),
		answers, http.StatusOK, isProblem(preconditionFailed)).oneWon()
}

func manyRemovals(ctx context.Context, c *Client) error {
	const n = 20
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	answers, err := c.atOnce(ctx, n, func(int) request { return remove(u.name) })
	if err != nil {
		return err
	}
	return count(fmt.Sprintf("%d× DELETE %s at once", n, userPath(u.name)),
		answers, http.StatusNoContent, isProblem(userNotFound)).oneWon()
}

func manyComingsAndGoings(ctx context.Context, c *Client) error {
	name, phone := newName(), newPhone()
	answers, err := c.atOnce(ctx, crowd, func(i int) request {
		if i%2 == 0 {
			return post(draft(name, phone))
		}
		return remove(name)
	})
	if err != nil {
		return err
	}
	var added, removed int
	for _, r := range answers {
		switch r.status {
		case http.StatusCreated:
			added++
		case http.StatusNoContent:
			removed++
		default:
			// A database may give up on transactions that keep deadlocking; then nothing has happened.
			if err := r.check(either([]expectation{isProblem(userExists)}, []expectation{isProblem(userNotFound)},
				[]expectation{isProblem(unavailable), hasRetryAfter})); err != nil {
				return err
			}
		}
	}
	if left := added - removed; left != 0 && left != 1 {
		return fmt.Errorf("sent %d× POST and %d× DELETE of the name %s at once; %d added and %d removed the user; "+
			"the contract wants these numbers to be equal, or one more to have added", crowd/2, crowd/2, name, added, removed)
	} else if left == 1 {
		return c.removeUser(ctx, name)
	}
	return c.isAbsent(ctx, name)
}
