package relay_test

import (
	"testing"
	"time"

	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestWhatTheJournalLacksStays has a journal that was away for longer than the retention.
func TestWhatTheJournalLacksStays(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		hours := func(n int) any { return s.db.Dialect.Time(time.Now().Add(time.Duration(-n) * time.Hour)) }
		s.writeAll(t, many("User", 1300)...)
		s.execute(t, "UPDATE ums_outbox SET published_at = ?", hours(100))
		s.execute(t, "UPDATE ums_outbox SET published_at = ? WHERE seq > 1290", hours(31*24)) // nobody comes for them any more
		s.execute(t, "INSERT INTO ums_journal_progress (id, walked_seq, gaps) VALUES (1, 700, '[[600,600,0],[650,660,0]]')")
		r := start(t, s, &memory{}, options{config: relay.Config{Retention: 72 * time.Hour}})
		servicetest.Eventually(t, "what the journal has is removed", func() bool { return r.metric(t, "ums_relay_removed_total") == 599+10 })
		if got := s.number(t, "SELECT MIN(seq) FROM ums_outbox"); got != 600 {
			t.Errorf("the first row that is left is %d, want that of the journal's first gap, 600", got)
		}
		r.stop()

		s.execute(t, "UPDATE ums_journal_progress SET gaps = '[]'")
		r = start(t, s, &memory{}, options{config: relay.Config{Retention: 72 * time.Hour}})
		servicetest.Eventually(t, "the journal's gaps hold nothing any more", func() bool { return r.metric(t, "ums_relay_removed_total") == 101 })
		if got := s.number(t, "SELECT MIN(seq) FROM ums_outbox"); got != 701 {
			t.Errorf("the first row that is left is %d, want 701", got)
		}
		r.stop()

		s.execute(t, "UPDATE ums_journal_progress SET walked_seq = 1300")
		start(t, s, &memory{}, options{config: relay.Config{Retention: 72 * time.Hour}})
		servicetest.Eventually(t, "all are removed", func() bool { return s.number(t, "SELECT COUNT(*) FROM ums_outbox") == 0 })
	})
}
