package contract

import (
	"context"
	"slices"
	"strings"
)

func listClauses() []Clause {
	return []Clause{
		{
			ID: "search/list/all", Says: "GET /user without a filter lists all users by name, code point by code point",
			Run: listAll,
		},
		{ID: "search/list/record", Says: "a list has the record that POST answered", Run: listRecord},
		{ID: "search/list/nobody", Says: "a list of nobody is 200 with an empty array and no next page", Run: listNobody},
		{ID: "search/list/head", Says: "HEAD answers the headers of GET, Link included, without the body", Run: listHead},
	}
}

// listAll adds users whose names come before most, so that the walk is short among any number of users.
func listAll(ctx context.Context, c *Client) error {
	names := filled([]string{"!!!!!!!!◆a", "!!!!!!!!◆b"}, random(randomTail))
	if err := c.addUsers(ctx, reversed(names)); err != nil {
		return err
	}
	return within(ctx, c.settle, func() error {
		users, err := c.walk(ctx, byName, 100, func(p page) bool { return p.users[len(p.users)-1].Name > names[1] })
		if err != nil {
			return err
		}
		for _, name := range names {
			if !slices.ContainsFunc(users, func(u record) bool { return u.Name == name }) {
				return missing("GET /user", name)
			}
		}
		return nil
	})
}

func listRecord(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, fill(`"◆" <é😀>`))
	if err != nil {
		return err
	}
	want := record{Name: u.name, Phone: u.phone, Since: u.since}
	err = c.readList(ctx, list("name", u.name), lists(u.name), func(r *response) string {
		if p, _ := parsePage(r.body); !slices.Equal(p.users, []record{want}) {
			return "the record " + want.bytes()
		}
		return ""
	})
	return err
}

func listNobody(ctx context.Context, c *Client) error {
	for _, parameters := range [][]string{{"name_prefix", newName()}, {"name", newName()}, {"phone_prefix", "100000000000000"}} {
		if err := c.readList(ctx, list(parameters...), lists()); err != nil {
			return err
		}
	}
	return nil
}

func listHead(ctx context.Context, c *Client) error {
	prefix := random(10)
	if err := c.addUsers(ctx, []string{prefix + "a", prefix + "b"}); err != nil {
		return err
	}
	first, last := list("name_prefix", prefix, "limit", "1"), list("name_prefix", prefix)
	if err := c.readList(ctx, last, lists(prefix+"a", prefix+"b")); err != nil {
		return err
	}
	return c.headOf(ctx, first, last)
}

// hasNext wants a page that is not the last.
func hasNext(r *response) string {
	if p, complaint := parsePage(r.body); complaint != "" || p.next == "" {
		return "another page behind this one"
	}
	return ""
}

// missing complains of a user who is not in a list.
func missing(asked, name string) error {
	return &failure{sent: asked, got: "a list without " + quote(name), want: []string{"every user who is there, once"}}
}

// prefixCase is a beginning of names, those whom it selects, in order, and others whom it does not. ◆ stands for random
// letters.
type prefixCase struct {
	id, says, prefix string
	listed, others   []string
}

func prefixCases() []prefixCase {
	return []prefixCase{
		{"found", "lists by name those whose names begin so", "◆", []string{"◆-10", "◆-2", "◆Z", "◆a"}, []string{"-◆", "x◆"}},
		{"whole", "may be a whole name", "◆-x", []string{"◆-x", "◆-x-"}, []string{"◆-y"}},
		{"case", "tells upper case from lower case", "Q◆", []string{"Q◆"}, []string{"q◆"}},
		{"percent", "takes % for itself", "◆%", []string{"◆%a"}, []string{"◆a", "◆b%"}},
		{"underscore", "takes _ for itself", "◆_", []string{"◆_a"}, []string{"◆a", "◆xa"}},
		{"backslash", `takes \ for itself`, `◆\`, []string{`◆\%`, `◆\\`, `◆\a`}, []string{"◆%", "◆a"}},
		{"glob", "takes * ? and [ for themselves", "◆*?[a]", []string{"◆*?[a]x"}, []string{"◆xxa", "◆*?a"}},
		{"space", "counts a space at its end", "◆ ", []string{"◆ a"}, []string{"◆", "◆!a", "◆a"}},
		{"space-before", "passes over white space before it", " \u2003◆", []string{"◆x"}, nil},
		{"decomposed", "is compared in its NFC form", "◆E\u0301m", []string{"◆Émile"}, []string{"◆Emile"}},
		{"accent", "tells letters with accents from those without", "◆E", []string{"◆Emile"}, []string{"◆Émile"}},
		{
			"astral", "finds what is beyond U+FFFF, in the order of code points", "◆",
			[]string{"◆z", "◆\uE000", "◆\uFFFD", "◆😀", "◆\U0010FFFD"}, nil,
		},
		{"astral-end", "may end beyond U+FFFF", "◆😀", []string{"◆😀", "◆😀😁"}, []string{"◆\uFFFD", "◆😁"}},
		{"reserved", "may hold what is reserved in a query", "◆&=+#?;/", []string{"◆&=+#?;/x"}, []string{"◆", "◆& x"}},
		{"longest", "may have 32 characters", "◆" + strings.Repeat("x", 22), []string{"◆" + strings.Repeat("x", 22)}, []string{"◆xx"}},
	}
}

func namePrefixClauses() []Clause {
	clauses := []Clause{
		{
			ID: "search/name-prefix/short", Says: "name_prefix may be shorter than a name has to be",
			Run: func(ctx context.Context, c *Client) error {
				prefix := random(7)
				return prefixFinds(ctx, c, prefix, []string{prefix + "-a", prefix + "-b"}, nil)
			},
		},
		{ID: "search/name-prefix/plus", Says: "in a query + is a space, and %2B is a plus", Run: prefixPlus},
	}
	for _, p := range prefixCases() {
		clauses = append(clauses, Clause{
			ID: "search/name-prefix/" + p.id, Says: "name_prefix " + p.says,
			Run: func(ctx context.Context, c *Client) error {
				tail := random(randomTail)
				return prefixFinds(ctx, c, replaceTail(p.prefix, tail), filled(p.listed, tail), filled(p.others, tail))
			},
		})
	}
	return clauses
}

// filled fills several samples with the same letters.
func filled(samples []string, tail string) []string {
	names := make([]string, len(samples))
	for i, s := range samples {
		names[i] = replaceTail(s, tail)
	}
	return names
}

func prefixFinds(ctx context.Context, c *Client, prefix string, listed, others []string) error {
	if err := c.addUsers(ctx, slices.Concat(others, reversed(listed))); err != nil {
		return err
	}
	return c.readList(ctx, list("name_prefix", prefix), lists(listed...))
}

// reversed returns names from the last to the first, so that the order of additions is not that of the list.
func reversed(names []string) []string {
	back := slices.Clone(names)
	slices.Reverse(back)
	return back
}

func prefixPlus(ctx context.Context, c *Client) error {
	tail := random(randomTail)
	if err := c.addUsers(ctx, []string{tail + " x", tail + "+x"}); err != nil {
		return err
	}
	if err := c.readList(ctx, listRaw("name_prefix="+tail+"+"), lists(tail+" x")); err != nil {
		return err
	}
	return c.readList(ctx, listRaw("name_prefix="+tail+"%2B"), lists(tail+"+x"))
}

func namedClauses() []Clause {
	return []Clause{
		{
			ID: "search/names/found", Says: "name, repeated, lists those of these names who are there, each once, by name",
			Run: func(ctx context.Context, c *Client) error {
				tail := random(randomTail)
				names := filled([]string{"◆Z", "◆a", "◆é"}, tail)
				if err := c.addUsers(ctx, slices.Concat(reversed(names), filled([]string{"◆b"}, tail))); err != nil {
					return err
				}
				return c.readList(ctx, list("name", " "+tail+"e\u0301 ", "name", newName(), "name", names[0], "name", names[1], "name", names[0]),
					lists(names...))
			},
		},
		{
			ID: "search/names/hundred", Says: "a hundred names are taken",
			Run: func(ctx context.Context, c *Client) error {
				u, err := c.addUser(ctx, newName())
				if err != nil {
					return err
				}
				parameters := []string{"name", u.name}
				for range 99 {
					parameters = append(parameters, "name", newName())
				}
				return c.readList(ctx, list(parameters...), lists(u.name))
			},
		},
	}
}
