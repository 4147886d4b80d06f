package event_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/shared/event"
)

// whole is an event with everything that one can have.
func whole() event.Event {
	return event.Event{
		ID:          "01939d8e-7c1a-7c3e-9f52-8f1f2f7f0a01",
		Source:      event.SourceAdd,
		Type:        event.TypeAdded,
		User:        "KrishnaMohan ✓",
		Time:        time.Date(2022, 9, 12, 10, 0, 0, 123456000, time.UTC),
		Sequence:    event.Sequence(42),
		Actor:       "someone",
		RequestID:   "r-1",
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Data:        []byte("{ \"name\": \"KrishnaMohan\",\n\t\"phone\":9731423166}"),
	}
}

// attributes is a transport that keeps attributes in a map.
type attributes map[string]string

func send(e event.Event) attributes {
	sent := attributes{}
	for _, a := range e.Attributes() {
		sent[a.Name] = a.Value
	}
	return sent
}

func (a attributes) get(name string) (string, bool) {
	value, ok := a[name]
	return value, ok
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	want := []event.Attribute{
		{Name: "ce_specversion", Value: "1.0"},
		{Name: "ce_id", Value: "01939d8e-7c1a-7c3e-9f52-8f1f2f7f0a01"},
		{Name: "ce_source", Value: "/ums/add"},
		{Name: "ce_type", Value: "com.glarimy.ums.user.added"},
		{Name: "ce_subject", Value: "KrishnaMohan ✓"},
		{Name: "ce_time", Value: "2022-09-12T10:00:00.123456Z"},
		{Name: "ce_sequence", Value: "00000000000000000042"},
		{Name: "ce_actor", Value: "someone"},
		{Name: "ce_requestid", Value: "r-1"},
		{Name: "ce_traceparent", Value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
	}
	if diff := cmp.Diff(want, whole().Attributes()); diff != "" {
		t.Errorf("the attributes differ (-want +got):\n%s", diff)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	search := event.Event{ // with as little as an event can have
		ID: whole().ID, Source: event.SourceSearch, Type: event.TypeSearched, Time: whole().Time, Data: []byte("null"),
	}
	for name, want := range map[string]event.Event{"whole": whole(), "search": search} {
		got, err := event.FromAttributes(send(want).get, want.Data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s came back as another (-want +got):\n%s", name, diff)
		}
	}
}

// TestOthersEvents reads what another language's program may write.
func TestOthersEvents(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		attribute, value string
		want             func(*event.Event)
	}{
		"an offset":          {"ce_time", "2022-09-12T15:30:00.123456+05:30", func(*event.Event) {}},
		"nanoseconds":        {"ce_time", "2022-09-12T10:00:00.123456789Z", func(*event.Event) {}},
		"whole seconds":      {"ce_time", "2022-09-12T10:00:00Z", func(e *event.Event) { e.Time = e.Time.Truncate(time.Second) }},
		"capitals in a UUID": {"ce_id", strings.ToUpper(whole().ID), func(e *event.Event) { e.ID = strings.ToUpper(e.ID) }},
		"an extension":       {"ce_colour", "blue", func(*event.Event) {}},
		"a later type":       {"ce_type", "com.glarimy.ums.user.blessed", func(e *event.Event) { e.Type = "com.glarimy.ums.user.blessed" }},
		"an empty attribute": {"ce_actor", "", func(e *event.Event) { e.Actor = "" }},
	} {
		sent, want := send(whole()), whole()
		sent[tc.attribute] = tc.value
		tc.want(&want)
		got, err := event.FromAttributes(sent.get, want.Data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	const absent = "\x00absent"
	for name, tc := range map[string]struct{ attribute, value string }{
		"no version":             {"ce_specversion", absent},
		"another version":        {"ce_specversion", "0.3"},
		"no id":                  {"ce_id", absent},
		"no UUID":                {"ce_id", "42"},
		"a UUID in braces":       {"ce_id", "{01939d8e-7c1a-7c3e-9f52-8f1f2f7f0a01}"},
		"a UUID without dashes":  {"ce_id", "01939d8e7c1a7c3e9f528f1f2f7f0a01"},
		"no source":              {"ce_source", absent},
		"no URI":                 {"ce_source", "%zz"},
		"a space in the source":  {"ce_source", "/ums /add"},
		"no type":                {"ce_type", absent},
		"a long type":            {"ce_type", strings.Repeat("x", 256)},
		"letters beyond ASCII":   {"ce_type", "com.glarimy.ums.üser"},
		"a change of nobody":     {"ce_subject", absent},
		"a control character":    {"ce_subject", "Krishna\nMohan"},
		"a C1 control character": {"ce_subject", "Krishna\u0085Mohan"},
		"a noncharacter":         {"ce_subject", "Krishna\ufdd0Mohan"},
		"another noncharacter":   {"ce_subject", "Krishna\U0001fffeMohan"},
		"not UTF-8":              {"ce_subject", "Krishna\xffMohan"},
		"a long name":            {"ce_subject", strings.Repeat("ಕ", 256)},
		"no time":                {"ce_time", absent},
		"a day":                  {"ce_time", "2022-09-12"},
		"no offset":              {"ce_time", "2022-09-12T10:00:00"},
		"before all years":       {"ce_time", "0001-01-01T00:00:00+01:00"},
		"a change without order": {"ce_sequence", absent},
		"a short sequence":       {"ce_sequence", "42"},
		"a signed sequence":      {"ce_sequence", "+0000000000000000042"},
		"beyond 64 bits":         {"ce_sequence", "99999999999999999999"},
		"an actor's control":     {"ce_actor", "some\tone"},
		"a request id's space":   {"ce_requestid", "r 1"},
		"a long request id":      {"ce_requestid", strings.Repeat("r", 129)},
		"no trace":               {"ce_traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"},
		"no data":                {"data", ""},
		"half a document":        {"data", `{"name":`},
		"two documents":          {"data", `{} {}`},
		"a name twice":           {"data", `{"name":1,"name":2}`},
		"data that is not UTF-8": {"data", "\"\xff\""},
		"too much data":          {"data", `"` + strings.Repeat("x", event.MaxData) + `"`},
	} {
		sent, data := send(whole()), whole().Data
		switch {
		case tc.attribute == "data":
			data = []byte(tc.value)
		case tc.value == absent:
			delete(sent, tc.attribute)
		default:
			sent[tc.attribute] = tc.value
		}
		_, err := event.FromAttributes(sent.get, data)
		malformed, ok := errors.AsType[*event.MalformedError](err)
		if !ok || malformed.Attribute != tc.attribute {
			t.Errorf("%s: got %v, want a MalformedError of %s", name, err, tc.attribute)
		}
	}
}

func TestValidateTime(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Time{
		"nothing":           {},
		"a nanosecond more": whole().Time.Add(1),
		"the year 10000":    time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600)),
	} {
		e := whole()
		e.Time = at
		if err := e.Validate(); err == nil {
			t.Errorf("%s is accepted as a time", name)
		}
	}
}

func TestIsChange(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{
		event.TypeAdded: true, event.TypeChanged: true, event.TypeRemoved: true, event.TypeFound: false, event.TypeSearched: false, "": false,
	} {
		if got := (event.Event{Type: kind}).IsChange(); got != want {
			t.Errorf("IsChange of %q = %v, want %v", kind, got, want)
		}
	}
}

func TestWithoutMalformedOrigin(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(whole(), whole().WithoutMalformedOrigin()); diff != "" {
		t.Errorf("what is well-formed is lost:\n%s", diff)
	}
	bad, want := whole(), whole()
	bad.Actor, bad.RequestID, bad.Traceparent = "some\tone", "r 1", "none"
	want.Actor, want.RequestID, want.Traceparent = "", "", ""
	if diff := cmp.Diff(want, bad.WithoutMalformedOrigin()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := bad.WithoutMalformedOrigin().Validate(); err != nil {
		t.Error(err)
	}
}
