package contract

import (
	"context"
	"net/http"
)

// precondition is a value of If-Match and what it comes to for a user who is there. In it TAG stands for the user's
// present entity tag and OLD for a former one's opaque part without quotes.
type precondition struct {
	id, says string
	lines    func(present, old string) []string
	holds    bool // else want is the answer
	want     string
}

func preconditions() []precondition {
	row := func(id, says string, lines func(present, old string) []string, want string) precondition {
		return precondition{id: id, says: says, lines: lines, holds: want == "", want: want}
	}
	constant := func(line string) func(string, string) []string {
		return func(string, string) []string { return []string{line} }
	}
	rows := []precondition{
		row("present", "If-Match with the present ETag holds", func(p, _ string) []string { return []string{p} }, ""),
		row("star", "If-Match: * holds for a user who is there", constant("*"), ""),
		row("list", "If-Match holds if one of its list is the present ETag",
			func(p, o string) []string { return []string{`"other", ` + o + ` , ` + p} }, ""),
		row("list-comma", "a comma within an ETag does not part a list",
			func(p, o string) []string { return []string{`"a,b",` + p} }, ""),
		row("lines", "If-Match may be spread over several lines",
			func(p, o string) []string { return []string{o, p} }, ""),
		row("former", "If-Match with a former ETag does not hold: 412",
			func(_, o string) []string { return []string{o} }, preconditionFailed),
		row("foreign", "If-Match with an ETag that never was does not hold: 412", constant(`"conformance"`), preconditionFailed),
		row("foreign-quoted-star", `"*" in quotes is an ETag, not a star: 412`, constant(`"*"`), preconditionFailed),
		row("weak", "a weak ETag never matches, not even the present one: 412",
			func(p, _ string) []string { return []string{"W/" + p} }, preconditionFailed),
		row("weak-list", "a list of weak ETags does not match: 412",
			func(p, o string) []string { return []string{"W/" + o + ", W/" + p} }, preconditionFailed),
	}
	for _, bad := range []struct{ id, line string }{
		{"word", "conformance"}, {"half-quoted", `"conformance`}, {"weak-only", "W/"}, {"weak-lower", `w/"conformance"`},
		{"no-comma", `"a" "b"`}, {"star-in-list", `*, "a"`}, {"single-quotes", `'conformance'`},
	} {
		rows = append(rows, row("bad-"+bad.id, "If-Match: "+bad.line+" is no list of ETags: 400", constant(bad.line), invalidPrecondition))
	}
	return rows
}

func preconditionClauses() []Clause {
	clauses := []Clause{
		{
			ID: "add/precondition/missing-first", Says: "who is not there is 404 before any precondition is looked at",
			Run: missingBeforePrecondition,
		},
		{
			ID: "add/precondition/add-again", Says: "the ETag of a user removed and added again matches nothing: 412",
			Run: preconditionOfFormerUser,
		},
	}
	for _, p := range preconditions() {
		clauses = append(clauses, Clause{
			ID: idOf(Add, "precondition", "patch-"+p.id), Says: "PATCH: " + p.says,
			Run: func(ctx context.Context, c *Client) error { return conditionalPatch(ctx, c, p) },
		}, Clause{
			ID: idOf(Add, "precondition", "delete-"+p.id), Says: "DELETE: " + p.says,
			Run: func(ctx context.Context, c *Client) error { return conditionalDelete(ctx, c, p) },
		})
	}
	return clauses
}

// userWithPast adds a user and changes them once, and returns them and their former entity tag.
func userWithPast(ctx context.Context, c *Client) (u user, old string, err error) {
	u, err = c.addUser(ctx, newName())
	if err != nil {
		return u, "", err
	}
	old = u.etag
	u, err = c.changeUser(ctx, u, u.phone+1)
	return u, old, err
}

// ifMatch returns the request with the precondition's lines.
func (p precondition) ifMatch(req request, present, old string) request {
	for _, line := range p.lines(present, old) {
		req = req.with("If-Match", line)
	}
	return req
}

func conditionalPatch(ctx context.Context, c *Client, p precondition) error {
	u, old, err := userWithPast(ctx, c)
	if err != nil {
		return err
	}
	phone := u.phone + 1
	req := p.ifMatch(patch(u.name, change(phone)), u.etag, old)
	if p.holds {
		_, err := c.send(ctx, req, isStatus(http.StatusOK), isRecord(u.name, phone), isSince(u.since), isVersion(3))
		return err
	}
	if _, err := c.send(ctx, req, isProblem(p.want)); err != nil {
		return err
	}
	return c.isUnchanged(ctx, u)
}

func conditionalDelete(ctx context.Context, c *Client, p precondition) error {
	u, old, err := userWithPast(ctx, c)
	if err != nil {
		return err
	}
	req := p.ifMatch(remove(u.name), u.etag, old)
	if p.holds {
		if _, err := c.send(ctx, req, isStatus(http.StatusNoContent)); err != nil {
			return err
		}
		return c.isAbsent(ctx, u.name)
	}
	if _, err := c.send(ctx, req, isProblem(p.want)); err != nil {
		return err
	}
	return c.isUnchanged(ctx, u)
}

func missingBeforePrecondition(ctx context.Context, c *Client) error {
	name := newName()
	for _, line := range []string{`"conformance"`, "*", `W/"conformance"`} {
		for _, req := range []request{patch(name, change(newPhone())), remove(name)} {
			if _, err := c.send(ctx, req.with("If-Match", line), isProblem(userNotFound)); err != nil {
				return err
			}
		}
	}
	return nil
}

func preconditionOfFormerUser(ctx context.Context, c *Client) error {
	former, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if err := c.removeUser(ctx, former.name); err != nil {
		return err
	}
	u, err := c.addUserWith(ctx, former.name, former.phone)
	if err != nil {
		return err
	}
	for _, req := range []request{patch(u.name, change(u.phone+1)), remove(u.name)} {
		if _, err := c.send(ctx, req.with("If-Match", former.etag), isProblem(preconditionFailed)); err != nil {
			return err
		}
	}
	return c.isUnchanged(ctx, u)
}
