package relay_test

import (
	"testing"

	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/bus/transporttest"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestTheBusIsAwayAndLosesAll stops the bus, starts it again and deletes what it has, while events are written: none is
// parked, those of after the loss arrive, and on a bus that keeps what it acknowledged all others are there, in order.
func TestTheBusIsAwayAndLosesAll(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		events func(testing.TB) *transporttest.Server
		keeps  bool // what it acknowledged, when it is stopped
	}{
		"Redis":            {transporttest.Redis, false},
		"in-process Kafka": {transporttest.InProcessKafka, true},
		"Kafka":            {transporttest.PrivateKafka, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, server := onSQLite(t), tc.events(t)
			r := start(t, s, server.Open(t, transport.Dependencies{}), options{config: relay.Config{}})
			published := func(what string) {
				t.Helper()
				servicetest.Eventually(t, what, func() bool { return s.unpublished(t) == 0 })
			}
			written := s.writeAll(t, many("User", 50)...)
			published("events are published")
			server.Stop(t)
			whileAway := s.writeAll(t, many("User", 50)...)
			servicetest.Eventually(t, "the relay tells of failures", func() bool { return r.metric(t, "ums_relay_failures_total") > 0 })
			server.Start(t)
			whileAway = append(whileAway, s.writeAll(t, many("User", 50)...)...)
			published("what was written meanwhile is published")
			if tc.keeps {
				whileAway = append(written, whileAway...)
			}
			again := compare(t, whileAway, server.Events(t))
			t.Logf("%s was stopped: no event lost, %d published more than once", name, again)

			server.Lose(t)
			last := s.writeAll(t, many("User", 50)...)
			published("what was written after the loss is published")
			compare(t, last, server.Events(t))
			if parked := s.number(t, "SELECT COUNT(*) FROM ums_outbox_parked"); parked != 0 {
				t.Errorf("%d users are parked, though their events are not at fault", parked)
			}
		})
	}
}
