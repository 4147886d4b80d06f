package kafka

import (
	"context"
	"errors"
	"fmt"
)

// Report is how the topic of events stands, for an operator.
type Report struct {
	Topic      string
	Partitions int // none where there is no topic yet
	Leaderless int // partitions that nobody can write to or read from now
	Replicas   int // of each partition, at least
	InSync     int // of each partition, at least
	Wanted     int // replicas that the URL asks for
}

// Inspect reads how the topic of events stands, and changes nothing. Where no broker can be reached the error says why not,
// broker by broker.
func (b *Bus) Inspect(ctx context.Context) (Report, error) {
	r := Report{Topic: b.address.topic, Wanted: int(b.address.replication)}
	if err := b.reach(ctx); err != nil {
		return r, err
	}
	topics, err := b.admin.ListTopics(ctx, r.Topic)
	told := topics[r.Topic]
	if err == nil {
		err = told.Err
	}
	switch {
	case isUnknown(err):
		return r, nil
	case err != nil:
		return r, fmt.Errorf("ask for the topic %s: %w", r.Topic, err)
	}
	r.Partitions = len(told.Partitions)
	for i, p := range told.Partitions.Sorted() {
		if i == 0 {
			r.Replicas, r.InSync = len(p.Replicas), len(p.ISR)
		}
		r.Replicas, r.InSync = min(r.Replicas, len(p.Replicas)), min(r.InSync, len(p.ISR))
		if p.Leader < 0 {
			r.Leaderless++
		}
	}
	return r, nil
}

// reach connects to a broker. A client tries that again and again until its time is over, and then tells of that alone.
func (b *Bus) reach(ctx context.Context) error {
	var errs []error
	for _, broker := range b.address.brokers {
		conn, err := b.dial(ctx, "tcp", broker)
		if err == nil {
			return conn.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
