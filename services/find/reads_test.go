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

// TestAHangingBusIsNobodysTrouble compares two services on one bus that hangs, one of which tells of every read. Were a
// read to wait for room in the buffer, some of each round would: the bus empties no more of it than a batch in some seconds.
// A machine that stands still does so in some rounds alone.
func TestAHangingBusIsNobodysTrouble(t *testing.T) {
	t.Parallel()
	const requests, rounds, most = 1000, 10, time.Second
	b := onSQLite(t)
	events := enginetest.Redis(t)
	b.insert(t, "KrishnaMohan", since())
	off := start(t, b, options{events: events.URL})
	all := start(t, b, options{events: events.URL, reads: readevents.Config{Reads: "all"}})
	events.Pause(t)
	paused := time.Now()
	// Until the buffer is full: that is 4,096 reads, and less than 100 more in a second, which are emptied meanwhile.
	for n := 0; n < 10_000 && n < 5000+100*int(time.Since(paused).Seconds()); n++ {
		all.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
	}
	for round := 1; max(off.slowest(t, "off", requests), all.slowest(t, "all", requests)) > most; round++ {
		if round == rounds {
			t.Fatalf("in each of %d rounds a request took longer than %s", rounds, most)
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

// slowest makes requests, one after the other, and returns how long one took at most.
func (s *service) slowest(t *testing.T, reads string, requests int) time.Duration {
	t.Helper()
	took := make([]time.Duration, requests)
	for i := range took {
		begin := time.Now()
		s.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
		took[i] = time.Since(begin)
	}
	slices.Sort(took)
	t.Logf("JOURNAL_READS=%s with a bus that hangs: p50 %s, p99 %s, max %s",
		reads, took[requests/2], took[requests*99/100], took[requests-1])
	return took[requests-1]
}
