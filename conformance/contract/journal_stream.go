package contract

import (
	"context"
	"net/http"
	"slices"
)

func journalStreamClauses() []Clause {
	return []Clause{
		{
			ID: "journal/stream/live", Says: "GET /journal/stream sends every event as it happens, with its position as id and its type as event",
			Run: journalStreamLive,
		},
		{ID: "journal/stream/same", Says: "the data of a streamed event is the event that the journal has", Run: journalStreamSame},
		{ID: "journal/stream/user", Says: "a stream with user has the events of this user alone", Run: journalStreamUser},
		{ID: "journal/stream/type", Says: "a stream with type has the events of this type alone", Run: journalStreamType},
		{ID: "journal/stream/resume", Says: "with Last-Event-ID a stream goes on right behind that event, without a gap or a double", Run: journalResume},
		{ID: "journal/stream/resume-while-writing", Says: "so it does while changes are made", Run: journalResumeWriting},
		{ID: "journal/stream/from-now", Says: "without Last-Event-ID a stream has nothing that happened before", Run: journalFromNow},
		{ID: "journal/stream/bad-id", Says: "a Last-Event-ID that no event has answers 400 invalid-last-event-id", Run: journalBadID},
		{ID: "journal/stream/refused", Says: "a stream with a parameter that it does not have answers 400 invalid-parameter", Run: journalStreamRefused},
		{
			ID: "journal/stream/head", Says: "HEAD of a stream answers its headers and ends",
			Run: func(ctx context.Context, c *Client) error {
				_, err := c.send(ctx, journalStream("").asHead().onWire(), isStatus(http.StatusOK), isEventStream, hasNoBody)
				return err
			},
		},
	}
}

// streamed opens a stream, makes changes, and checks that it has them.
func streamed(ctx context.Context, c *Client, allOfThem bool, d *diary, parameters ...string) ([]event, error) {
	s, err := c.openStream(ctx, journalStream("", parameters...))
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := d.write(ctx); err != nil {
		return nil, err
	}
	events, err := s.collect(ctx, len(d.told), allOfThem, d.user.Name)
	if err != nil {
		return nil, err
	}
	return events, s.agrees(events, d.told)
}

// agrees checks that the stream's events are these changes.
func (s *stream) agrees(events []event, want []happening) error {
	if w := agree(events, want); w != "" {
		return &failure{sent: s.request.String(), got: "other events", want: []string{w}}
	}
	return nil
}

func journalStreamLive(ctx context.Context, c *Client) error {
	_, err := streamed(ctx, c, false, c.newDiary())
	return err
}

func journalStreamSame(ctx context.Context, c *Client) error {
	d := c.newDiary()
	sent, err := streamed(ctx, c, true, d, "user", d.user.Name)
	if err != nil {
		return err
	}
	listed, err := d.read(ctx)
	if err != nil {
		return err
	}
	if !slices.Equal(sent, listed) {
		return &failure{sent: journal("user", d.user.Name).String(), got: "other events than those streamed", want: []string{"the same ones"}}
	}
	return nil
}

func journalStreamUser(ctx context.Context, c *Client) error {
	d, other := c.newDiary(), c.newDiary()
	s, err := c.openStream(ctx, journalStream("", "user", d.user.Name))
	if err != nil {
		return err
	}
	defer s.close()
	for _, step := range []func(context.Context) error{other.add, d.add, other.change, d.change, other.remove, d.remove} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	events, err := s.collect(ctx, len(d.told), true, d.user.Name)
	if err != nil {
		return err
	}
	return s.agrees(events, d.told)
}

func journalStreamType(ctx context.Context, c *Client) error {
	d := c.newDiary()
	s, err := c.openStream(ctx, journalStream("", "user", d.user.Name, "type", typeChanged))
	if err != nil {
		return err
	}
	defer s.close()
	if err := d.write(ctx); err != nil {
		return err
	}
	want := slices.DeleteFunc(slices.Clone(d.told), func(h happening) bool { return h.kind != typeChanged })
	events, err := s.collect(ctx, len(want), true, d.user.Name)
	if err != nil {
		return err
	}
	return s.agrees(events, want)
}

func journalResume(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.write(ctx); err != nil {
		return err
	}
	events, err := d.read(ctx)
	if err != nil {
		return err
	}
	for i, e := range events[:len(events)-1] {
		for _, parameters := range [][]string{{"user", d.user.Name}, nil} {
			if err := c.resumes(ctx, e.Position, d, d.told[i+1:], parameters...); err != nil {
				return err
			}
		}
	}
	return nil
}

// resumes checks what a stream has behind an event.
func (c *Client) resumes(ctx context.Context, lastID string, d *diary, want []happening, parameters ...string) error {
	s, err := c.openStream(ctx, journalStream(lastID, parameters...))
	if err != nil {
		return err
	}
	defer s.close()
	events, err := s.collect(ctx, len(want), len(parameters) > 0, d.user.Name)
	if err != nil {
		return err
	}
	return s.agrees(events, want)
}

const (
	resumedChanges = 30
	resumedEvery   = 4 // events after which the stream is left and opened again
)

func journalResumeWriting(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.add(ctx); err != nil {
		return err
	}
	first, err := d.read(ctx)
	if err != nil {
		return err
	}
	name := d.user.Name // the rest of the user is the writer's from here on
	written := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < resumedChanges && err == nil; i++ {
			err = d.change(ctx)
		}
		written <- err
	}()
	events, readErr := c.pieces(ctx, first[0], name)
	if err := <-written; err != nil {
		return err
	}
	if readErr != nil {
		return readErr
	}
	s := &stream{request: journalStream(first[0].Position, "user", d.user.Name)}
	return s.agrees(events, d.told)
}

// pieces reads a user's events in one stream after the other, each of which goes on where the last one was left.
func (c *Client) pieces(ctx context.Context, from event, name string) ([]event, error) {
	events := []event{from}
	for len(events) <= resumedChanges {
		s, err := c.openStream(ctx, journalStream(events[len(events)-1].Position, "user", name))
		if err != nil {
			return events, err
		}
		more, err := s.collect(ctx, min(resumedEvery, resumedChanges+1-len(events)), true, name)
		s.close()
		if err != nil {
			return events, err
		}
		events = append(events, more...)
	}
	return events, nil
}

func journalFromNow(ctx context.Context, c *Client) error {
	d := c.newDiary()
	if err := d.changes(ctx, 1); err != nil {
		return err
	}
	if _, err := d.read(ctx); err != nil {
		return err
	}
	before := len(d.told)
	s, err := c.openStream(ctx, journalStream("", "user", d.user.Name))
	if err != nil {
		return err
	}
	defer s.close()
	if err := d.change(ctx); err != nil {
		return err
	}
	events, err := s.collect(ctx, 1, true, d.user.Name)
	if err != nil {
		return err
	}
	return s.agrees(events, d.told[before:])
}

func journalBadID(ctx context.Context, c *Client) error {
	for _, id := range []string{"x", "-1", "1.5", "0x10", "999999999999999999", "99999999999999999999"} {
		if _, err := c.send(ctx, journalStream(id), isProblem(invalidLastEventID)); err != nil {
			return err
		}
	}
	return nil
}

func journalStreamRefused(ctx context.Context, c *Client) error {
	for parameter, code := range map[string]string{"limit": codeUnknownParameter, "cursor": codeUnknownParameter, "from": codeUnknownParameter, "user": codeTooShort} {
		if _, err := c.send(ctx, journalStream("", parameter, "5"), isProblem(invalidParameter, fault{Pointer: "#/" + parameter, Code: code})); err != nil {
			return err
		}
	}
	return nil
}
