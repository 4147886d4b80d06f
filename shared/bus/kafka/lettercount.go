package kafka

import (
	"context"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// letterCount remembers which dead letters wait, so that only what has come since is read to count them.
type letterCount struct {
	mu      sync.Mutex
	topic   topicID
	ends    map[int32]int64 // up to where it was read
	waiting map[position]bool
}

// countLetters returns how many dead letters wait.
func (b *Bus) countLetters(ctx context.Context) (int, error) {
	told, err := b.topic(ctx, b.address.deadLetters())
	if isUnknown(err) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	c := &b.letters
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil || told.id != c.topic {
		c.topic, c.ends, c.waiting = told.id, nil, map[position]bool{}
	}
	starts, ends, err := b.read(ctx, told.name, c.ends, func(r *kgo.Record) {
		if p, marks := retriedBy(r); marks {
			delete(c.waiting, p)
		} else {
			c.waiting[position{r.Partition, r.Offset}] = true
		}
	})
	if err != nil {
		return 0, err
	}
	for p := range c.waiting {
		if p.offset < starts[p.partition] {
			delete(c.waiting, p)
		}
	}
	c.ends = ends
	return len(c.waiting), nil
}
