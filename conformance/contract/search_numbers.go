package contract

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

func phoneClauses() []Clause {
	return []Clause{
		{ID: "search/phone/found", Says: "phone lists those with this number, by name", Run: phoneFound},
		{ID: "search/phone-prefix/found", Says: "phone_prefix lists by number, then by name, those whose digits begin so", Run: phonePrefixFound},
		{ID: "search/phone-prefix/whole", Says: "phone_prefix may be a whole number", Run: phonePrefixWhole},
	}
}

func phoneFound(ctx context.Context, c *Client) error {
	phone, tail := newPhone(), random(randomTail)
	for name, number := range map[string]uint64{"◆b": phone, "◆a": phone, "◆Z": phone, "◆c": phone + 1} {
		if _, err := c.addUserWith(ctx, replaceTail(name, tail), number); err != nil {
			return err
		}
	}
	return c.readList(ctx, list("phone", strconv.FormatUint(phone, 10)), lists(filled([]string{"◆Z", "◆a", "◆b"}, tail)...))
}

// newDigits returns twelve digits with which nobody's number begins.
func newDigits() uint64 {
	const low, high = 900_000_000_000, 999_999_999_999
	return low + rand.Uint64N(high-low)
}

func phonePrefixFound(ctx context.Context, c *Client) error {
	digits, tail := newDigits(), random(randomTail)
	for name, number := range map[string]uint64{
		"◆d": digits, "◆a": digits*10 + 9, "◆B": digits * 10, "◆A": digits*1000 + 1, "◆y": digits * 10, "◆c": digits*100 + 50,
		"◆x": digits + 1, "◆z": digits/10*1000 + (digits%10+1)%10*100,
	} {
		if _, err := c.addUserWith(ctx, replaceTail(name, tail), number); err != nil {
			return err
		}
	}
	return c.readList(ctx, list("phone_prefix", strconv.FormatUint(digits, 10)),
		lists(filled([]string{"◆d", "◆B", "◆y", "◆a", "◆c", "◆A"}, tail)...))
}

func phonePrefixWhole(ctx context.Context, c *Client) error {
	u, err := c.addUserWith(ctx, newName(), newDigits()*1000)
	if err != nil {
		return err
	}
	return c.readList(ctx, list("phone_prefix", strconv.FormatUint(u.phone, 10)), lists(u.name))
}

func sinceClauses() []Clause {
	return []Clause{
		{
			ID: "search/since/between", Says: "since_from lets in who joined then, since_to leaves out who joined then; by since, then by name",
			Run: func(ctx context.Context, c *Client) error { return sinceBetween(ctx, c, moment) },
		},
		{
			ID: "search/since/zone", Says: "since_from and since_to may be in any zone",
			Run: func(ctx context.Context, c *Client) error {
				return sinceBetween(ctx, c, func(micros int64) string {
					return time.UnixMicro(micros).In(time.FixedZone("", 19800)).Format("2006-01-02T15:04:05.000000Z07:00")
				})
			},
		},
		{ID: "search/since/from", Says: "since_from alone lists everybody from then on", Run: sinceFrom},
		{ID: "search/since/to", Says: "since_to alone lists everybody before then, from the first on", Run: sinceTo},
	}
}

func moment(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000000Z")
}

// addSome adds users one after the other, whose order by name is the reverse, and returns their records in the order in
// which they joined.
func (c *Client) addSome(ctx context.Context, n int) ([]record, error) {
	users, tail := make([]record, n), random(randomTail)
	for i := range users {
		u, err := c.addUser(ctx, fmt.Sprintf("%s%03d", tail, 999-i))
		if err != nil {
			return nil, err
		}
		users[i] = record{Name: u.name, Phone: u.phone, Since: u.since}
	}
	slices.SortFunc(users, bySince)
	return users, nil
}

// sinceBetween asks for those from the second of some users to the last. Others may have joined meanwhile.
func sinceBetween(ctx context.Context, c *Client, write func(micros int64) string) error {
	users, err := c.addSome(ctx, 5)
	if err != nil {
		return err
	}
	from, _ := users[1].sinceMicros()
	to, _ := users[4].sinceMicros()
	if from == to {
		return fmt.Errorf("%w: four users joined in one microsecond", ErrSkip)
	}
	return within(ctx, c.settle, func() error {
		got, err := c.walk(ctx, bySince, 100, toTheEnd, "since_from", write(from), "since_to", write(to))
		if err != nil {
			return err
		}
		for _, u := range got {
			if micros, _ := u.sinceMicros(); micros < from || micros >= to {
				return fmt.Errorf("between %s and %s is %+q, since %s", moment(from), moment(to), u.Name, u.Since)
			}
		}
		for _, u := range users {
			if micros, _ := u.sinceMicros(); micros >= from && micros < to && !slices.Contains(got, u) {
				return missing("GET /user?since_from="+write(from)+"&since_to="+write(to), u.Name)
			}
		}
		return nil
	})
}

func sinceFrom(ctx context.Context, c *Client) error {
	users, err := c.addSome(ctx, 4)
	if err != nil {
		return err
	}
	users = users[1:] // before whom is at least one
	last := users[2]
	return within(ctx, c.settle, func() error {
		got, err := c.walk(ctx, bySince, 100, func(p page) bool { return bySince(p.users[len(p.users)-1], last) > 0 },
			"since_from", users[0].Since)
		if err != nil {
			return err
		}
		for _, u := range users {
			if !slices.Contains(got, u) {
				return missing("GET /user?since_from="+users[0].Since, u.Name)
			}
		}
		if bySince(got[0], record{Since: users[0].Since}) < 0 {
			return fmt.Errorf("from %s on is %+q, since %s", users[0].Since, got[0].Name, got[0].Since)
		}
		return nil
	})
}

// sinceTo cannot see more than the beginning of such a list, as there may be millions before its own users.
func sinceTo(ctx context.Context, c *Client) error {
	users, err := c.addSome(ctx, 2)
	if err != nil {
		return err
	}
	to := users[1]
	if to.Since == users[0].Since {
		return fmt.Errorf("%w: two users joined in one microsecond", ErrSkip)
	}
	err = c.readList(ctx, list("since_to", to.Since, "limit", "500"), continues(bySince, nil), func(r *response) string {
		p, _ := parsePage(r.body) // readList has seen to it
		if len(p.users) == 0 {
			return "those who joined before " + to.Since
		}
		if last := p.users[len(p.users)-1]; bySince(last, record{Since: to.Since}) >= 0 {
			return fmt.Sprintf("nobody who joined at %s or later (%+q has)", to.Since, last.Name)
		}
		return ""
	})
	return err
}
