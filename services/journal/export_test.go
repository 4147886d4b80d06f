package journal

import (
	"bytes"
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/cursor"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/userhttp"
)

// Querier is what the reads ask.
type Querier = querier

func reader(db Querier, d database.Dialect) *store {
	return &store{db: db, dialect: d, duration: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "ums_test", Help: "Of a test."})}
}

// ReadPage reads the page that a raw query asks for, behind a position, and returns how many events it read for it.
func ReadPage(ctx context.Context, db Querier, d database.Dialect, raw string, behind uint64) (int, error) {
	q, err := readQuery(raw, nil)
	if err != nil {
		return 0, err
	}
	q.cursor = behind
	keys, err := cursor.ParseKeys("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	if err != nil {
		return 0, err
	}
	sealer, err := cursor.New(keys, "test")
	if err != nil {
		return 0, err
	}
	records, next, err := q.read(ctx, reader(db, d), sealer)
	if next != "" {
		return len(records) + 1, err
	}
	return len(records), err
}

// ReadRest executes all other statements that read.
func ReadRest(ctx context.Context, db Querier, d database.Dialect) error {
	s := reader(db, d)
	if _, err := s.head(ctx); err != nil {
		return err
	}
	if _, _, err := s.byID(ctx, "no id"); err != nil {
		return err
	}
	if _, err := (outbox{db: db}).beyond(ctx, 5, walkBatch); err != nil {
		return err
	}
	_, err := outbox{db: db}.within(ctx, gaps{{first: 3, last: 3}, {first: 7, last: 9}})
	return err
}

// Gaps are the gaps of a progress, for tests.
type Gaps = gaps

// ReadGaps reads gaps as the database has them.
func ReadGaps(text string) (Gaps, error) { return decodeGaps(text) }

// Opened, Without, Recent and Encode are those of gaps.
var (
	Opened  = gaps.opened
	Without = gaps.without
	Recent  = gaps.recent
	Encode  = gaps.encode
)

// FrameOf writes an event's data as a stream sends it.
func FrameOf(data []byte) []byte {
	r := record{position: 1}
	r.event.Data = bytes.Clone(data)
	return newFrame(r).text
}

// Router returns the routes of the slot.
func Router() *userhttp.Router { return new(handler).router(new(streams)) }

// Tail is the end of the journal in memory.
type Tail = tail

// FilledTail returns a tail that has seen events of some positions and sizes, without a table.
func FilledTail(positions int, size int) *Tail {
	t := newTail(nil, nil)
	t.restart(1)
	for n := range positions {
		r := record{position: uint64(n) + 2}
		r.event.Data = bytes.Repeat([]byte(" "), size)
		t.add([]record{r})
	}
	return t
}

// Behind returns how many frames a stream takes at a time behind a position, up to where they reach, and whether there may be
// more already.
func Behind(t *Tail, position uint64) (frames int, reached uint64, more bool) {
	taken, reached, covered, changed := t.behind(position)
	return len(taken), reached, covered && changed == nil
}
