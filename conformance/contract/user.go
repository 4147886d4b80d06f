package contract

import (
	"context"
	"errors"
	"sync"
	"time"
)

// crowd is how many requests are made at once where the contract speaks of many.
const crowd = 100

// user is one that a clause has added.
type user struct {
	name  string
	phone uint64
	since string
	etag  string
}

// addUser adds a user of that name, as the ground that another promise stands on.
func (c *Client) addUser(ctx context.Context, name string) (user, error) {
	return c.addUserWith(ctx, name, newPhone())
}

func (c *Client) addUserWith(ctx context.Context, name string, phone uint64) (user, error) {
	res, err := c.send(ctx, post(draft(name, phone)), isStatus(201), isRecord(name, phone))
	if err != nil {
		return user{}, err
	}
	r, _ := parseRecord(res.body) // isRecord has seen to it
	return user{name: name, phone: phone, since: r.Since, etag: res.header.Get("ETag")}, nil
}

// changeUser gives a user another number.
func (c *Client) changeUser(ctx context.Context, u user, phone uint64) (user, error) {
	res, err := c.send(ctx, patch(u.name, change(phone)), isStatus(200), isRecord(u.name, phone))
	if err != nil {
		return user{}, err
	}
	u.phone, u.etag = phone, res.header.Get("ETag")
	return u, nil
}

// removeUser removes a user.
func (c *Client) removeUser(ctx context.Context, name string) error {
	_, err := c.send(ctx, remove(name), isStatus(204))
	return err
}

// isAbsent checks, by the add slot's own routes, that there is no user of that name. A user who is there is removed.
func (c *Client) isAbsent(ctx context.Context, name string) error {
	_, err := c.send(ctx, remove(name), isProblem(userNotFound))
	return err
}

// soon makes a check that has to succeed once a change, acknowledged just now, may be expected to be seen: at once,
// if no lag is allowed.
func (c *Client) soon(ctx context.Context, check func() error) error {
	return within(ctx, c.lag, check)
}

// mostPause is the longest pause between two checks of what has yet to show.
const mostPause = 50 * time.Millisecond

// within makes a check until it succeeds, or for the last time when that long has passed.
func within(ctx context.Context, patience time.Duration, check func() error) error {
	for deadline := time.Now().Add(patience); ; {
		late := !time.Now().Before(deadline)
		err := check()
		if err == nil || late || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(patience/20, mostPause)):
		}
	}
}

// read makes a request that has to show, from now on, what the last acknowledged change has come to.
func (c *Client) read(ctx context.Context, req request, want ...expectation) (res *response, err error) {
	err = c.soon(ctx, func() (err error) {
		res, err = c.send(ctx, req, want...)
		return err
	})
	return res, err
}

// atOnce makes n requests at the same moment and returns their answers.
func (c *Client) atOnce(ctx context.Context, n int, req func(i int) request) ([]*response, error) {
	var (
		answers = make([]*response, n)
		errs    = make([]error, n)
		start   = make(chan struct{})
		wg      sync.WaitGroup
	)
	for i := range n {
		wg.Go(func() {
			<-start
			answers[i], errs[i] = c.send(ctx, req(i))
		})
	}
	close(start)
	wg.Wait()
	return answers, errors.Join(errs...)
}
