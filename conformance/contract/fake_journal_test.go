package contract_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fakeEvent is an entry of the fake's journal.
type fakeEvent struct {
	position int
	id       string
	kind     string
	user     fakeUser
	request  string
	sequence int
	at       time.Time
}

const fakeTypes = "com.glarimy.ums.user."

// tell notes a change. f.mu is held.
func (f *fake) tell(kind string, u fakeUser, request string) {
	f.told++
	e := fakeEvent{kind: fakeTypes + kind, user: u, request: request, sequence: f.told, at: time.Now().UTC().Truncate(time.Microsecond)}
	e.id = fmt.Sprintf("01890a5d-ac96-774b-bcce-%012x", f.told)
	switch {
	case f.has("journal-loses-removals") && kind == "removed", f.has("journal-loses-some") && f.told%7 == 3:
		return
	case f.has("journal-tells-nothing-of-users"):
		e.user.phone = 9_000_000_000
	case f.has("journal-counts-removals") && kind == "removed":
		e.user.version++
	case f.has("journal-forgets-requests"):
		e.request = ""
	}
	f.events = append(f.events, e)
	if f.has("journal-swaps") {
		f.swap(e.user.name)
	}
	if f.has("journal-doubles") {
		f.events = append(f.events, e)
	}
	for i := range f.events {
		f.events[i].position = i + 1
	}
	if f.news != nil {
		close(f.news)
	}
	f.news = make(chan struct{})
}

// swap changes places of a user's last two events, each time that there is an even number of them.
func (f *fake) swap(name string) {
	var of []int
	for i, e := range f.events {
		if e.user.name == name {
			of = append(of, i)
		}
	}
	if n := len(of); n%2 == 0 {
		f.events[of[n-2]], f.events[of[n-1]] = f.events[of[n-1]], f.events[of[n-2]]
	}
}

// entries returns the journal as it stands, and what is closed when there is more.
func (f *fake) entries() ([]fakeEvent, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.news == nil {
		f.news = make(chan struct{})
	}
	if n := len(f.events); f.has("journal-forgets") && n > 4 {
		return slices.Clone(f.events[n-4:]), f.news
	}
	return slices.Clone(f.events), f.news
}

func (f *fake) text(e fakeEvent) string {
	text := fmt.Sprintf(`{"specversion":"1.0","id":"%s","source":"/ums/add","type":"%s","subject":%s,"time":"%s","sequence":"%020d",`+
		`"requestid":"%s","recordedtime":"%[4]s","position":"%[7]d","data":%[8]s}`,
		e.id, e.kind, strings.TrimSpace(jsonText(e.user.name)), e.at.Format("2006-01-02T15:04:05.000000Z"), e.sequence, e.request, e.position,
		strings.TrimSuffix(string(e.user.record()), "}")+fmt.Sprintf(`,"version":%d}`, e.user.version))
	if f.has("journal-has-no-envelope") {
		text = strings.Replace(text, `"specversion":"1.0",`, "", 1)
	}
	return text
}

// fakeJournal is what a request for the journal asks for.
type fakeJournal struct {
	fakeQuery
	selectsEvent func(fakeEvent) bool
}

func (f *fake) journalList(r *http.Request) answer {
	_, raw, _ := strings.Cut(r.RequestURI, "?")
	q, refusal := f.readJournal(raw, "user", "type", "from", "to", "limit", "cursor")
	if refusal != nil {
		return *refusal
	}
	events, _ := f.entries()
	end := len(events)
	if q.has("cursor") {
		from := f.open(q.fakeQuery, q.values["cursor"][0])
		if from == nil {
			return problem("invalid-cursor", 400)
		}
		after := from.Offset
		if f.has("journal-repeats") {
			after--
		}
		if f.has("journal-stands-still") {
			end = from.Limit
		}
		events = slices.DeleteFunc(events, func(e fakeEvent) bool { return e.position <= after || e.position > end })
	}
	events = slices.DeleteFunc(events, func(e fakeEvent) bool { return !q.selectsEvent(e) })
	next := ""
	if len(events) > q.limit || f.has("next-when-full") && len(events) == q.limit {
		events = events[:q.limit]
		next = f.seal(q.fakeQuery, fakePlace{Offset: events[q.limit-1].position, Limit: end})
	}
	if f.has("journal-newest-first") {
		slices.Reverse(events)
	}
	return f.journalPage(q, events, next)
}

func (f *fake) journalPage(q fakeJournal, events []fakeEvent, next string) answer {
	texts := make([]json.RawMessage, 0, len(events))
	for _, e := range events {
		texts = append(texts, json.RawMessage(f.text(e)))
	}
	body := map[string]any{"events": texts, "next": nil}
	a := answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}}
	if next != "" {
		body["next"] = next
		values := url.Values{}
		for name, each := range q.values {
			if name != "cursor" && (!f.has("link-forgets") || name != "user") {
				values[name] = each
			}
		}
		values.Set("cursor", next)
		a.header.Set("Link", "<?"+values.Encode()+`>; rel="next"`)
	}
	a.body, _ = json.Marshal(body)
	return a
}

func (f *fake) journalOne(segment string) answer {
	id, err := url.PathUnescape(segment)
	events, _ := f.entries()
	i := slices.IndexFunc(events, func(e fakeEvent) bool { return e.id == id })
	switch {
	case err != nil || i < 0 && !f.has("journal-has-everything"):
		return problem("event-not-found", 404)
	case i < 0:
		return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: []byte("{}")}
	}
	e := events[i]
	if f.has("journal-one-off") {
		e = events[(i+1)%len(events)]
	}
	return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: []byte(f.text(e))}
}

func (f *fake) journalStream(r *http.Request) answer {
	_, raw, _ := strings.Cut(r.RequestURI, "?")
	q, refusal := f.readJournal(raw, "user", "type")
	if refusal != nil {
		return *refusal
	}
	events, _ := f.entries()
	after := len(events)
	if f.has("stream-from-the-first") {
		after = 0
	}
	if last := r.Header.Get("Last-Event-ID"); last != "" && !f.has("stream-knows-no-last-id") {
		n, err := strconv.Atoi(last)
		if (err != nil || n < 0 || n > len(events) || strconv.Itoa(n) != last) && !f.has("stream-takes-any-id") {
			return problem("invalid-last-event-id", 400)
		}
		after = n
		switch {
		case f.has("stream-repeats"):
			after--
		case f.has("stream-skips"):
			after++
		}
	}
	return answer{
		status: http.StatusOK, header: http.Header{"Content-Type": {"text/event-stream"}},
		stream: func(out io.Writer, gone <-chan struct{}) { f.stream(out, gone, q, after) },
	}
}

// stream writes events until the client is gone.
func (f *fake) stream(out io.Writer, gone <-chan struct{}, q fakeJournal, after int) {
	if _, err := io.WriteString(out, "retry: 2000\n\n: welcome\n\n"); err != nil {
		return
	}
	for {
		events, news := f.entries()
		for _, e := range events {
			if e.position <= after {
				continue
			}
			if after = e.position; !q.selectsEvent(e) {
				continue
			}
			if _, err := io.WriteString(out, f.frame(e)); err != nil || f.has("stream-ends") {
				return
			}
		}
		select {
		case <-gone:
			return
		case <-news:
		}
	}
}

func (f *fake) frame(e fakeEvent) string {
	id, kind, text := strconv.Itoa(e.position), e.kind, f.text(e)
	switch {
	case f.has("stream-has-ids-of-events"):
		id = e.id
	case f.has("stream-has-messages"):
		kind = "message"
	case f.has("stream-has-other-data"):
		text = strings.Replace(text, `"source":"/ums/add"`, `"source":"/ums/journal"`, 1)
	}
	return "id: " + id + "\nevent: " + kind + "\ndata: " + text + "\n\n"
}

// readJournal reads a query of the journal strictly. The answer is not nil if there is something wrong.
func (f *fake) readJournal(raw string, known ...string) (fakeJournal, *answer) {
	q := fakeJournal{fakeQuery: fakeQuery{values: map[string][]string{}, limit: 50}, selectsEvent: func(fakeEvent) bool { return true }}
	var faults []fakeFault
	fault := func(parameter, code string) {
		faults = append(faults, fakeFault{Pointer: f.pointer(parameter), Code: code})
	}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		key, value, code := f.readPair(pair)
		switch {
		case code == "" && !slices.Contains(known, key):
			code = "unknown-parameter"
		case code == "" && q.has(key):
			code = "duplicate-parameter"
		}
		if code != "" {
			if !f.has("ignores-" + code) {
				fault(key, code)
			}
			continue
		}
		q.values[key] = []string{value}
		f.readJournalValue(&q, key, value, fault)
	}
	if from, to := q.values["from"], q.values["to"]; from != nil && to != nil && len(faults) == 0 && to[0] < from[0] {
		fault("to", "too-early")
	}
	if len(faults) > 0 && !f.has("lists-anyway") {
		a := problem("invalid-parameter", 400, faults...)
		return q, &a
	}
	q.limit = max(q.limit, 1)
	return q, nil
}

func (f *fake) readJournalValue(q *fakeJournal, key, value string, fault func(parameter, code string)) {
	narrow := func(selects func(fakeEvent) bool) {
		if before := q.selectsEvent; !f.has("journal-ignores-" + key) {
			q.selectsEvent = func(e fakeEvent) bool { return before(e) && selects(e) }
		}
		q.filter += "\x00" + key + "\x00" + value
	}
	switch key {
	case "limit":
		n, code := f.integer(value, 1, 500)
		if q.limit = int(n); code != "" {
			fault(key, code)
		}
	case "user":
		name, code := f.name(value)
		if code != "" {
			fault(key, code)
		}
		if f.has("names-as-sent") {
			name = value
		}
		narrow(func(e fakeEvent) bool { return e.user.name == name })
	case "type":
		if value == "" || strings.ContainsAny(value, " \n") {
			fault(key, "format")
		}
		narrow(func(e fakeEvent) bool { return e.kind == value })
	case "from", "to":
		at, err := time.Parse(time.RFC3339, value)
		if err != nil {
			fault(key, "format")
		}
		narrow(func(e fakeEvent) bool {
			if e.at.Equal(at) && f.has("journal-bounds") {
				return key == "to"
			}
			return (key == "from") == !e.at.Before(at)
		})
	}
}
