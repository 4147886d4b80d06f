package contract

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
)

func journalRecordClauses() []Clause {
	return []Clause{
		{
			ID: "journal/record/complete", Says: "additions, changes and removals are in the journal within a second, once each, in order, with record and version",
			Run: func(ctx context.Context, c *Client) error {
				d := c.newDiary()
				if err := d.write(ctx); err != nil {
					return err
				}
				_, err := d.read(ctx)
				return err
			},
		},
		{ID: "journal/record/nothing", Says: "what changes nothing is not in the journal", Run: journalNothing},
		{ID: "journal/record/many", Says: "so is every one of many changes that are made at once", Run: journalMany},
		{ID: "journal/record/order", Says: "positions are in one order for all users, and that of each user's changes", Run: journalOrder},
		{ID: "journal/record/standing", Says: "what the journal has told once it tells always", Run: journalStanding},
		{ID: "journal/one/found", Says: "GET /journal/{id} answers the event that the list has", Run: journalOne},
		{ID: "journal/one/missing", Says: "an id of no event answers 404 event-not-found", Run: journalNone},
		{ID: "journal/one/head", Says: "HEAD of an event answers the headers of GET without the body", Run: journalOneHead},
	}
}

func journalNothing(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.add(ctx); err != nil {
		return err
	}
	key := random(32)
	again := post(draft(d.user.Name, d.user.Phone))
	for _, step := range []struct {
		req    request
		status int
	}{
		{again, http.StatusConflict},
		{patch(d.user.Name, change(d.user.Phone)), http.StatusOK},
		{patch(d.user.Name, change(1)), http.StatusBadRequest},
		{patch(d.user.Name, change(d.user.Phone+1)).with("If-Match", `"1-1"`), http.StatusPreconditionFailed},
		{remove(d.user.Name).with("If-Match", `"1-1"`), http.StatusPreconditionFailed},
		{again.with("Idempotency-Key", key), http.StatusConflict},
		{get(d.user.Name), http.StatusOK},
	} {
		if _, err := c.send(ctx, step.req, isStatus(step.status)); err != nil {
			return err
		}
	}
	if err := d.change(ctx); err != nil { // behind which all of that would be
		return err
	}
	_, err := d.read(ctx)
	return err
}

const (
	writers      = 5
	changesOfOne = 20
)

// writeAtOnce has several users changed at the same time.
func writeAtOnce(ctx context.Context, c *Client) ([]*diary, error) {
	diaries, errs := make([]*diary, writers), make([]error, writers)
	var wg sync.WaitGroup
	for i := range diaries {
		diaries[i] = c.newDiary()
		wg.Go(func() { errs[i] = diaries[i].changes(ctx, changesOfOne) })
	}
	wg.Wait()
	return diaries, errors.Join(errs...)
}

func journalMany(ctx context.Context, c *Client) error {
	diaries, err := writeAtOnce(ctx, c)
	if err != nil {
		return err
	}
	for _, d := range diaries {
		if _, err := d.read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// journalOrder reads the journal from the first of some users' events on, without a filter: each user's must be there once
// and in order, and the positions all different.
func journalOrder(ctx context.Context, c *Client) error {
	diaries, err := writeAtOnce(ctx, c)
	if err != nil {
		return err
	}
	var own []event
	for _, d := range diaries {
		events, err := d.read(ctx)
		if err != nil {
			return err
		}
		own = append(own, events...)
	}
	first := slices.MinFunc(own, func(a, b event) int { return compareMoments(a.RecordedTime, b.RecordedTime) })
	all, err := c.walkJournal(ctx, 100, "from", first.RecordedTime)
	if err != nil {
		return err
	}
	for i := 1; i < len(all); i++ {
		if all[i-1].position() >= all[i].position() {
			return &failure{
				sent: "GET /journal?from=" + first.RecordedTime + ", page after page",
				got:  all[i-1].Position + " before " + all[i].Position, want: []string{"positions in order, each once"},
			}
		}
	}
	for _, d := range diaries {
		of := slices.DeleteFunc(slices.Clone(all), func(e event) bool { return e.Subject != d.user.Name || !e.isChange() })
		if w := agree(of, d.told); w != "" {
			return &failure{sent: "GET /journal?from=" + first.RecordedTime + ", page after page", got: "a list with other events of " + d.user.Name, want: []string{w}}
		}
	}
	return nil
}

func journalStanding(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.write(ctx); err != nil {
		return err
	}
	before, err := d.read(ctx)
	if err != nil {
		return err
	}
	told := len(d.told)
	if err := d.change(ctx); err != nil {
		return err
	}
	after, err := d.read(ctx)
	if err != nil {
		return err
	}
	if !slices.Equal(before, after[:told]) {
		return &failure{sent: journal("user", d.user.Name).String() + " twice", got: "other events the second time", want: []string{"the same ones, to which others were added"}}
	}
	return nil
}

// someEvents returns the events of a user.
func (c *Client) someEvents(ctx context.Context) ([]event, error) {
	d := c.newDiary()
	if err := d.write(ctx); err != nil {
		return nil, err
	}
	return d.read(ctx)
}

func journalOne(ctx context.Context, c *Client) error {
	events, err := c.someEvents(ctx)
	if err != nil {
		return err
	}
	for _, e := range events {
		if _, err := c.send(ctx, journalEvent(e.ID), isStatus(http.StatusOK), hasMedia(mediaJSON), isEvent(e)); err != nil {
			return err
		}
	}
	return nil
}

// isEvent wants one event.
func isEvent(want event) expectation {
	return func(r *response) string {
		got, complaint := parseEvent(r.body)
		if complaint == "" && got != want {
			complaint = "the event that the list has"
		}
		return complaint
	}
}

func journalNone(ctx context.Context, c *Client) error {
	for _, id := range []string{"01890a5d-ac96-774b-bcce-" + "0" + hexDigits(11), random(12), "0", "a/b", "%", strings.Repeat("a", 2000)} {
		if _, err := c.send(ctx, journalEvent(id), isProblem(eventNotFound)); err != nil {
			return err
		}
	}
	return nil
}

func journalOneHead(ctx context.Context, c *Client) error {
	events, err := c.someEvents(ctx)
	if err != nil {
		return err
	}
	got, err := c.send(ctx, journalEvent(events[0].ID), isStatus(http.StatusOK))
	if err != nil {
		return err
	}
	_, err = c.send(ctx, journalEvent(events[0].ID).asHead().onWire(), isStatus(http.StatusOK), hasMedia(mediaJSON),
		hasLength(len(got.body)), hasNoBody)
	return err
}
