package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// overviewEvents is how many events an overview has at most.
const overviewEvents = 20

// overviewClauses are about what the gateway puts together of two slots.
func overviewClauses() []Clause {
	return []Clause{
		{
			ID: "all/overview/found", Says: "GET /user/{name}/overview answers 200 with the user, the journal's page and the status of both parts, in this order",
			Run: overviewFound,
		},
		{
			ID: "all/overview/latest", Says: fmt.Sprintf("it has the latest %d events of the user, latest first", overviewEvents),
			Run: overviewLatest,
		},
		{ID: "all/overview/missing", Says: "the overview of a user who is not there is the find slot's 404", Run: overviewMissing},
		{ID: "all/overview/bad-name", Says: "the overview of what is no name is the find slot's 400", Run: overviewBadName},
		{ID: "all/overview/opaque", Says: "a name reaches both slots as it was sent, whatever a query would make of it", Run: overviewOpaque},
		{ID: "all/overview/head", Says: "HEAD answers the headers of GET without the body", Run: overviewHead},
		{ID: "all/overview/method", Says: "another method answers 405 with an Allow that lists GET and HEAD", Run: overviewMethod},
	}
}

func overviewOf(name string) request { return getPath(userPath(name) + "/overview") }

// isOverview wants an overview of the user of a diary, whose latest events are those that it notes.
func (d *diary) isOverview(r *response) string {
	if w := isStatus(http.StatusOK)(r); w != "" {
		return w
	}
	for _, want := range []expectation{hasMedia(mediaJSON), hasNoHeader("ETag"), hasHeader("Cache-Control", "no-store")} {
		if w := want(r); w != "" {
			return w
		}
	}
	var whole struct {
		User, Activity json.RawMessage
		Parts          map[string]struct {
			Status  int
			Problem json.RawMessage
		}
	}
	if names := memberNames(r.body); !slices.Equal(names, []string{"user", "activity", "parts"}) {
		return fmt.Sprintf("an object of user, activity and parts, in this order (it has %q)", names)
	}
	if err := json.Unmarshal(r.body, &whole); err != nil || len(whole.Parts) != 2 {
		return "`parts` with user and activity"
	}
	for _, part := range []string{"user", "activity"} {
		if got := whole.Parts[part]; got.Status != http.StatusOK || got.Problem != nil {
			return fmt.Sprintf("the status 200 of the part %s, and no problem", part)
		}
	}
	if got, complaint := parseRecord(whole.User); complaint != "" || got != d.user {
		return fmt.Sprintf("as `user` the record of %+q with %d, and nothing else (%s)", d.user.Name, d.user.Phone, complaint)
	}
	p, complaint := parseChapter(whole.Activity)
	if complaint != "" {
		return "as `activity` a page of the journal: " + complaint
	}
	slices.Reverse(p.events)
	if w := agree(p.events, d.told[max(0, len(d.told)-overviewEvents):]); w != "" {
		return "as `activity`, latest first, " + w
	}
	return ""
}

// memberNames returns the names of an object's members in their order.
func memberNames(body []byte) (names []string) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil
		}
		name, _ := key.(string)
		names = append(names, name)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil
		}
	}
	return names
}

// overview asks until the journal has told what has happened.
func (d *diary) overview(ctx context.Context) error {
	return within(ctx, d.c.settle, func() error {
		_, err := d.c.send(ctx, overviewOf(d.user.Name), d.isOverview)
		return err
	})
}

func overviewFound(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.write(ctx); err != nil {
		return err
	}
	return d.overview(ctx)
}

func overviewLatest(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.changes(ctx, overviewEvents+5); err != nil {
		return err
	}
	return d.overview(ctx)
}

func overviewMissing(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if _, err := c.send(ctx, overviewOf(d.user.Name), isProblem(userNotFound)); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{d.add, d.remove} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	_, err := c.read(ctx, overviewOf(d.user.Name), isProblem(userNotFound)) // though there is something to tell
	return err
}

func overviewBadName(ctx context.Context, c *Client) error {
	_, err := c.send(ctx, overviewOf("x"), isProblem(invalidName))
	return err
}

func overviewOpaque(ctx context.Context, c *Client) error {
	for _, sample := range []string{"a/b/../◆", "1+1=2 + ◆", "Q&A;x=y ◆", "a%2Fb%20c ◆", "#?who=x ◆", "山田 \U0001F600 ◆"} {
		d := c.newDiary()
		d.user.Name = fill(sample)
		if err := d.add(ctx); err != nil {
			return err
		}
		for _, e := range encodings() {
			req := getPath(userPrefix + e.encode(d.user.Name) + "/overview")
			if err := within(ctx, c.settle, func() error {
				_, err := c.send(ctx, req, isNoRedirect, d.isOverview)
				return err
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

func overviewHead(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.add(ctx); err != nil {
		return err
	}
	if err := d.overview(ctx); err != nil {
		return err
	}
	// The two may differ where the journal did not answer one of them in time, which is no fault.
	if err := within(ctx, c.settle, func() error {
		full, err := c.send(ctx, overviewOf(d.user.Name), d.isOverview)
		if err != nil {
			return err
		}
		_, err = c.send(ctx, overviewOf(d.user.Name).asHead().onWire(), isStatus(http.StatusOK), hasNoBody, hasMedia(mediaJSON),
			hasLength(len(full.body)), hasHeader("Cache-Control", "no-store"))
		return err
	}); err != nil {
		return err
	}
	_, err := c.send(ctx, overviewOf(newName()).asHead().onWire(), isStatus(http.StatusNotFound), hasNoBody)
	return err
}

func overviewMethod(ctx context.Context, c *Client) error {
	req := request{side: Find, method: http.MethodPost, path: userPath(newName()) + "/overview"}
	_, err := c.send(ctx, req, isProblem(methodNotAllowed), allows("GET", "HEAD"))
	return err
}
