package contract

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// journalStream asks for what is new in the journal from now on, or from behind an event.
func journalStream(lastID string, parameters ...string) request {
	path := "/journal/stream"
	if len(parameters) > 0 {
		path += "?" + query(parameters...)
	}
	req := request{side: Journal, method: http.MethodGet, path: path}.with("Accept", "text/event-stream")
	if lastID != "" {
		req = req.with("Last-Event-ID", lastID)
	}
	return req
}

// stream is an open stream of server-sent events (HTML Standard, section 9.2).
type stream struct {
	request request
	frames  chan frame    // closed at the end of the stream
	failed  error         // why it ended; to be read after that
	close   func()        // ends it
	patient time.Duration // how long an event is waited for
}

// frame is one event of a stream, whatever its data.
type frame struct{ id, kind, data string }

// openStream opens a stream. Once it returns, nothing that happens is missed.
func (c *Client) openStream(ctx context.Context, req request) (*stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	base := c.base(req.side)
	out := &http.Request{
		Method: req.method, Host: base.Host, Header: req.header.Clone(),
		URL: &url.URL{Scheme: base.Scheme, Host: base.Host, Opaque: target(base, req.path)},
	}
	out.Header.Set("User-Agent", userAgent)
	in, err := c.http.Do(out.WithContext(ctx)) //nolint:bodyclose // the stream's own end closes it
	if err != nil {
		cancel()
		c.trace(fmt.Sprintf("%s → %v", req, err))
		return nil, fmt.Errorf("sent %s to %s; no answer came back: %w", req, base, err)
	}
	res := &response{request: req, base: base, status: in.StatusCode, header: in.Header}
	c.trace(fmt.Sprintf("%s → %s and so on", req, res))
	if err := res.check(isStatus(http.StatusOK), isEventStream); err != nil {
		cancel()
		_ = in.Body.Close()
		return nil, err
	}
	s := &stream{request: req, frames: make(chan frame), close: cancel, patient: patience * c.settle}
	go func() {
		defer close(s.frames)
		defer func() { _ = in.Body.Close() }()
		s.failed = s.read(ctx, in.Body)
	}()
	return s, nil
}

// patience is how many times the second, within which the journal has an event, a stream may take.
const patience = 3

func isEventStream(r *response) string {
	if got, _, err := mime.ParseMediaType(r.header.Get("Content-Type")); err == nil && got == "text/event-stream" {
		return ""
	}
	return "the header Content-Type: text/event-stream"
}

// read reads lines into frames. Comments, and fields that it does not know, are passed over.
func (s *stream) read(ctx context.Context, body io.Reader) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxAnswer)
	var (
		f    frame
		data []string
	)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "" && data != nil:
			f.data = strings.Join(data, "\n")
			select {
			case s.frames <- f:
			case <-ctx.Done():
				return ctx.Err()
			}
			f, data = frame{id: f.id}, nil
		case field == "id":
			f.id = value
		case field == "event":
			f.kind = value
		case field == "data":
			data = append(data, value)
		}
	}
	return lines.Err()
}

// next returns the next event of the stream, whose id must be its position and whose kind its type.
func (s *stream) next(ctx context.Context) (event, error) {
	timer := time.NewTimer(s.patient)
	defer timer.Stop()
	fail := func(got string, want ...string) error {
		return &failure{sent: s.request.String(), got: got, want: want}
	}
	select {
	case <-ctx.Done():
		return event{}, ctx.Err()
	case <-timer.C:
		return event{}, fail(fmt.Sprintf("nothing more for %s", s.patient), "every event within a second")
	case f, open := <-s.frames:
		if !open {
			return event{}, fail(fmt.Sprintf("the end of the stream (%v)", s.failed), "a stream that does not end")
		}
		e, complaint := parseEvent([]byte(f.data))
		switch {
		case complaint != "":
			return e, fail("the data "+quote(f.data), complaint)
		case f.id != e.Position:
			return e, fail("the id "+quote(f.id), "the event's position "+e.Position+" as its id")
		case f.kind != e.Type:
			return e, fail("the event "+quote(f.kind), "the event's type "+e.Type)
		}
		return e, nil
	}
}

// collect returns the next n events of the stream that are about one of some users. The others are those of somebody else,
// and passed over unless the stream should not have them.
func (s *stream) collect(ctx context.Context, n int, allOfThem bool, users ...string) ([]event, error) {
	var events []event
	for len(events) < n {
		e, err := s.next(ctx)
		if err != nil {
			return events, errors.Join(err, fmt.Errorf("that was after %d of %d events", len(events), n))
		}
		switch {
		case slices.Contains(users, e.Subject):
			events = append(events, e)
		case allOfThem:
			return events, &failure{
				sent: s.request.String(), got: "an event of " + quote(e.Subject), want: []string{"only those of " + strings.Join(users, ", ")},
			}
		}
	}
	return events, nil
}
