package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Types of the events that tell of changes.
const (
	typeAdded   = "com.glarimy.ums.user.added"
	typeChanged = "com.glarimy.ums.user.changed"
	typeRemoved = "com.glarimy.ums.user.removed"
)

// journal asks for a page of the journal. The parameters are pairs of name and value.
func journal(parameters ...string) request { return journalRaw(query(parameters...)) }

// journalRaw asks for a page of the journal with a raw query.
func journalRaw(raw string) request {
	return request{side: Journal, method: http.MethodGet, path: "/journal?" + raw}
}

// journalEvent asks for one event.
func journalEvent(id string) request {
	return request{side: Journal, method: http.MethodGet, path: "/journal/" + encode(id, upperHex, isUnreserved)}
}

// event is an entry of the journal: a CloudEvent in JSON, and its place among all.
type event struct {
	SpecVersion  string `json:"specversion"`
	ID           string `json:"id"`
	Source       string `json:"source"`
	Type         string `json:"type"`
	Subject      string `json:"subject"`
	Time         string `json:"time"`
	Sequence     string `json:"sequence"`
	RequestID    string `json:"requestid"`
	RecordedTime string `json:"recordedtime"`
	Position     string `json:"position"`
	Data         struct {
		record
		Version int `json:"version"`
	} `json:"data"`
}

var (
	sequenceForm = regexp.MustCompile(`^[0-9]{20}$`)
	positionForm = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
	momentForm   = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$`)
)

// parseEvent reads one event. The complaint says what the contract wants instead. Only of changes is more known than the
// envelope.
func parseEvent(raw []byte) (e event, complaint string) {
	members, err := membersOf(raw)
	if err != nil {
		return e, "an event as a JSON object (" + err.Error() + ")"
	}
	for _, name := range []string{"specversion", "id", "source", "type", "time", "recordedtime", "position", "data"} {
		if members[name] != 1 {
			return e, fmt.Sprintf("the member %q of an event exactly once", name)
		}
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return e, "the attributes of an event as strings, and in its data phone and version as integers"
	}
	switch {
	case e.SpecVersion != "1.0":
		return e, "`specversion` as 1.0"
	case e.ID == "" || e.Source == "" || e.Type == "":
		return e, "`id`, `source` and `type` of every event"
	case !positionForm.MatchString(e.Position):
		return e, "`position` as a positive integer in a string"
	case !momentForm.MatchString(e.Time) || !momentForm.MatchString(e.RecordedTime):
		return e, "`time` and `recordedtime` as RFC 3339 in UTC"
	case !e.isChange():
		return e, ""
	case !sequenceForm.MatchString(e.Sequence):
		return e, "`sequence` of a change as 20 digits"
	case e.Data.Name != e.Subject:
		return e, "the user's name as `subject` and in the data"
	}
	if _, err := e.Data.sinceMicros(); err != nil {
		return e, "in the data the user's record, `since` as records have it"
	}
	return e, ""
}

func (e event) isChange() bool {
	return slices.Contains([]string{typeAdded, typeChanged, typeRemoved}, e.Type)
}

func (e event) position() uint64 {
	n, _ := strconv.ParseUint(e.Position, 10, 64) // parseEvent has seen to it
	return n
}

// chapter is one page of the journal.
type chapter struct {
	events []event
	next   string
}

func parseChapter(body []byte) (p chapter, complaint string) {
	members, err := membersOf(body)
	if err != nil {
		return p, "a page as a JSON object (" + err.Error() + ")"
	}
	if members["events"] != 1 || members["next"] != 1 || len(members) != 2 {
		return p, "the members events and next once each, and no others"
	}
	var raw struct {
		Events []json.RawMessage `json:"events"`
		Next   *string           `json:"next"`
	}
	if err := json.Unmarshal(body, &raw); err != nil || raw.Events == nil || raw.Next != nil && *raw.Next == "" {
		return p, "`events` as an array, also where it is empty, and `next` as a string, or null on the last page"
	}
	for i, each := range raw.Events {
		e, complaint := parseEvent(bytes.TrimSpace(each))
		if complaint != "" {
			return p, fmt.Sprintf("%s (at /events/%d)", complaint, i)
		}
		p.events = append(p.events, e)
	}
	if raw.Next != nil {
		p.next = *raw.Next
	}
	return p, ""
}

// isChapter wants a page of the journal, in order, and a Link to the next one exactly where there is one.
func isChapter(r *response) string {
	if w := isStatus(http.StatusOK)(r); w != "" {
		return w
	}
	if w := hasMedia(mediaJSON)(r); w != "" {
		return w
	}
	p, complaint := parseChapter(r.body)
	if complaint != "" {
		return complaint
	}
	for i := 1; i < len(p.events); i++ {
		if p.events[i-1].position() >= p.events[i].position() {
			return "events in the order of their positions, each once"
		}
	}
	return linksTo(p.next)(r)
}

// happening is a change as a clause has made it.
type happening struct {
	kind      string
	user      record
	version   int
	requestID string
}

func (h happening) String() string {
	return fmt.Sprintf("%s %s %d since %s, version %d", h.kind[strings.LastIndexByte(h.kind, '.')+1:], h.user.Name, h.user.Phone, h.user.Since, h.version)
}

// tells wants a page of exactly these changes, in this order.
func tells(want ...happening) expectation {
	return func(r *response) string {
		p, complaint := parseChapter(r.body)
		if complaint != "" {
			return complaint
		}
		return agree(p.events, want)
	}
}

// agree says what is wrong with events that should be these changes of one user.
func agree(events []event, want []happening) string {
	if len(events) != len(want) {
		return fmt.Sprintf("%d events, %v (there are %d)", len(want), want, len(events))
	}
	ids := map[string]bool{}
	for i, e := range events {
		got := happening{kind: e.Type, user: e.Data.record, version: e.Data.Version, requestID: e.RequestID}
		if got != want[i] {
			return fmt.Sprintf("as event %d: %v, by request %s (it is: %v, by request %s)", i+1, want[i], want[i].requestID, got, got.requestID)
		}
		if ids[e.ID] {
			return "ids that differ"
		}
		if ids[e.ID] = true; i > 0 && events[i-1].Sequence >= e.Sequence {
			return fmt.Sprintf("a `sequence` above %s (it is %s)", events[i-1].Sequence, e.Sequence)
		}
	}
	return ""
}

// readJournal asks for what has to show, within a second, what the last acknowledged changes have come to.
func (c *Client) readJournal(ctx context.Context, req request, want ...expectation) (p chapter, err error) {
	err = within(ctx, c.settle, func() error {
		res, err := c.send(ctx, req, append([]expectation{isChapter}, want...)...)
		if err == nil {
			p, _ = parseChapter(res.body) // isChapter has seen to it
		}
		return err
	})
	return p, err
}

// walkJournal goes through all pages that the journal has of something, by their cursors.
func (c *Client) walkJournal(ctx context.Context, limit int, parameters ...string) ([]event, error) {
	var all []event
	parameters = append(slices.Clip(parameters), "limit", strconv.Itoa(limit))
	req := journal(parameters...)
	for range mostPages {
		res, err := c.send(ctx, req, isChapter)
		if err != nil {
			return all, err
		}
		p, _ := parseChapter(res.body) // isChapter has seen to it
		if all = append(all, p.events...); p.next == "" {
			return all, nil
		}
		if len(p.events) == 0 || len(p.events) > limit {
			return all, res.check(func(*response) string { return fmt.Sprintf("1 to %d events, as there are more", limit) })
		}
		req = journal(append(slices.Clip(parameters), "cursor", p.next)...)
	}
	return all, fmt.Errorf("sent %s; after %d pages there is still another", req, mostPages)
}
