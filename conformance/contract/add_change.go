package contract

import (
	"context"
	"net/http"
	"strings"
)

func changeClauses() []Clause {
	return []Clause{
		{
			ID: "add/change/changed", Says: "PATCH answers 200 with the new record, the next version's ETag and the same since",
			Run: func(ctx context.Context, c *Client) error { return changed(ctx, c, mediaJSON) },
		},
		{
			ID: "add/change/merge-patch", Says: "PATCH takes application/merge-patch+json",
			Run: func(ctx context.Context, c *Client) error { return changed(ctx, c, mediaMergePatch) },
		},
		{
			ID: "add/change/media-spelling", Says: "PATCH takes a media type in any case and with a charset",
			Run: func(ctx context.Context, c *Client) error {
				return changed(ctx, c, "Application/Merge-Patch+JSON; charset=utf-8")
			},
		},
		{ID: "add/change/same-number", Says: "PATCH with the number that is there answers 200 with the same ETag", Run: changedToSame},
		{ID: "add/change/back-and-forth", Says: "a number that comes back is a new version: its ETag was never there before", Run: changedBack},
		{ID: "add/change/missing", Says: "PATCH of a user who is not there answers 404 and adds nobody", Run: changeMissing},
		{ID: "add/change/after-remove", Says: "PATCH of a user who was removed answers 404", Run: changeRemoved},
	}
}

func changed(ctx context.Context, c *Client, media string) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	for i := range 2 {
		phone := u.phone + 1 + uint64(i)
		if _, err := c.send(ctx, patch(u.name, change(phone)).as(media), isStatus(http.StatusOK), isRecord(u.name, phone),
			isSince(u.since), isVersion(2+i)); err != nil {
			return err
		}
	}
	return nil
}

func changedToSame(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if err := c.isUnchanged(ctx, u); err != nil {
		return err
	}
	_, err = c.send(ctx, patch(u.name, change(u.phone)).with("If-Match", u.etag), isStatus(http.StatusOK), hasHeader("ETag", u.etag))
	return err
}

func changedBack(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if _, err := c.changeUser(ctx, u, u.phone+1); err != nil {
		return err
	}
	_, err = c.send(ctx, patch(u.name, change(u.phone)), isStatus(http.StatusOK), isRecord(u.name, u.phone), isVersion(3))
	return err
}

func changeMissing(ctx context.Context, c *Client) error {
	name := newName()
	if _, err := c.send(ctx, patch(name, change(newPhone())), isProblem(userNotFound)); err != nil {
		return err
	}
	return c.isAbsent(ctx, name)
}

func changeRemoved(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if err := c.removeUser(ctx, u.name); err != nil {
		return err
	}
	_, err = c.send(ctx, patch(u.name, change(u.phone)), isProblem(userNotFound))
	return err
}

// badChange is a body that PATCH has to refuse. In it NAME stands for the user's own name.
type badChange struct {
	id, says, body string
	want           expectation
}

func badChanges() []badChange {
	rows := []badChange{
		{"name", "a name cannot be changed", `{"name":"NAMEx","phone":9731423166}`, isProblem(validation, nameIs(codeReadOnly))},
		{"same-name", "not even to what it is", `{"name":"NAME","phone":9731423166}`, isProblem(validation, nameIs(codeReadOnly))},
		{
			"since", "since cannot be changed", `{"phone":9731423166,"since":"2022-09-12T10:00:00Z"}`,
			isProblem(validation, fault{Pointer: "#/since", Code: codeReadOnly}),
		},
		{
			"unknown", "a field that does not exist is refused", `{"phone":9731423166,"mail":"x"}`,
			isProblem(validation, fault{Pointer: "#/mail", Code: codeUnknown}),
		},
		{"empty-object", "a change of nothing is refused", `{}`, isProblem(validation, phoneIs(codeRequired))},
		{
			"duplicate", "a number given twice is refused", `{"phone":9731423166,"phone":9731423167}`,
			isProblem(validation, phoneIs(codeDuplicate)),
		},
		{"document-empty", "an empty body is refused", ``, isProblem(malformedJSON)},
		{"document-array", "an array is no change (a JSON Patch)", `[{"op":"replace","path":"/phone","value":9731423166}]`, isProblem(malformedJSON)},
		{"document-trailing-garbage", "nothing may follow the object", `{"phone":9731423166}x`, isProblem(malformedJSON)},
		{"document-truncated", "a body cut short is refused", `{"phone":9731423166`, isProblem(malformedJSON)},
		{"text-utf8", "invalid UTF-8 is refused", "{\"phone\":9731423166,\"\xff\":1}", isProblem(malformedJSON)},
	}
	for _, p := range badPhones() {
		if p.id != "phone-missing" {
			rows = append(rows, badChange{p.id, p.says, strings.Replace(p.body, `"name":"NAME",`, ``, 1), p.want})
		}
	}
	return rows
}

func badChangeClauses() []Clause {
	var clauses []Clause
	for _, b := range badChanges() {
		clauses = append(clauses, Clause{
			ID: idOf(Add, "change-body", b.id), Says: "PATCH: " + b.says + ", and nothing is changed",
			Run: func(ctx context.Context, c *Client) error {
				u, err := c.addUser(ctx, newName())
				if err != nil {
					return err
				}
				if _, err := c.send(ctx, patch(u.name, strings.ReplaceAll(b.body, "NAME", u.name)), b.want); err != nil {
					return err
				}
				return c.isUnchanged(ctx, u)
			},
		})
	}
	return clauses
}

func removeClauses() []Clause {
	return []Clause{
		{ID: "add/remove/removed", Says: "DELETE answers 204 without a body", Run: removed},
		{ID: "add/remove/missing", Says: "DELETE of a user who is not there answers 404", Run: removeMissing},
		{ID: "add/remove/add-again", Says: "a name that was removed can be added again, as a new user with a new ETag", Run: addedAgain},
	}
}

func removed(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if _, err := c.send(ctx, remove(u.name).onWire(), isStatus(http.StatusNoContent), hasNoBody); err != nil {
		return err
	}
	return c.isAbsent(ctx, u.name)
}

func removeMissing(ctx context.Context, c *Client) error { return c.isAbsent(ctx, newName()) }

func addedAgain(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if err := c.removeUser(ctx, u.name); err != nil {
		return err
	}
	_, err = c.send(ctx, post(draft(u.name, u.phone)), isStatus(http.StatusCreated), isRecord(u.name, u.phone), isVersion(1),
		isNotTagged(u.etag))
	return err
}

// isNotTagged wants an entity tag other than this one.
func isNotTagged(etag string) expectation {
	return func(r *response) string {
		if r.header.Get("ETag") == etag {
			return "another ETag than the one before, " + etag
		}
		return ""
	}
}
