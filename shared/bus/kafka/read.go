package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// read visits what a topic has now, from some offsets on or from its start, and returns where its partitions began and
// ended when it was asked; nothing where there is no such topic. The records of a partition are visited in their order.
func (b *Bus) read(
	ctx context.Context, topic string, from map[int32]int64, visit func(*kgo.Record),
) (starts, ends map[int32]int64, err error) {
	first, last, err := b.bounds(ctx, topic)
	if err != nil {
		return nil, nil, err
	}
	starts, ends = offsetsOf(first), offsetsOf(last)
	offsets, left := map[int32]kgo.Offset{}, map[int32]int64{}
	for partition, end := range ends {
		if start := max(starts[partition], from[partition]); start < end {
			offsets[partition], left[partition] = kgo.NewOffset().At(start), end
		}
	}
	if len(left) == 0 {
		return starts, ends, nil
	}
	client, err := b.client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: offsets}))
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	for len(left) > 0 {
		records, err := poll(ctx, client)
		if err == nil && len(records) == 0 {
			err = b.passOver(ctx, topic, left)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read the topic %s: %w", topic, err)
		}
		for _, r := range records {
			if r.Offset < left[r.Partition] {
				visit(r)
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		}
	}
	return starts, ends, nil
}

// poll waits for records, though not for long: those that it waits for may have been deleted.
func poll(ctx context.Context, client *kgo.Client) ([]*kgo.Record, error) {
	soon, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	fetches := client.PollFetches(soon)
	for _, e := range fetches.Errors() {
		_, isLoss := errors.AsType[*kgo.ErrDataLoss](e.Err)
		if late := ctx.Err() == nil && errors.Is(e.Err, context.DeadlineExceeded); !isLoss && !late {
			return nil, e.Err
		}
	}
	return fetches.Records(), nil
}

// passOver forgets partitions of which nothing is left to read, as it was deleted.
func (b *Bus) passOver(ctx context.Context, topic string, left map[int32]int64) error {
	starts, _, err := b.bounds(ctx, topic)
	if err != nil {
		return err
	}
	maps.DeleteFunc(left, func(partition int32, end int64) bool {
		start, there := starts.Lookup(topic, partition)
		return !there || start.Offset >= end
	})
	return nil
}

// bounds returns where the partitions of a topic begin and end; none where there is no such topic.
func (b *Bus) bounds(ctx context.Context, topic string) (starts, ends kadm.ListedOffsets, err error) {
	if _, err := b.topic(ctx, topic); isUnknown(err) {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	starts, err = b.admin.ListStartOffsets(ctx, topic)
	if err == nil {
		ends, err = b.admin.ListEndOffsets(ctx, topic)
	}
	if err = errors.Join(err, starts.Error(), ends.Error()); err != nil {
		return nil, nil, fmt.Errorf("ask where the topic %s begins and ends: %w", topic, err)
	}
	return starts, ends, nil
}

func offsetsOf(list kadm.ListedOffsets) map[int32]int64 {
	offsets := map[int32]int64{}
	list.Each(func(o kadm.ListedOffset) { offsets[o.Partition] = o.Offset })
	return offsets
}
