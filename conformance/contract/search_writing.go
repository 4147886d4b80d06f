package contract

import (
	"context"
	"slices"
)

const (
	standing = 20 // users who stand all the time
	walks    = 10 // through their list, at least, while others come and go
	passing  = 20 // others who have come and gone by then, at least
)

// pageWhileWriting walks through a list, again and again, while others come and go right behind those who stand.
func pageWhileWriting(ctx context.Context, c *Client) error {
	prefix, names, err := c.family(ctx, standing)
	if err != nil {
		return err
	}
	// The writer is told to end and not broken off: a POST whose answer nobody reads might leave somebody behind.
	end, enough, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { ended <- c.comeAndGo(ctx, names, end, enough) }()
	err = c.walkUntil(ctx, prefix, names, enough)
	close(end)
	if writeErr := <-ended; writeErr != nil {
		return writeErr // the walks may have failed over it
	}
	return err
}

// walkUntil walks through a list until enough is closed, and checks that each time everybody of names is there once.
func (c *Client) walkUntil(ctx context.Context, prefix string, names []string, enough <-chan struct{}) error {
	for walked, done := 0, false; walked < walks || !done; walked++ {
		users, err := c.walk(ctx, byName, 3, toTheEnd, "name_prefix", prefix)
		if err != nil {
			return err
		}
		users = slices.DeleteFunc(users, func(u record) bool { return !slices.Contains(names, u.Name) })
		if err := areThere("name_prefix="+prefix, users, names); err != nil {
			return err
		}
		select {
		case <-enough:
			done = true
		default:
		}
	}
	return nil
}

// comeAndGo adds a user right behind one of some and removes them, again and again, until end is closed. It closes enough
// when enough have come and gone, or none will any more.
func (c *Client) comeAndGo(ctx context.Context, names []string, end <-chan struct{}, enough chan<- struct{}) error {
	told := false
	tell := func() {
		if !told {
			close(enough)
		}
		told = true
	}
	defer tell()
	for i := 0; ; i++ {
		select {
		case <-end:
			return nil
		default:
		}
		name := names[i*7%len(names)] + "!"
		if _, err := c.addUser(ctx, name); err != nil {
			return err
		}
		if err := c.removeUser(ctx, name); err != nil {
			return err
		}
		if i+1 == passing {
			tell()
		}
	}
}
