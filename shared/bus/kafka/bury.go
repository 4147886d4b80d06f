package kafka

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// bury moves a record to the dead letters; no more of it than their topic takes.
func (m *member) bury(ctx context.Context, p position, attempts int, reason string) (moved bool, err error) {
	r := m.record(p)
	if r == nil {
		return false, nil
	}
	for keep := max(len(r.Key), len(r.Value), headerBytes(r.Headers...)); ; keep /= 2 {
		err = m.post.send(ctx, m.letter(r, attempts, reason, keep))
		if !isTooLarge(err) || keep == 0 {
			break
		}
	}
	if err != nil {
		return false, err
	}
	m.markDone(p)
	return true, nil
}

// letter makes the dead letter of a record, with at most so many bytes of its key, of its value and of its headers.
func (m *member) letter(r *kgo.Record, attempts int, reason string, keep int) *kgo.Record {
	kept := &kgo.Record{Key: r.Key[:min(len(r.Key), keep)], Value: r.Value[:min(len(r.Value), keep)]}
	n, size := 0, 0
	for n < len(r.Headers) && size+headerBytes(r.Headers[n]) <= keep {
		size += headerBytes(r.Headers[n])
		n++
	}
	kept.Headers = r.Headers[:n]
	if left := dataBytes(r) - dataBytes(kept); left > 0 {
		reason += fmt.Sprintf("; it is too large for the dead letters, which lack %d bytes of it", left)
	}
	kept.Topic = m.address.deadLetters()
	own := []kgo.RecordHeader{
		{Key: headerGroup, Value: []byte(m.desk.Group)},
		{Key: headerReason, Value: []byte(reason)},
		{Key: headerAttempts, Value: []byte(strconv.Itoa(attempts))},
		{Key: headerAt, Value: []byte(time.Now().UTC().Format(time.RFC3339Nano))},
		{Key: headerRecord, Value: []byte(position{r.Partition, r.Offset}.String())},
	}
	kept.Headers = append(own, kept.Headers...)
	return kept
}

func dataBytes(r *kgo.Record) int { return len(r.Key) + len(r.Value) + headerBytes(r.Headers...) }

func headerBytes(headers ...kgo.RecordHeader) int {
	size := 0
	for _, h := range headers {
		size += len(h.Key) + len(h.Value)
	}
	return size
}
