package event_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/shared/event"
)

// FuzzFromAttributes reads anything: it is refused as malformed, or an event that survives being sent on.
func FuzzFromAttributes(f *testing.F) {
	e := whole()
	f.Add("1.0", e.ID, e.Source, e.Type, e.User, "2022-09-12T10:00:00.123456Z", e.Sequence, e.Actor, e.RequestID, e.Traceparent, e.Data)
	f.Add("1.0", e.ID, e.Source, event.TypeSearched, "", "2022-09-12T15:30:00+05:30", "", "", "", "", []byte("[]"))
	f.Add("", "", "", "", "", "", "", "", "", "", []byte(nil))
	f.Fuzz(func(t *testing.T, version, id, source, kind, user, at, sequence, actor, request, trace string, data []byte) {
		sent := attributes{
			"ce_specversion": version, "ce_id": id, "ce_source": source, "ce_type": kind, "ce_subject": user, "ce_time": at,
			"ce_sequence": sequence, "ce_actor": actor, "ce_requestid": request, "ce_traceparent": trace,
		}
		before := bytes.Clone(data)
		got, err := event.FromAttributes(sent.get, data)
		if err != nil {
			if _, ok := errors.AsType[*event.MalformedError](err); !ok {
				t.Errorf("got %v, want a MalformedError", err)
			}
			return
		}
		if !bytes.Equal(got.Data, before) {
			t.Errorf("the data became %q, want %q", got.Data, before)
		}
		again, err := event.FromAttributes(send(got).get, got.Data)
		if err != nil {
			t.Fatalf("what was read once is refused: %v", err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("what was read once becomes another:\n%s", diff)
		}
	})
}
