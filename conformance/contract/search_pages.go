package contract

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

func pageClauses() []Clause {
	return []Clause{
		{ID: "search/page/cursor", Says: "the pages of a list, one cursor after the other, are the list", Run: pageCursor},
		{ID: "search/page/link", Says: "so are the pages that the Link headers lead to", Run: pageLink},
		{ID: "search/page/equals", Says: "a page may end among those of one number", Run: pageEquals},
		{ID: "search/page/numbers", Says: "a page may end anywhere among numbers of several lengths", Run: pageNumbers},
		{ID: "search/page/named", Says: "the list of some names has pages too", Run: pageNamed},
		{ID: "search/page/full", Says: "a full page behind which nobody is has no next one", Run: pageFull},
		{ID: "search/page/other-limit", Says: "a cursor is good with any limit", Run: pageOtherLimit},
		{ID: "search/page/default", Says: "without a limit there are 50 on a page", Run: pageDefault},
		{ID: "search/page/largest", Says: "500 is a limit", Run: pageLargest},
		{ID: "search/page/gone", Says: "a cursor is good after the user is gone at whom its page ended", Run: pageGone},
		{ID: "search/page/again", Says: "a cursor is good twice", Run: pageAgain},
		{
			ID: "search/page/while-writing", Says: "while others come and go, whoever stands all the time is listed once",
			Run: pageWhileWriting,
		},
	}
}

// family adds n users whose names begin alike, and returns the beginning, and the names in order.
func (c *Client) family(ctx context.Context, n int) (prefix string, names []string, err error) {
	prefix = random(10) + "&% "
	for i := range n {
		names = append(names, fmt.Sprintf("%s%03d", prefix, i))
	}
	if err := c.addUsers(ctx, reversed(names)); err != nil {
		return "", nil, err
	}
	err = c.readList(ctx, list("name_prefix", prefix, "limit", "500"), lists(names...))
	return prefix, names, err
}

func pageCursor(ctx context.Context, c *Client) error {
	prefix, names, err := c.family(ctx, 7)
	if err != nil {
		return err
	}
	for _, limit := range []int{1, 2, 3, 7} {
		users, err := c.walk(ctx, byName, limit, toTheEnd, "name_prefix", prefix)
		if err != nil {
			return err
		}
		if err := areThere("name_prefix="+prefix, users, names); err != nil {
			return err
		}
	}
	return nil
}

// areThere checks that the walk through a list has met exactly these.
func areThere(asked string, users []record, names []string) error {
	if got := (page{users: users}).names(); !slices.Equal(got, names) {
		return &failure{
			sent: "GET /user?" + quote(asked) + ", page after page", got: fmt.Sprintf("%+q", got), want: []string{fmt.Sprintf("%+q", names)},
		}
	}
	return nil
}

func pageLink(ctx context.Context, c *Client) error {
	prefix, names, err := c.family(ctx, 5)
	if err != nil {
		return err
	}
	var users []record
	for req := list("limit", "2", "name_prefix", prefix); ; {
		res, err := c.send(ctx, req, isPage, holdsAtMost(2))
		if err != nil {
			return err
		}
		p, _ := parsePage(res.body)
		users = append(users, p.users...)
		if p.next == "" || len(users) > len(names) {
			return areThere("limit=2&name_prefix="+prefix, users, names)
		}
		path, _ := res.resolve(nextLink.FindStringSubmatch(res.header.Get("Link"))[1]) // isPage has seen to it
		req = request{side: Search, method: req.method, path: path}
	}
}

func pageEquals(ctx context.Context, c *Client) error {
	phone, tail := newPhone(), random(randomTail)
	names := filled([]string{"◆0", "◆1", "◆2", "◆3", "◆4"}, tail)
	for _, name := range reversed(names) {
		if _, err := c.addUserWith(ctx, name, phone); err != nil {
			return err
		}
	}
	number := strconv.FormatUint(phone, 10)
	for _, filter := range []string{"phone", "phone_prefix"} {
		if err := c.readList(ctx, list(filter, number), lists(names...)); err != nil {
			return err
		}
		users, err := c.walk(ctx, byPhone, 2, toTheEnd, filter, number)
		if err != nil {
			return err
		}
		if err := areThere(filter+"="+number, users, names); err != nil {
			return err
		}
	}
	return nil
}

func pageNumbers(ctx context.Context, c *Client) error {
	digits, tail := newDigits(), random(randomTail)
	var names []string
	for i, number := range []uint64{digits, digits * 10, digits*10 + 9, digits * 100, digits*100 + 99, digits * 1000, digits*1000 + 999} {
		for _, letter := range []string{"a", "b"} {
			names = append(names, fmt.Sprintf("%s%s%d", tail, letter, 9-i))
			if _, err := c.addUserWith(ctx, names[len(names)-1], number); err != nil {
				return err
			}
		}
	}
	prefix := strconv.FormatUint(digits, 10)
	if err := c.readList(ctx, list("phone_prefix", prefix), lists(names...)); err != nil {
		return err
	}
	for _, limit := range []int{1, 3} {
		users, err := c.walk(ctx, byPhone, limit, toTheEnd, "phone_prefix", prefix)
		if err != nil {
			return err
		}
		if err := areThere("phone_prefix="+prefix, users, names); err != nil {
			return err
		}
	}
	return nil
}

func pageNamed(ctx context.Context, c *Client) error {
	_, names, err := c.family(ctx, 5)
	if err != nil {
		return err
	}
	var parameters []string
	for _, name := range reversed(names) {
		parameters = append(parameters, "name", name, "name", newName())
	}
	users, err := c.walk(ctx, byName, 2, toTheEnd, parameters...)
	if err != nil {
		return err
	}
	return areThere(query(parameters...), users, names)
}

func pageFull(ctx context.Context, c *Client) error {
	prefix, names, err := c.family(ctx, 4)
	if err != nil {
		return err
	}
	if _, err := c.send(ctx, list("name_prefix", prefix, "limit", "4"), isPage, lists(names...), isLast); err != nil {
		return err
	}
	res, err := c.send(ctx, list("name_prefix", prefix, "limit", "2"), isPage, lists(names[:2]...), hasNext)
	if err != nil {
		return err
	}
	p, _ := parsePage(res.body)
	_, err = c.send(ctx, list("name_prefix", prefix, "limit", "2", "cursor", p.next), isPage, lists(names[2:]...), isLast)
	return err
}

// isLast wants a page without a next one.
func isLast(r *response) string {
	if p, complaint := parsePage(r.body); complaint != "" || p.next != "" {
		return "no page behind this one"
	}
	return ""
}

// cursorBehind returns the cursor behind the first users of a family.
func (c *Client) cursorBehind(ctx context.Context, prefix string, first []string) (string, error) {
	res, err := c.send(ctx, list("name_prefix", prefix, "limit", strconv.Itoa(len(first))), isPage, lists(first...), hasNext)
	if err != nil {
		return "", err
	}
	p, _ := parsePage(res.body)
	return p.next, nil
}

func pageOtherLimit(ctx context.Context, c *Client) error {
	prefix, names, err := c.family(ctx, 6)
	if err != nil {
		return err
	}
	cursor, err := c.cursorBehind(ctx, prefix, names[:2])
	if err != nil {
		return err
	}
	if _, err := c.send(ctx, list("name_prefix", prefix, "limit", "3", "cursor", cursor), isPage, lists(names[2:5]...)); err != nil {
		return err
	}
	_, err = c.send(ctx, list("cursor", cursor, "name_prefix", prefix), isPage, lists(names[2:]...))
	return err
}

func pageDefault(ctx context.Context, c *Client) error {
	prefix, names, err := c.family(ctx, 51)
	if err != nil {
		return err
	}
	_, err = c.send(ctx, list("name_prefix", prefix), isPage, lists(names[:50]...), hasNext)
	return err
}

func pageLargest(ctx context.Context, c *Client) error {
	for _, limit := range []string{"1", "500"} {
		n, _ := strconv.Atoi(limit)
		if _, err := c.send(ctx, list("limit", limit), isPage, holdsAtMost(n)); err != nil {
			return err
		}
	}
	return nil
}

func pageGone(ctx context.Context, c *Client) error {
	prefix, names, err := c.family(ctx, 6)
	if err != nil {
		return err
	}
	cursor, err := c.cursorBehind(ctx, prefix, names[:3])
	if err != nil {
		return err
	}
	for _, name := range []string{names[0], names[2]} {
		if err := c.removeUser(ctx, name); err != nil {
			return err
		}
	}
	if err := c.addUsers(ctx, []string{names[1] + "+", names[2] + "+"}); err != nil {
		return err
	}
	want := append([]string{names[2] + "+"}, names[3:]...)
	return c.readList(ctx, list("name_prefix", prefix, "cursor", cursor), lists(want...))
}

func pageAgain(ctx context.Context, c *Client) error {
	prefix, names, err := c.family(ctx, 3)
	if err != nil {
		return err
	}
	cursor, err := c.cursorBehind(ctx, prefix, names[:1])
	if err != nil {
		return err
	}
	for range 2 {
		if _, err := c.send(ctx, list("name_prefix", prefix, "cursor", cursor), isPage, lists(names[1:]...)); err != nil {
			return err
		}
	}
	return nil
}
