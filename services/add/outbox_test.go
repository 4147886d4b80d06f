package add_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/user"
)

const (
	added   = "com.glarimy.ums.user.added"
	changed = "com.glarimy.ums.user.changed"
	removed = "com.glarimy.ums.user.removed"
)

// TestOutboxTellsWhatHappened finds one event of each change, in order, and none of what changed nothing; and that
// whoever has the events alone can tell what is in the table.
func TestOutboxTellsWhatHappened(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		for _, step := range []struct {
			method, path, body string
			status             int
		}{
			{http.MethodPost, "/user", draft("KrishnaMohan"), http.StatusCreated},
			{http.MethodPost, "/user", draft("<Krishna & Mohan>"), http.StatusCreated},
			{http.MethodPost, "/user", draft("KrishnaMohan"), http.StatusConflict},
			{http.MethodPatch, "/user/KrishnaMohan", change(otherPhone), http.StatusOK},
			{http.MethodPatch, "/user/KrishnaMohan", change(otherPhone), http.StatusOK},
			{http.MethodPatch, "/user/nobody%20at%20all", change(otherPhone), http.StatusNotFound},
			{http.MethodPost, "/user", draft("Krishna Rao"), http.StatusCreated},
			{http.MethodPatch, "/user/Krishna%20Rao", change("9731423188"), http.StatusOK},
			{http.MethodDelete, "/user/Krishna%20Rao", "", http.StatusNoContent},
			{http.MethodDelete, "/user/Krishna%20Rao", "", http.StatusNotFound},
			{http.MethodPost, "/user", draft("Krishna Rao"), http.StatusCreated},
			{http.MethodPatch, "/user/KrishnaMohan", change(phone), http.StatusOK},
		} {
			s.send(t, step.method, step.path, step.body).wantStatus(t, step.status)
		}
		var got []string
		for _, e := range s.events(t, "") {
			got = append(got, e.kind+" "+e.aggregateID)
		}
		want := []string{
			added + " KrishnaMohan", added + " <Krishna & Mohan>", changed + " KrishnaMohan",
			added + " Krishna Rao", changed + " Krishna Rao", removed + " Krishna Rao", added + " Krishna Rao",
			changed + " KrishnaMohan",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		wantFolded(t, b)
	})
}

// wantFolded fails t unless the events come to exactly what the table holds.
func wantFolded(t *testing.T, b *backends) {
	t.Helper()
	folded := map[string]kept{}
	for _, e := range b.events(t, "") {
		var data struct {
			Name    string `json:"name"`
			Phone   uint64 `json:"phone"`
			Since   string `json:"since"`
			Version uint64 `json:"version"`
		}
		decoder := json.NewDecoder(strings.NewReader(e.payload))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&data); err != nil {
			t.Fatalf("the payload %s: %v", e.payload, err)
		}
		since, err := user.ParseSince(data.Since)
		if err != nil || data.Name != e.aggregateID {
			t.Errorf("the payload %s of %s: %v", e.payload, e.aggregateID, err)
		}
		state := kept{phone: data.Phone, since: since, version: data.Version}
		before, there := folded[data.Name]
		switch {
		case e.kind == added && !there && state.version == 1:
			folded[data.Name] = state
		case e.kind == changed && there && state.version == before.version+1 && state.since.Equal(before.since):
			folded[data.Name] = state
		case e.kind == removed && there && state == before:
			delete(folded, data.Name)
		default:
			t.Errorf("the event %s of %+v does not follow on %+v", e.kind, state, before)
		}
	}
	if diff := cmp.Diff(b.users(t), folded, cmp.AllowUnexported(kept{})); diff != "" {
		t.Errorf("the events do not come to what is stored (-stored +folded):\n%s", diff)
	}
}

// TestOutboxColumns looks at each column of the rows.
func TestOutboxColumns(t *testing.T) {
	t.Parallel()
	const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	onEach(t, func(t *testing.T, b *backends) {
		at := time.Date(2022, 9, 12, 10, 0, 0, 999999999, time.UTC)
		s := start(t, b, options{now: func() time.Time { return at }})
		known := []string{"Ums-Actor", "rao@example.org", "X-Request-Id", "request-1", "Traceparent", traceparent}
		unknown := []string{"X-Request-Id", "not well formed", "Traceparent", "00-x-y-z"}
		for _, step := range []struct {
			method, path, body string
			headers            []string
		}{
			{http.MethodPost, "/user", draft("KrishnaMohan"), known},
			{http.MethodPatch, "/user/KrishnaMohan", change(otherPhone), known},
			{http.MethodDelete, "/user/KrishnaMohan", "", known},
			{http.MethodPost, "/user", draft("KrishnaMohan"), unknown},
		} {
			id := s.send(t, step.method, step.path, step.body, step.headers...).header.Get("X-Request-Id")
			events := s.events(t, "")
			e := events[len(events)-1]
			if parsed, err := uuid.Parse(e.id); err != nil || parsed.Version() != 7 {
				t.Errorf("id = %q, want a UUID of version 7: %v", e.id, err)
			}
			if e.aggregateType != "user" || e.aggregateID != "KrishnaMohan" || e.publishedAt.Valid {
				t.Errorf("event %+v, want one of the user KrishnaMohan, not published", e)
			}
			if want := at.Truncate(time.Microsecond); !e.occurredAt.Equal(want) {
				t.Errorf("occurred_at = %s, want %s", e.occurredAt, want)
			}
			if !e.requestID.Valid || e.requestID.String != id {
				t.Errorf("request_id = %q, want %q", e.requestID.String, id)
			}
			wantActor, wantTrace := "rao@example.org", traceparent
			if step.headers[0] != "Ums-Actor" {
				wantActor, wantTrace = "", ""
			}
			if e.actor.String != wantActor || e.actor.Valid != (wantActor != "") {
				t.Errorf("actor = %+v, want %q", e.actor, wantActor)
			}
			if e.traceparent.String != wantTrace || e.traceparent.Valid != (wantTrace != "") {
				t.Errorf("traceparent = %+v, want %q", e.traceparent, wantTrace)
			}
		}
	})
}

// TestActors takes whatever a gateway may say of who makes a request.
func TestActors(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		for i, actor := range []string{
			strings.Repeat("a", 191), strings.Repeat("a", 192), strings.Repeat("a", 255), strings.Repeat("a", 256),
			strings.Repeat("a", 4000) + "b", strings.Repeat("a", 4000) + "c", "Krishna Mohān", "\xff\xfe", strings.Repeat("ā", 200),
			strings.Repeat("a", 254) + "ā",
		} {
			// One key for all of them: each has to be told from every other.
			name := fmt.Sprintf("actor-%05d", i)
			headers := []string{"Ums-Actor", actor, "Idempotency-Key", "the-same"}
			first := s.send(t, http.MethodPost, "/user", draft(name), headers...)
			if first.status != http.StatusCreated {
				t.Errorf("%.20q and %d bytes: status = %d: %s", actor, len(actor), first.status, first.body)
				continue
			}
			second := s.send(t, http.MethodPost, "/user", draft(name), headers...)
			if second.status != http.StatusCreated || second.header.Get("Idempotent-Replayed") == "" {
				t.Errorf("%.20q and %d bytes: not the answer of before: %d %s", actor, len(actor), second.status, second.body)
			}
			if e := s.events(t, name); len(e) != 1 || !e[0].actor.Valid || e[0].actor.String == "" {
				t.Errorf("%.20q and %d bytes: events %+v, want one with an actor", actor, len(actor), e)
			}
		}
	})
}
