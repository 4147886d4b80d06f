package contract

import (
	"context"
	"net/http"
)

func readClauses() []Clause {
	return []Clause{
		{ID: "find/read/found", Says: "GET /user/{name} answers 200 with the record that POST answered", Run: found},
		{ID: "find/read/bytes", Says: "the body is the record's exact bytes, and Content-Length their number", Run: foundBytes},
		{ID: "find/read/etag", Says: "the ETag is the one that POST and PATCH answered", Run: foundETag},
		{ID: "find/read/cache-control", Says: "the answer says Cache-Control: no-cache", Run: foundCacheControl},
		{ID: "find/read/missing", Says: "a user who is not there is 404, asked once or again", Run: notFound},
		{ID: "find/read/many", Says: "100 reads of one user at once all find the user, with the same ETag", Run: foundByMany},
		{ID: "find/read/many-missing", Says: "100 reads at once of a user who is not there are all 404", Run: missedByMany},
		{ID: "find/read/head", Says: "HEAD answers the headers of GET without the body", Run: head},
		{ID: "find/read/head-missing", Says: "HEAD of a user who is not there answers 404 without a body", Run: headMissing},
	}
}

// spelledNameClauses are about other spellings of a name in the path.
func spelledNameClauses() []Clause {
	return []Clause{
		{
			ID: "find/spelling/decomposed", Says: "a decomposed name in the path finds the user of its NFC form",
			Run: func(ctx context.Context, c *Client) error {
				name := pick(16, composed()...)
				return foundAs(ctx, c, name, decomposed(name))
			},
		},
		{
			ID: "find/spelling/padded", Says: "white space around the name in the path is cut off",
			Run: func(ctx context.Context, c *Client) error {
				name := newName()
				return foundAs(ctx, c, name, " \t\u0085"+name+"\u3000")
			},
		},
	}
}

func foundAs(ctx context.Context, c *Client, name, spelling string) error {
	u, err := c.addUser(ctx, name)
	if err != nil {
		return err
	}
	_, err = c.read(ctx, get(spelling), isStatus(http.StatusOK), isRecord(name, u.phone), hasHeader("ETag", u.etag))
	return err
}

func found(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	for range 3 { // a miss, and then hits, if there is a cache
		if _, err := c.read(ctx, get(u.name), isStatus(http.StatusOK), isRecord(u.name, u.phone), isSince(u.since)); err != nil {
			return err
		}
	}
	return nil
}

func foundBytes(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	exact := record{Name: u.name, Phone: u.phone, Since: u.since}.bytes()
	for range 2 {
		if _, err := c.read(ctx, get(u.name), isStatus(http.StatusOK), isBody(exact), hasLength(len(exact))); err != nil {
			return err
		}
	}
	return nil
}

// isBody wants these bytes.
func isBody(want string) expectation {
	return func(r *response) string {
		if string(r.body) == want {
			return ""
		}
		return "exactly the bytes " + quote(want)
	}
}

func foundETag(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	for version := 1; version <= 3; version++ {
		if _, err := c.read(ctx, get(u.name), isStatus(http.StatusOK), isRecord(u.name, u.phone), hasHeader("ETag", u.etag), isVersion(version)); err != nil {
			return err
		}
		if u, err = c.changeUser(ctx, u, u.phone+1); err != nil {
			return err
		}
	}
	return nil
}

func foundCacheControl(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	_, err = c.read(ctx, get(u.name), isStatus(http.StatusOK), hasHeader("Cache-Control", "no-cache"))
	return err
}

func notFound(ctx context.Context, c *Client) error {
	name := newName()
	for range 3 {
		if _, err := c.read(ctx, get(name), isProblem(userNotFound)); err != nil {
			return err
		}
	}
	return nil
}

func foundByMany(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if c.lag > 0 { // wait until the user can be seen
		if _, err := c.read(ctx, get(u.name), isStatus(http.StatusOK)); err != nil {
			return err
		}
	}
	return c.readMany(ctx, u.name, isStatus(http.StatusOK), isRecord(u.name, u.phone), isSince(u.since), hasHeader("ETag", u.etag))
}

func missedByMany(ctx context.Context, c *Client) error {
	return c.readMany(ctx, newName(), isProblem(userNotFound))
}

// readMany reads one name from many sides at once.
func (c *Client) readMany(ctx context.Context, name string, want ...expectation) error {
	answers, err := c.atOnce(ctx, crowd, func(int) request { return get(name) })
	if err != nil {
		return err
	}
	for _, r := range answers {
		if err := r.check(want...); err != nil {
			return err
		}
	}
	return nil
}

func head(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	full, err := c.read(ctx, get(u.name), isStatus(http.StatusOK))
	if err != nil {
		return err
	}
	_, err = c.read(ctx, get(u.name).asHead().onWire(), isStatus(http.StatusOK), hasNoBody, hasLength(len(full.body)),
		hasHeader("ETag", u.etag), hasHeader("Cache-Control", "no-cache"), hasMedia(mediaJSON))
	return err
}

func headMissing(ctx context.Context, c *Client) error {
	_, err := c.read(ctx, get(newName()).asHead().onWire(), isHeadOfProblem(http.StatusNotFound), hasNoBody)
	return err
}

func conditionalClauses() []Clause {
	match := func(id, says string, lines func(etag string) []string) Clause {
		return Clause{ID: "find/conditional/" + id, Says: says, Run: func(ctx context.Context, c *Client) error {
			return notModified(ctx, c, lines)
		}}
	}
	return []Clause{
		match("strong", "If-None-Match with the ETag answers 304 with the ETag and without a body",
			func(e string) []string { return []string{e} }),
		match("weak", "If-None-Match compares weakly: W/ before the ETag matches too",
			func(e string) []string { return []string{"W/" + e} }),
		match("star", "If-None-Match: * matches whoever is there",
			func(string) []string { return []string{"*"} }),
		match("list", "If-None-Match matches if one of its list does",
			func(e string) []string { return []string{`"a" , W/"b",` + e + `, "c"`} }),
		match("list-comma", "a comma within an ETag does not part a list",
			func(e string) []string { return []string{`"a,b",W/` + e} }),
		match("lines", "If-None-Match may be spread over several lines",
			func(e string) []string { return []string{`"a"`, e} }),
		{ID: "find/conditional/other", Says: "If-None-Match with other ETags answers 200 with the record", Run: modified},
		{ID: "find/conditional/changed", Says: "If-None-Match with the ETag of before a change answers 200", Run: modifiedByChange},
		{ID: "find/conditional/add-again", Says: "If-None-Match with the ETag of a user removed and added again answers 200", Run: modifiedByReplacement},
		{ID: "find/conditional/missing", Says: "If-None-Match of a user who is not there answers 404", Run: conditionalMissing},
	}
}

// notModified asks with the lines of If-None-Match, by GET and by HEAD, before and after a plain read.
func notModified(ctx context.Context, c *Client, lines func(etag string) []string) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	plain := get(u.name)
	conditional := plain.onWire()
	for _, line := range lines(u.etag) {
		conditional = conditional.with("If-None-Match", line)
	}
	same := []expectation{
		isStatus(http.StatusNotModified), hasHeader("ETag", u.etag), hasHeader("Cache-Control", "no-cache"), hasNoBody,
	}
	if _, err := c.read(ctx, conditional, same...); err != nil {
		return err
	}
	if _, err := c.read(ctx, plain, isStatus(http.StatusOK)); err != nil {
		return err
	}
	if _, err := c.read(ctx, conditional, same...); err != nil {
		return err
	}
	_, err = c.read(ctx, conditional.asHead(), same...)
	return err
}

func modified(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	// What the tag holds, in another tag, is another tag.
	longer := u.etag[:len(u.etag)-1] + `0"`
	for _, line := range []string{`"conformance"`, longer, `"*"`, `W/"conformance", "x"`} {
		if _, err := c.read(ctx, get(u.name).with("If-None-Match", line), isStatus(http.StatusOK), isRecord(u.name, u.phone),
			hasHeader("ETag", u.etag)); err != nil {
			return err
		}
	}
	return nil
}

func modifiedByChange(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if _, err := c.read(ctx, get(u.name), isStatus(http.StatusOK)); err != nil {
		return err
	}
	now, err := c.changeUser(ctx, u, u.phone+1)
	if err != nil {
		return err
	}
	_, err = c.read(ctx, get(u.name).with("If-None-Match", u.etag), isStatus(http.StatusOK), isRecord(now.name, now.phone),
		hasHeader("ETag", now.etag))
	return err
}

func modifiedByReplacement(ctx context.Context, c *Client) error {
	former, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if _, err := c.read(ctx, get(former.name), isStatus(http.StatusOK)); err != nil {
		return err
	}
	if err := c.removeUser(ctx, former.name); err != nil {
		return err
	}
	now, err := c.addUserWith(ctx, former.name, former.phone)
	if err != nil {
		return err
	}
	_, err = c.read(ctx, get(now.name).with("If-None-Match", former.etag), isStatus(http.StatusOK),
		isRecord(now.name, now.phone), hasHeader("ETag", now.etag), isNotTagged(former.etag))
	return err
}

func conditionalMissing(ctx context.Context, c *Client) error {
	name := newName()
	for _, line := range []string{`"conformance"`, "*"} {
		if _, err := c.read(ctx, get(name).with("If-None-Match", line), isProblem(userNotFound)); err != nil {
			return err
		}
	}
	return nil
}
