package contract

import (
	"context"
	"net/http"
)

// diary makes changes to one user, and keeps what the journal has to tell of them.
type diary struct {
	c       *Client
	user    record
	version int
	told    []happening
}

func (c *Client) newDiary() *diary { return &diary{c: c, user: record{Name: newName()}} }

// write adds a user, changes the number twice, removes the user, and adds one of the name again: whatever can happen.
func (d *diary) write(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.add, d.change, d.change, d.remove, d.add, d.change} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// changes adds the user and changes the number n times.
func (d *diary) changes(ctx context.Context, n int) error {
	if err := d.add(ctx); err != nil {
		return err
	}
	for range n {
		if err := d.change(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *diary) add(ctx context.Context) error {
	phone := newPhone()
	return d.note(ctx, typeAdded, 1, post(draft(d.user.Name, phone)), isStatus(http.StatusCreated), isRecord(d.user.Name, phone))
}

func (d *diary) change(ctx context.Context) error {
	phone := d.user.Phone + 1
	return d.note(ctx, typeChanged, d.version+1, patch(d.user.Name, change(phone)), isStatus(http.StatusOK), isRecord(d.user.Name, phone))
}

func (d *diary) remove(ctx context.Context) error {
	return d.note(ctx, typeRemoved, d.version, remove(d.user.Name), isStatus(http.StatusNoContent))
}

// note makes a change and notes it. What the journal tells of a removal is the user as he was.
func (d *diary) note(ctx context.Context, kind string, version int, req request, want ...expectation) error {
	res, err := d.c.send(ctx, req, want...)
	if err != nil {
		return err
	}
	if r, complaint := parseRecord(res.body); complaint == "" {
		d.user = r
	}
	d.version = version
	d.told = append(d.told, happening{kind: kind, user: d.user, version: version, requestID: res.header.Get("X-Request-Id")})
	return nil
}

// read returns what the journal has of the user, once it has everything.
func (d *diary) read(ctx context.Context) ([]event, error) {
	p, err := d.c.readJournal(ctx, journal("user", d.user.Name, "limit", "500"), tells(d.told...))
	return p.events, err
}
