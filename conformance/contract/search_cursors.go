package contract

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

func cursorClauses() []Clause {
	return []Clause{
		{ID: "search/cursor/altered", Says: "a cursor with one character altered, added or left out is refused", Run: cursorAltered},
		{ID: "search/cursor/made-up", Says: "what is no cursor is refused as one", Run: cursorMadeUp},
		{ID: "search/cursor/other-filter", Says: "a cursor is refused with another filter than its own", Run: cursorOtherFilter},
		{ID: "search/cursor/same-list", Says: "a cursor is good for its filter however that is spelled", Run: cursorSameList},
	}
}

// aCursor returns a cursor of a list by a beginning of names.
func (c *Client) aCursor(ctx context.Context) (prefix, cursor string, err error) {
	prefix, names, err := c.family(ctx, 3)
	if err != nil {
		return "", "", err
	}
	cursor, err = c.cursorBehind(ctx, prefix, names[:1])
	return prefix, cursor, err
}

func cursorAltered(ctx context.Context, c *Client) error {
	prefix, cursor, err := c.aCursor(ctx)
	if err != nil {
		return err
	}
	altered := []string{cursor[1:], cursor[:len(cursor)-1], cursor + "A", cursor + "=", "A" + cursor, cursor + cursor, cursor + " "}
	for at := range cursor {
		other := byte('A')
		if cursor[at] == other {
			other = 'B'
		}
		altered = append(altered, cursor[:at]+string(other)+cursor[at+1:])
	}
	for _, a := range altered {
		if _, err := c.send(ctx, list("name_prefix", prefix, "cursor", a), isProblem(invalidCursor)); err != nil {
			return err
		}
	}
	return nil
}

func cursorMadeUp(ctx context.Context, c *Client) error {
	for _, cursor := range []string{
		"", "0", "50", "x", random(40), strings.Repeat("A", 4000), "null", "{}", "eyJuYW1lIjoieCJ9", "' OR 1=1 --", "\x00", "\xff", "é😀",
	} {
		if _, err := c.send(ctx, list("cursor", cursor), isProblem(invalidCursor)); err != nil {
			return err
		}
	}
	return nil
}

func cursorOtherFilter(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	prefix, cursor, err := c.aCursor(ctx)
	if err != nil {
		return err
	}
	for _, filter := range [][]string{
		{},
		{"name_prefix", prefix[:len(prefix)-1]},
		{"name_prefix", prefix + "0"},
		{"name", prefix + "000", "name", prefix + "001"},
		{"phone", strconv.FormatUint(u.phone, 10)},
		{"phone_prefix", "9"},
		{"since_from", u.since},
		{"since_to", u.since},
	} {
		if _, err := c.send(ctx, list(append(slices.Clip(filter), "cursor", cursor)...), isProblem(invalidCursor)); err != nil {
			return err
		}
	}
	return nil
}

func cursorSameList(ctx context.Context, c *Client) error {
	prefix, names, err := c.family(ctx, 3)
	if err != nil {
		return err
	}
	cursor, err := c.cursorBehind(ctx, prefix, names[:1])
	if err != nil {
		return err
	}
	for _, raw := range []string{
		"cursor=" + cursor + "&" + query("name_prefix", prefix),
		query("name_prefix", "  "+prefix, "cursor", cursor),
		"name%5Fprefix=" + encode(prefix, lowerHex, never) + "&cursor=" + encode(cursor, lowerHex, never),
	} {
		if _, err := c.send(ctx, listRaw(raw), isPage, lists(names[1:]...)); err != nil {
			return err
		}
	}
	return nil
}
