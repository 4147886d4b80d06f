package contract

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// hexDigits returns n random digits of an id.
func hexDigits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = lowerHex[rand.IntN(len(lowerHex))]
	}
	return string(b)
}

// compareMoments compares two times of events.
func compareMoments(a, b string) int {
	first, _ := time.Parse(time.RFC3339Nano, a) // parseEvent has seen to it
	second, _ := time.Parse(time.RFC3339Nano, b)
	return first.Compare(second)
}

func journalListClauses() []Clause {
	return []Clause{
		{ID: "journal/filter/user", Says: "user lists what happened to this user alone", Run: journalByUser},
		{ID: "journal/filter/spelling", Says: "user may be spelled as a name may", Run: journalBySpelling},
		{ID: "journal/filter/nobody", Says: "of somebody to whom nothing happened there is an empty list", Run: journalByNobody},
		{ID: "journal/filter/type", Says: "type lists the events of one type", Run: journalByType},
		{ID: "journal/filter/from-to", Says: "from lets in what was recorded then, to leaves out what was recorded then", Run: journalByTime},
		{ID: "journal/page/cursor", Says: "the pages, one cursor after the other, are the journal", Run: journalPages},
		{ID: "journal/page/link", Says: "so are the pages that the Link headers lead to", Run: journalLinks},
		{ID: "journal/page/default", Says: "without a limit there are 50 on a page", Run: journalDefault},
		{ID: "journal/page/full", Says: "a full page behind which there is nothing has no next one", Run: journalFull},
		{ID: "journal/page/grown", Says: "behind a cursor is also what happened after it was given out", Run: journalGrown},
		{ID: "journal/page/head", Says: "HEAD answers the headers of GET, Link included, without the body", Run: journalHead},
		{ID: "journal/cursor/altered", Says: "a cursor with one character altered, or that is none, is refused", Run: journalAltered},
		{ID: "journal/cursor/other-filter", Says: "a cursor is refused with another filter than its own", Run: journalOtherFilter},
	}
}

func journalByUser(ctx context.Context, c *Client) error {
	one, other := c.newDiary(), c.newDiary()
	for _, step := range []func(context.Context) error{one.add, other.add, one.change, other.change, one.remove, other.remove} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if _, err := one.read(ctx); err != nil {
		return err
	}
	_, err := other.read(ctx)
	return err
}

func journalBySpelling(ctx context.Context, c *Client) error {
	d := c.newDiary()
	d.user.Name = fill("émile & ◆%/?+")
	if err := d.changes(ctx, 1); err != nil {
		return err
	}
	for _, name := range []string{d.user.Name, "  " + decomposed(d.user.Name) + " "} {
		if _, err := c.readJournal(ctx, journal("user", name), tells(d.told...)); err != nil {
			return err
		}
	}
	return nil
}

func journalByNobody(ctx context.Context, c *Client) error {
	_, err := c.readJournal(ctx, journal("user", newName()), tells())
	return err
}

func journalByType(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.write(ctx); err != nil {
		return err
	}
	events, err := d.read(ctx)
	if err != nil {
		return err
	}
	for _, kind := range []string{typeAdded, typeChanged, typeRemoved} {
		want := slices.DeleteFunc(slices.Clone(d.told), func(h happening) bool { return h.kind != kind })
		if _, err := c.readJournal(ctx, journal("user", d.user.Name, "type", kind), tells(want...)); err != nil {
			return err
		}
	}
	all, err := c.walkJournal(ctx, 100, "type", typeRemoved, "from", events[0].RecordedTime)
	if err != nil {
		return err
	}
	if !slices.Contains(all, events[3]) || slices.ContainsFunc(all, func(e event) bool { return e.Type != typeRemoved }) {
		return &failure{
			sent: "GET /journal?type=" + typeRemoved + "&from=" + events[0].RecordedTime, got: fmt.Sprintf("%d events", len(all)),
			want: []string{"only such events, and among them that of " + d.user.Name},
		}
	}
	return nil
}

func journalByTime(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.write(ctx); err != nil {
		return err
	}
	events, err := d.read(ctx)
	if err != nil {
		return err
	}
	for _, from := range events {
		for _, to := range events {
			if compareMoments(from.RecordedTime, to.RecordedTime) > 0 {
				continue
			}
			var want []happening
			for i, e := range events {
				if compareMoments(e.RecordedTime, from.RecordedTime) >= 0 && compareMoments(e.RecordedTime, to.RecordedTime) < 0 {
					want = append(want, d.told[i])
				}
			}
			req := journal("user", d.user.Name, "from", from.RecordedTime, "to", to.RecordedTime)
			if _, err := c.readJournal(ctx, req, tells(want...)); err != nil {
				return err
			}
		}
	}
	last := events[len(events)-1]
	later, _ := time.Parse(time.RFC3339Nano, last.RecordedTime) // parseEvent has seen to it
	if _, err := c.readJournal(ctx, journal("user", d.user.Name, "from", moment(later.UnixMicro()+1)), tells()); err != nil {
		return err
	}
	_, err = c.readJournal(ctx, journal("user", d.user.Name, "to", moment(later.UnixMicro()+1)), tells(d.told...))
	return err
}

func journalPages(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.changes(ctx, 6); err != nil {
		return err
	}
	if _, err := d.read(ctx); err != nil {
		return err
	}
	for _, limit := range []int{1, 3, 7} {
		events, err := c.walkJournal(ctx, limit, "user", d.user.Name)
		if err != nil {
			return err
		}
		if w := agree(events, d.told); w != "" {
			return &failure{sent: journal("user", d.user.Name, "limit", strconv.Itoa(limit)).String() + ", page after page", got: "others", want: []string{w}}
		}
	}
	return nil
}

func journalLinks(ctx context.Context, c *Client) error {
	d := c.newDiary()
	d.user.Name = fill("◆ &=+%")
	if err := d.changes(ctx, 4); err != nil {
		return err
	}
	if _, err := d.read(ctx); err != nil {
		return err
	}
	var events []event
	for req := journal("limit", "2", "user", d.user.Name); ; {
		res, err := c.send(ctx, req, isChapter)
		if err != nil {
			return err
		}
		p, _ := parseChapter(res.body) // isChapter has seen to it
		events = append(events, p.events...)
		if p.next == "" || len(events) > len(d.told) {
			break
		}
		path, _ := res.resolve(nextLink.FindStringSubmatch(res.header.Get("Link"))[1]) // isChapter has seen to it
		req = request{side: Journal, method: req.method, path: path}
	}
	if w := agree(events, d.told); w != "" {
		return &failure{sent: journal("limit", "2", "user", d.user.Name).String() + ", link after link", got: "others", want: []string{w}}
	}
	return nil
}

func journalDefault(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.changes(ctx, 50); err != nil {
		return err
	}
	if _, err := d.read(ctx); err != nil {
		return err
	}
	_, err := c.readJournal(ctx, journal("user", d.user.Name), tells(d.told[:50]...), hasMore)
	return err
}

// hasMore wants a page of the journal that is not the last.
func hasMore(r *response) string {
	if p, complaint := parseChapter(r.body); complaint != "" || p.next == "" {
		return "another page behind this one"
	}
	return ""
}

func journalFull(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.changes(ctx, 3); err != nil {
		return err
	}
	_, err := c.readJournal(ctx, journal("user", d.user.Name, "limit", "4"), tells(d.told...), func(r *response) string {
		if p, complaint := parseChapter(r.body); complaint != "" || p.next != "" {
			return "no page behind this one"
		}
		return ""
	})
	return err
}

func journalGrown(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.changes(ctx, 3); err != nil {
		return err
	}
	p, err := c.readJournal(ctx, journal("user", d.user.Name, "limit", "2"), tells(d.told[:2]...), hasMore)
	if err != nil {
		return err
	}
	if err := d.change(ctx); err != nil {
		return err
	}
	if err := d.remove(ctx); err != nil {
		return err
	}
	_, err = c.readJournal(ctx, journal("user", d.user.Name, "cursor", p.next), tells(d.told[2:]...))
	return err
}

func journalHead(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.changes(ctx, 1); err != nil {
		return err
	}
	if _, err := d.read(ctx); err != nil {
		return err
	}
	return c.headOf(ctx, journal("user", d.user.Name, "limit", "1"), journal("user", d.user.Name))
}

// journalCursor returns a user's name, and the cursor of the second page of what happened to him.
func (c *Client) journalCursor(ctx context.Context) (name, cursor string, err error) {
	d := c.newDiary()
	if err := d.changes(ctx, 2); err != nil {
		return "", "", err
	}
	p, err := c.readJournal(ctx, journal("user", d.user.Name, "limit", "1"), tells(d.told[0]), hasMore)
	return d.user.Name, p.next, err
}

func journalAltered(ctx context.Context, c *Client) error {
	name, cursor, err := c.journalCursor(ctx)
	if err != nil {
		return err
	}
	altered := []string{"", "0", "1", random(40), cursor[1:], cursor[:len(cursor)-1], cursor + "A", cursor + "=", "\x00", "\xff"}
	for at := range cursor {
		other := byte('A')
		if cursor[at] == other {
			other = 'B'
		}
		altered = append(altered, cursor[:at]+string(other)+cursor[at+1:])
	}
	for _, a := range altered {
		if _, err := c.send(ctx, journal("user", name, "cursor", a), isProblem(invalidCursor)); err != nil {
			return err
		}
	}
	return nil
}

func journalOtherFilter(ctx context.Context, c *Client) error {
	name, cursor, err := c.journalCursor(ctx)
	if err != nil {
		return err
	}
	for _, filter := range [][]string{
		{}, {"user", newName()}, {"user", name, "type", typeAdded}, {"user", name, "from", "2022-09-12T10:00:00Z"},
		{"user", name, "to", "2122-09-12T10:00:00Z"},
	} {
		if _, err := c.send(ctx, journal(append(slices.Clip(filter), "cursor", cursor)...), isProblem(invalidCursor)); err != nil {
			return err
		}
	}
	return nil
}

// refusedJournalClauses are about queries of the journal that are refused, each fault by the parameter's name.
func refusedJournalClauses() []Clause {
	var clauses []Clause
	for _, r := range refusedJournals() {
		clauses = append(clauses, Clause{
			ID: "journal/refused/" + r.id, Says: r.says + " answers 400 invalid-parameter",
			Run: func(ctx context.Context, c *Client) error {
				for _, raw := range r.queries {
					if _, err := c.send(ctx, journalRaw(raw), isProblem(invalidParameter, r.faults...)); err != nil {
						return err
					}
				}
				return nil
			},
		})
	}
	return clauses
}

func refusedJournals() []refusedQuery {
	at := func(parameter, code string) []fault { return []fault{{Pointer: "#/" + parameter, Code: code}} }
	return []refusedQuery{
		{"unknown", "a parameter that does not exist", at("offset", codeUnknownParameter), []string{"offset=10"}},
		{"twice", "a parameter twice", at("limit", codeDuplicateParameter), []string{"limit=5&limit=5", "limit=5&l%69mit=6"}},
		{"limit-small", "a limit below 1", at("limit", codeTooSmall), []string{"limit=0"}},
		{"limit-large", "a limit above 500", at("limit", codeTooLarge), []string{"limit=501"}},
		{"limit-form", "a limit that is no integer in digits", at("limit", codeNotInteger), []string{"limit=", "limit=-1", "limit=five"}},
		{"user-short", "a user whose name is too short", at("user", codeTooShort), []string{"user=", "user=Krishna"}},
		{"user-forbidden", "a user with a character that no name has", at("user", codeForbidden), []string{"user=Krishna%00Mohan"}},
		{"user-utf8", "a user that is not UTF-8", at("user", codeEncoding), []string{"user=KrishnaMohan%FF"}},
		{"type-form", "a type that can be none", at("type", codeFormat), []string{"type=", "type=%20", "type=user%0Aadded"}},
		{"from-form", "a from that is no timestamp of RFC 3339", at("from", codeFormat), []string{"from=", "from=yesterday", "from=2022-09-12"}},
		{"to-form", "a to that is no timestamp of RFC 3339", at("to", codeFormat), []string{"to=2022-09-12T25:00:00Z"}},
		{"order", "a to before from", at("to", codeTooEarly), []string{"from=2022-09-12T10:00:00Z&to=2022-09-12T09:59:59Z"}},
	}
}
