package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// postBytes bounds a record that is sent by itself. It is far beyond what topics take, so that the brokers decide.
const postBytes = 32 << 20

// post sends records one by one: dead letters, and what is put back.
type post struct {
	bus    *Bus
	turn   chan struct{} // holds a token while a record is sent
	client *kgo.Client   // nil until something is sent, and after trouble
}

func newPost(b *Bus) post { return post{bus: b, turn: make(chan struct{}, 1)} }

func (p *post) close() {
	if p.client != nil {
		p.client.Close()
		p.client = nil
	}
}

// send sends a record, and makes its topic where that is not there. It returns soon after ctx has ended.
func (p *post) send(ctx context.Context, r *kgo.Record) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	err := p.try(ctx, r)
	if isUnknown(err) && ctx.Err() == nil { // the client remembers a topic that was deleted
		err = p.try(ctx, r)
	}
	if err != nil {
		return fmt.Errorf("send a record to the topic %s: %w", r.Topic, err)
	}
	return nil
}

// try sends a record once. After trouble nothing is left of the client: neither what it has not sent, nor what it knows
// of topics.
func (p *post) try(ctx context.Context, r *kgo.Record) (err error) {
	if _, err := p.bus.ensure(ctx, r.Topic); err != nil {
		return err
	}
	if p.client == nil {
		p.client, err = p.bus.client(
			kgo.RequiredAcks(kgo.AllISRAcks()),
			kgo.ProducerBatchMaxBytes(postBytes),
			kgo.ProduceRequestTimeout(callTimeout),
			kgo.UnknownTopicRetries(1),
		)
		if err != nil {
			return err
		}
	}
	sent := make(chan error, 1)
	p.client.Produce(ctx, r, func(_ *kgo.Record, err error) { sent <- err })
	select {
	case err = <-sent:
	case <-ctx.Done():
		err = errors.Join(errUnanswered, ctx.Err())
	}
	if err != nil && !isTooLarge(err) {
		p.close()
	}
	return err
}

func isTooLarge(err error) bool {
	return errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge)
}
