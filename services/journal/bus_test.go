package journal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/bus/transporttest"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestTheBusIsAwayAndLosesAll stops the bus, starts it again and deletes what it has, while changes are written and
// published and reads are told: each change is in the journal once and in order, and so is each read that was not lost.
func TestTheBusIsAwayAndLosesAll(t *testing.T) {
	t.Parallel()
	for name, newBus := range map[string]func(testing.TB) *transporttest.Server{
		"Redis":            transporttest.Redis,
		"in-process Kafka": transporttest.InProcessKafka,
		"Kafka":            transporttest.PrivateKafka,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, server := newBackend(t, enginetest.SQLite(t).URL), newBus(t)
			s := start(t, b, options{bus: server.Open(t, transport.Dependencies{})})
			publisher := server.Open(t, transport.Dependencies{})
			changes, reads := 0, 0
			write := func() []event.Event {
				for round := range 5 {
					b.write(t, "KrishnaMohan", "AnotherUser", fmt.Sprintf("User %04d", round))
				}
				changes += 15
				return b.outboxEvents(t)[changes-15:]
			}
			tell := func(events ...event.Event) {
				servicetest.Eventually(t, "the bus takes events", func() bool {
					return publisher.Publish(t.Context(), events) == nil
				})
			}
			tell(append(write(), read("KrishnaMohan"))...)
			reads++
			b.waitFor(t, changes+reads)

			server.Stop(t)
			late := write()
			wantTrouble(t, publisher, late)
			b.waitFor(t, changes+reads) // from the outbox, as the bus has none of them
			server.Start(t)
			tell(append(late, read("AnotherUser"))...)
			reads++
			b.waitFor(t, changes+reads)

			server.Lose(t)
			tell(append(write(), read("KrishnaMohan"))...)
			reads++
			b.waitFor(t, changes+reads)
			b.wantInOrder(t)
			servicetest.Eventually(t, "what is published twice is known", func() bool {
				return s.metric(t, "ums_journal_repeated_total") > 0
			})
			b.waitFor(t, changes+reads)
		})
	}
}

func wantTrouble(t *testing.T, b bus.Publisher, events []event.Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if b.Publish(ctx, events) == nil {
		t.Fatal("a bus that is stopped takes events")
	}
}
