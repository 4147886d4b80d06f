package contract

import (
	"context"
	"strconv"
)

func searchFreshClauses() []Clause {
	return []Clause{
		{ID: "search/fresh/add", Says: "who was added is listed within a second", Run: searchFreshAdd},
		{ID: "search/fresh/change", Says: "who has another number is listed under it, and no longer under the old one, within a second", Run: searchFreshChange},
		{ID: "search/fresh/remove", Says: "who was removed is no longer listed after a second", Run: searchFreshRemove},
	}
}

func searchFreshAdd(ctx context.Context, c *Client) error {
	name := newName()
	if err := c.readList(ctx, list("name", name), lists()); err != nil { // now it may be in a cache that there is nobody
		return err
	}
	u, err := c.addUser(ctx, name)
	if err != nil {
		return err
	}
	for _, parameters := range [][]string{{"name", name}, {"name_prefix", name}, {"phone", strconv.FormatUint(u.phone, 10)}} {
		if err := c.readList(ctx, list(parameters...), lists(name)); err != nil {
			return err
		}
	}
	return nil
}

func searchFreshChange(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	before := list("phone", strconv.FormatUint(u.phone, 10))
	if err := c.readList(ctx, before, lists(u.name)); err != nil {
		return err
	}
	if u, err = c.changeUser(ctx, u, u.phone+1); err != nil {
		return err
	}
	if err := c.readList(ctx, list("phone", strconv.FormatUint(u.phone, 10)), lists(u.name)); err != nil {
		return err
	}
	return c.readList(ctx, before, lists())
}

func searchFreshRemove(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	req := list("name_prefix", u.name)
	if err := c.readList(ctx, req, lists(u.name)); err != nil {
		return err
	}
	if err := c.removeUser(ctx, u.name); err != nil {
		return err
	}
	return c.readList(ctx, req, lists())
}
