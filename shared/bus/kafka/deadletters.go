package kafka

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/glarimy/ums/shared/bus"
)

// Headers of a dead letter, before those of the record; and the one of a record that says that a letter was put back.
const (
	headerGroup    = "dead_group"
	headerReason   = "dead_reason"
	headerAttempts = "dead_attempts"
	headerAt       = "dead_at"
	headerRecord   = "dead_record"
	headerRetried  = "dead_retried"
)

const ownHeaders = 5

// Names of what a record has besides headers, as fields of a dead letter.
const (
	fieldKey  = "key"
	fieldData = "data"
)

// DeadLetters implements [bus.DeadLetters].
func (b *Bus) DeadLetters(ctx context.Context, after string, limit int) ([]bus.DeadLetter, error) {
	behind := position{offset: -1}
	if after != "" {
		var ok bool
		if behind, ok = parsePosition(after); !ok {
			return nil, fmt.Errorf("%q is no ID of a dead letter", after)
		}
	}
	waiting, _, err := b.waiting(ctx)
	if err != nil {
		return nil, err
	}
	var letters []bus.DeadLetter
	for _, r := range waiting {
		if at := (position{r.Partition, r.Offset}); at.after(behind) && len(letters) < limit {
			letters = append(letters, letterOf(r))
		}
	}
	return letters, nil
}

func (p position) after(q position) bool {
	return p.partition > q.partition || p.partition == q.partition && p.offset > q.offset
}

// parsePosition reads the ID of a dead letter.
func parsePosition(text string) (position, bool) {
	if matched, _ := regexp.MatchString(`^[0-9]{1,9}-[0-9]{1,18}$`, text); !matched {
		return position{}, false
	}
	partition, offset, _ := strings.Cut(text, "-")
	p, err := strconv.ParseInt(partition, 10, 32)
	o, err2 := strconv.ParseInt(offset, 10, 64)
	return position{int32(p), o}, err == nil && err2 == nil
}

// letterOf reads a dead letter. One that another program has written there may have headers of its own alone.
func letterOf(r *kgo.Record) bus.DeadLetter {
	d := bus.DeadLetter{ID: position{r.Partition, r.Offset}.String()}
	headers := r.Headers
	if isOurs(r) {
		d.Group, d.Reason = string(headers[0].Value), string(headers[1].Value)
		d.Attempts, _ = strconv.Atoi(string(headers[2].Value))
		d.At, _ = time.Parse(time.RFC3339Nano, string(headers[3].Value))
		headers = headers[ownHeaders:]
	}
	for _, h := range headers {
		d.Fields = append(d.Fields, bus.Field{Name: h.Key, Value: string(h.Value)})
	}
	if r.Key != nil {
		d.Fields = append(d.Fields, bus.Field{Name: fieldKey, Value: string(r.Key)})
	}
	if r.Value != nil {
		d.Fields = append(d.Fields, bus.Field{Name: fieldData, Value: string(r.Value)})
	}
	return d
}

func isOurs(r *kgo.Record) bool {
	return len(r.Headers) >= ownHeaders && r.Headers[0].Key == headerGroup
}

// retriedBy returns which letter a record says was put back.
func retriedBy(r *kgo.Record) (position, bool) {
	if len(r.Headers) != 1 || r.Headers[0].Key != headerRetried {
		return position{}, false
	}
	return parsePosition(string(r.Headers[0].Value))
}

// waiting returns the records of the dead letters that were not put back, oldest first, and where what it has read ends
// in each partition.
func (b *Bus) waiting(ctx context.Context) (letters []*kgo.Record, ends map[int32]int64, err error) {
	retried := map[position]bool{}
	_, ends, err = b.read(ctx, b.address.deadLetters(), nil, func(r *kgo.Record) {
		if p, marks := retriedBy(r); marks {
			retried[p] = true
		} else {
			letters = append(letters, r)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	letters = slices.DeleteFunc(letters, func(r *kgo.Record) bool { return retried[position{r.Partition, r.Offset}] })
	slices.SortStableFunc(letters, func(a, b *kgo.Record) int { return int(a.Partition - b.Partition) })
	return letters, ends, nil
}

// Retry implements [bus.DeadLetters]. A letter is put back before it is said so: what fails in between is put back once
// more, and the bus delivers at least once.
func (b *Bus) Retry(ctx context.Context, ids ...string) (moved int, unknown []string, err error) {
	waiting, ends, err := b.waiting(ctx)
	if err != nil {
		return 0, nil, err
	}
	letters := map[string]*kgo.Record{}
	for _, r := range waiting {
		letters[position{r.Partition, r.Offset}.String()] = r
	}
	if _, err := b.ensure(ctx, b.address.topic); err != nil {
		return 0, nil, err
	}
	for _, id := range ids {
		r := letters[id]
		if r == nil {
			unknown = append(unknown, id)
			continue
		}
		if err := b.putBack(ctx, r); err != nil {
			return moved, unknown, fmt.Errorf("put the dead letter %s back: %w", id, err)
		}
		delete(letters, id)
		moved++
	}
	b.shorten(ctx, letters, ends)
	return moved, unknown, nil
}

// putBack sends the record of a dead letter, and then the mark that it was.
func (b *Bus) putBack(ctx context.Context, letter *kgo.Record) error {
	again := &kgo.Record{Topic: b.address.topic, Key: letter.Key, Value: letter.Value, Headers: letter.Headers}
	if isOurs(letter) {
		again.Headers = letter.Headers[ownHeaders:]
	}
	if err := b.post.send(ctx, again); err != nil {
		return err
	}
	id := position{letter.Partition, letter.Offset}.String()
	return b.post.send(ctx, &kgo.Record{
		Topic: letter.Topic, Key: bytes.Clone(letter.Key),
		Headers: []kgo.RecordHeader{{Key: headerRetried, Value: []byte(id)}},
	})
}

// shorten deletes what is before the first dead letter that waits, and nothing from ends on: it was not looked at.
func (b *Bus) shorten(ctx context.Context, waiting map[string]*kgo.Record, ends map[int32]int64) {
	firsts := maps.Clone(ends)
	for _, r := range waiting {
		firsts[r.Partition] = min(firsts[r.Partition], r.Offset)
	}
	offsets := kadm.Offsets{}
	for partition, first := range firsts {
		offsets.AddOffset(b.address.deadLetters(), partition, first, -1)
	}
	if _, err := b.admin.DeleteRecords(ctx, offsets); err != nil {
		b.logger.DebugContext(ctx, "dead letters that were put back stay until their time is over", "error", err)
	}
}
