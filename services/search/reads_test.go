package search_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/readevents"
)

// TestReadsAreTold finds an event for each page, without what was asked for, and none for what is refused.
func TestReadsAreTold(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	bus, err := transport.Config{URL: "redis://" + server.Addr()}.Open(transport.Dependencies{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close() })
	b := newBackend(t, enginetest.SQLite(t))
	s := start(t, b, options{reads: readevents.Config{Reads: "all"}, bus: bus})
	s.get(t, "phone", "9731423166")
	s.get(t, "offset", "1")
	s.get(t)
	deadline := time.After(20 * time.Second)
	for {
		if entries, _ := server.Stream("ums:user:events"); len(entries) == 2 {
			break
		}
		select {
		case <-deadline:
			t.Fatal("the events do not come")
		case <-time.After(5 * time.Millisecond):
		}
	}
	entries, err := server.Stream("ums:user:events")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`{"filter":"phone","count":0}`, `{"filter":"none","count":0}`} {
		got := map[string]string{}
		for j := 0; j < len(entries[i].Values); j += 2 {
			got[entries[i].Values[j]] = entries[i].Values[j+1]
		}
		for _, changing := range []string{"ce_id", "ce_time", "ce_requestid"} {
			delete(got, changing)
		}
		want := map[string]string{
			"ce_specversion": "1.0", "ce_source": "/ums/search", "ce_type": "com.glarimy.ums.user.searched", "data": want,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("event %d (-want +got):\n%s", i, diff)
		}
	}
}
