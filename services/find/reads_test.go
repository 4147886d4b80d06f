package find_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/bus/transporttest"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/readevents"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestReadsAreTold finds an event for each answer that tells of a user, and for no other.
func TestReadsAreTold(t *testing.T) {
	t.Parallel()
	onEachBus(t, func(t *testing.T, b *backends, events *transporttest.Server) {
		s := start(t, b, options{events: events.URL, reads: readevents.Config{Reads: "all"}})
		quiet := start(t, b, options{events: events.URL})
		// Events of reads are dropped while the bus takes none, as Kafka before it has made the topic.
		b.insert(t, "Somebody Else", since())
		servicetest.Eventually(t, "the bus takes events", func() bool {
			s.get(t, "/user/Somebody%20Else").wantStatus(t, http.StatusOK)
			return len(events.Events(t)) > 0
		})
		b.insert(t, "KrishnaMohan", since())
		tag := s.get(t, "/user/KrishnaMohan", "Ums-Actor", "someone", "X-Request-Id", "r-1").header.Get("Etag")
		s.get(t, "/user/KrishnaMohan", "If-None-Match", tag).wantStatus(t, http.StatusNotModified)
		s.send(t, http.MethodHead, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
		s.get(t, "/user/Krishna%20Rao").wantStatus(t, http.StatusNotFound)
		s.get(t, "/user/x").wantStatus(t, http.StatusBadRequest)
		quiet.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
		var told []event.Event
		servicetest.Eventually(t, "three events are on the bus", func() bool {
			told = slices.DeleteFunc(events.Events(t), func(e event.Event) bool { return e.User == "Somebody Else" })
			return len(told) == 3
		})
		for _, e := range told {
			if e.Type != event.TypeFound || e.Source != "/ums/find" || e.User != "KrishnaMohan" ||
				string(e.Data) != `{"name":"KrishnaMohan"}` {
				t.Errorf("an event is %+v", e)
			}
		}
		if first := told[0]; first.Actor != "someone" || first.RequestID != "r-1" {
			t.Errorf("the first is %+v", first)
		}
	})
}

// TestAHangingBusIsNobodysTrouble compares two services on one bus that hangs, one of which tells of every read.
func TestAHangingBusIsNobodysTrouble(t *testing.T) {
	t.Parallel()
	const requests, most = 6000, time.Second
	b := onSQLite(t)
	events := enginetest.Redis(t)
	b.insert(t, "KrishnaMohan", since())
	off := start(t, b, options{events: events.URL})
	all := start(t, b, options{events: events.URL, reads: readevents.Config{Reads: "all"}})
	events.Pause(t)
	took := map[*service][]time.Duration{}
	for range requests {
		for _, s := range []*service{off, all} {
			begin := time.Now()
			s.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
			took[s] = append(took[s], time.Since(begin))
		}
	}
	for what, s := range map[string]*service{"off": off, "all": all} {
		slices.Sort(took[s])
		last := took[s][requests-1]
		t.Logf("JOURNAL_READS=%s with a bus that hangs: p50 %s, p99 %s, max %s",
			what, took[s][requests/2], took[s][requests*99/100], last)
		if last > most {
			t.Errorf("JOURNAL_READS=%s: a request took %s", what, last)
		}
	}
	servicetest.Eventually(t, "reads are dropped, and counted", func() bool {
		return all.counter(t, `ums_read_events_dropped_total{service="find"}`) != "0"
	})
	events.Resume(t)
	servicetest.Eventually(t, "reads are told again", func() bool {
		all.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
		return all.counter(t, `ums_read_events_published_total{service="find"}`) != "0"
	})
}
