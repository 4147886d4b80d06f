package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

const (
	freshWrites  = 200 // acknowledged changes in a loop
	freshReaders = 4   // who read meanwhile
	// replaceEvery says how many changes of the number there are from one removal to the next.
	replaceEvery = 10
)

func freshClauses() []Clause {
	return []Clause{
		{ID: "find/fresh/add", Says: "a name that was just looked for in vain is found once it is added", Run: freshAdd},
		{ID: "find/fresh/change", Says: "the next read after a PATCH shows the change", Run: freshChange},
		{ID: "find/fresh/remove", Says: "the next read after a DELETE finds nobody", Run: freshRemove},
		{ID: "find/fresh/add-again", Says: "the next read after a name is added again shows the new user", Run: freshAddAgain},
		{
			ID: "find/fresh/loop", Says: "each of 200 changes, removals and additions is shown by the next read",
			Run: func(ctx context.Context, c *Client) error { return freshLoop(ctx, c, 0, acknowledged) },
		},
		{
			ID: "find/fresh/readers", Says: "while 200 changes are made, no reader sees what was replaced before its request began",
			Run: func(ctx context.Context, c *Client) error { return freshLoop(ctx, c, freshReaders, acknowledged) },
		},
		{
			ID: "find/fresh/no-way-back", Says: "once a reader has seen a change, no later read shows what was before it",
			Run: func(ctx context.Context, c *Client) error {
				if c.lag > 0 {
					return fmt.Errorf("%w: a lag of %s is allowed, within which reads may go back and forth", ErrSkip, c.lag)
				}
				return freshLoop(ctx, c, freshReaders, shown)
			},
		},
	}
}

func freshAdd(ctx context.Context, c *Client) error {
	for range 10 {
		name := newName()
		for range 2 { // the second answer may come from a cache
			if _, err := c.read(ctx, get(name), isProblem(userNotFound)); err != nil {
				return err
			}
		}
		u, err := c.addUser(ctx, name)
		if err != nil {
			return err
		}
		if _, err := c.read(ctx, get(name), isStatus(http.StatusOK), isRecord(name, u.phone), hasHeader("ETag", u.etag)); err != nil {
			return err
		}
	}
	return nil
}

// warmUser adds a user and reads them, so that a cache holds them.
func warmUser(ctx context.Context, c *Client) (user, error) {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return u, err
	}
	for range 2 {
		if _, err := c.read(ctx, get(u.name), isStatus(http.StatusOK), isRecord(u.name, u.phone)); err != nil {
			return u, err
		}
	}
	return u, nil
}

func freshChange(ctx context.Context, c *Client) error {
	u, err := warmUser(ctx, c)
	if err != nil {
		return err
	}
	if u, err = c.changeUser(ctx, u, u.phone+1); err != nil {
		return err
	}
	_, err = c.read(ctx, get(u.name), isStatus(http.StatusOK), isRecord(u.name, u.phone), hasHeader("ETag", u.etag), isSince(u.since))
	return err
}

func freshRemove(ctx context.Context, c *Client) error {
	u, err := warmUser(ctx, c)
	if err != nil {
		return err
	}
	if err := c.removeUser(ctx, u.name); err != nil {
		return err
	}
	_, err = c.read(ctx, get(u.name), isProblem(userNotFound))
	return err
}

func freshAddAgain(ctx context.Context, c *Client) error {
	u, err := warmUser(ctx, c)
	if err != nil {
		return err
	}
	if err := c.removeUser(ctx, u.name); err != nil {
		return err
	}
	if _, err := c.read(ctx, get(u.name), isProblem(userNotFound)); err != nil {
		return err
	}
	again, err := c.addUserWith(ctx, u.name, u.phone+1)
	if err != nil {
		return err
	}
	_, err = c.read(ctx, get(u.name), isStatus(http.StatusOK), isRecord(again.name, again.phone), hasHeader("ETag", again.etag))
	return err
}

// freshLoop makes changes to one user, one after the other. After each the writer reads; the readers read all the time.
// Which states a read may show is the history's to say, by the rule given.
func freshLoop(ctx context.Context, c *Client, readers int, rule floor) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	var (
		h    = newHistory(u.phone, c.lag, rule)
		done = make(chan struct{})
		errs = make([]error, readers)
		wg   sync.WaitGroup
	)
	for i := range readers {
		wg.Go(func() {
			for errs[i] == nil {
				select {
				case <-done:
					return
				default:
					errs[i] = h.read(ctx, c, u.name)
				}
			}
			cancel() // the others need not go on
		})
	}
	err = freshWriter(ctx, c, h, u)
	close(done)
	wg.Wait()
	for _, readErr := range errs {
		if readErr != nil && !errors.Is(readErr, context.Canceled) {
			return readErr // it came first, and ended the writer
		}
	}
	return err
}

func freshWriter(ctx context.Context, c *Client, h *history, u user) error {
	present := true
	for i := range freshWrites {
		var err error
		switch phone := u.phone + 1 + uint64(i); {
		case !present:
			h.begin(phone)
			_, err = c.addUserWith(ctx, u.name, phone)
			present = true
		case i%replaceEvery == replaceEvery-1:
			h.begin(nobody)
			err = c.removeUser(ctx, u.name)
			present = false
		default:
			h.begin(phone)
			_, err = c.changeUser(ctx, u, phone)
		}
		if err != nil {
			return err
		}
		h.acknowledge()
		if err := c.soon(ctx, func() error { return h.read(ctx, c, u.name) }); err != nil {
			return fmt.Errorf("after write %d of %d: %w", i+1, freshWrites, err)
		}
	}
	return nil
}
