package journal

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/glarimy/ums/shared/event"
)

const (
	tailInterval = 200 * time.Millisecond // between two looks at the table when nobody says that there is something new
	tailBatch    = 500
	tailTimeout  = 5 * time.Second // of one look

	// What is kept in memory for all streams. One that is further behind reads the table by itself.
	tailEvents = 4096
	tailBytes  = 8 << 20
)

// tail is the end of the journal, in memory, for all streams of the process. It reads the table, as whoever appends to it may
// be another process. It is safe for concurrent use.
type tail struct {
	store  *store
	logger *slog.Logger
	news   chan struct{} // has something when this process appended

	mu      sync.Mutex
	base    uint64   // every event behind this position, up to head, is in frames
	head    uint64   // the newest position that was seen
	frames  []*frame // in order
	size    int      // of frames, in bytes
	changed chan struct{}
	streams int
}

// frame is an event as a stream sends it. It never changes.
type frame struct {
	position uint64
	event    event.Event
	text     []byte
}

// newFrame writes an event in the form of server-sent events (HTML Standard, section 9.2). JSON text has line breaks only
// where the event's own data has some between its values; they become spaces, as a line break would end the field.
func newFrame(r record) *frame {
	text := append(make([]byte, 0, 512), "id: "...)
	text = strconv.AppendUint(text, r.position, 10)
	text = append(text, "\nevent: "...)
	text = append(text, oneLine([]byte(r.event.Type))...)
	text = append(text, "\ndata: "...)
	text = append(text, oneLine(r.appendJSON(nil))...)
	return &frame{position: r.position, event: r.event, text: append(text, "\n\n"...)}
}

func oneLine(text []byte) []byte {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			text[i] = ' '
		}
	}
	return text
}

func newTail(s *store, logger *slog.Logger) *tail {
	return &tail{store: s, logger: logger, news: make(chan struct{}, 1), changed: make(chan struct{})}
}

// wake has the tail look at the table at once. It never waits.
func (t *tail) wake() {
	select {
	case t.news <- struct{}{}:
	default:
	}
}

// run follows the table until ctx ends. A database that is away only delays it.
func (t *tail) run(ctx context.Context) error {
	ticker := time.NewTicker(tailInterval)
	defer ticker.Stop()
	for failing := false; ; {
		more, err := t.look(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			t.logger.WarnContext(ctx, "streams wait for the database", "error", err)
		}
		if failing = err != nil; more && !failing {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		case <-t.news:
		}
	}
}

// look reads what is new. It reports whether there may be more. Without streams it only keeps the place.
func (t *tail) look(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, tailTimeout)
	defer cancel()
	t.mu.Lock()
	head, idle := t.head, t.streams == 0 || t.head == 0
	t.mu.Unlock()
	if idle {
		head, err := t.store.head(ctx)
		if err == nil {
			t.restart(head)
		}
		return false, err
	}
	found, err := t.store.page(ctx, filter{}, span{after: head, before: lastPosition}, tailBatch)
	if err != nil || len(found) == 0 {
		return false, err
	}
	t.add(found)
	return len(found) == tailBatch, nil
}

// restart begins anew at a position.
func (t *tail) restart(head uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	moved := head != t.head
	t.base, t.head, t.frames, t.size = head, head, nil, 0
	if moved {
		t.tell()
	}
}

func (t *tail) add(records []record) {
	frames := make([]*frame, len(records))
	size := 0
	for i, r := range records {
		frames[i] = newFrame(r)
		size += len(frames[i].text)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frames, t.size, t.head = append(t.frames, frames...), t.size+size, records[len(records)-1].position
	for len(t.frames) > tailEvents || t.size > tailBytes && len(t.frames) > 0 {
		t.base, t.size = t.frames[0].position, t.size-len(t.frames[0].text)
		t.frames = t.frames[1:]
	}
	t.tell()
}

// tell wakes all streams.
func (t *tail) tell() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// handout is how many frames a stream takes at a time. Those of a client that reads slowly stay in memory until it has read
// them, whatever the tail has dropped meanwhile.
const handout = 64

// behind returns the first frames behind a position, and up to where they reach: to head, where changed is the channel that
// is closed when there is more, or less far, where it is nil. Covered is false where the tail does not reach back so far, or
// does not know the table yet.
func (t *tail) behind(position uint64) (frames []*frame, reached uint64, covered bool, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if position < t.base || t.head == 0 {
		return nil, t.head, false, t.changed
	}
	first, _ := slices.BinarySearchFunc(t.frames, position+1, func(f *frame, p uint64) int {
		return cmp.Compare(f.position, p)
	})
	frames = slices.Clone(t.frames[first:min(first+handout, len(t.frames))]) // the tail's own array keeps all of them
	if first+handout < len(t.frames) {
		return frames, frames[handout-1].position, true, nil
	}
	return frames, max(t.head, position), true, t.changed
}

// join counts a stream; false where there are as many as may be.
func (t *tail) join(most int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.streams >= most {
		return false
	}
	t.streams++
	return true
}

func (t *tail) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.streams--
}
