package readevents

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/event"
)

const (
	// batchSize is how many events are sent at once at most, gather how long a batch waits to become so many.
	batchSize = 256
	gather    = 50 * time.Millisecond

	// publishTimeout bounds one call of the bus, and pauseAfter is the pause after one that failed.
	publishTimeout = 2 * time.Second
	pauseAfter     = time.Second
)

// FlushTimeout bounds what a recorder still sends when its service has stopped. A call of the bus that runs at that
// moment may take up to 2 s besides.
const FlushTimeout = 2 * time.Second

// read is what is kept of a read until its event is made, away from the request.
type read struct {
	kind, user, filter            string
	count                         int
	at                            time.Time
	actor, requestID, traceparent string
}

// worker sends the reads of a recorder.
type worker struct {
	*Recorder

	batch   []event.Event
	failing bool
}

func (w *worker) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-w.reads:
			w.add(first)
		}
		w.collect(ctx)
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
		sent := w.send(call)
		cancel()
		if !sent {
			wait(ctx, pauseAfter)
		}
	}
}

// collect fills the batch for a moment.
func (w *worker) collect(ctx context.Context) {
	timer := time.NewTimer(gather)
	defer timer.Stop()
	for len(w.batch) < batchSize {
		select {
		case next := <-w.reads:
			w.add(next)
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// flush sends what is left; what cannot be sent in time is dropped.
func (w *worker) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), FlushTimeout)
	defer cancel()
	for {
		for len(w.batch) < batchSize && len(w.reads) > 0 {
			w.add(<-w.reads)
		}
		if len(w.batch) == 0 {
			return
		}
		if !w.send(ctx) {
			w.metrics.dropped.Add(float64(len(w.reads)))
			return
		}
	}
}

// send sends the batch and empties it. It returns whether the bus works.
func (w *worker) send(ctx context.Context) (works bool) {
	defer func() { w.batch = w.batch[:0] }()
	lost := 0
	var trouble error
	if results := w.bus.Publish(ctx, w.batch); results != nil {
		for _, err := range results {
			if err != nil {
				lost++
				trouble = err
			}
		}
	}
	w.metrics.dropped.Add(float64(lost))
	w.metrics.published.Add(float64(len(w.batch) - lost))
	if works = lost < len(w.batch); works == w.failing { // it was otherwise before
		if w.failing = !works; w.failing {
			w.logger.WarnContext(ctx, "events of reads are dropped: the bus does not take them", "error", trouble)
		} else {
			w.logger.InfoContext(ctx, "events of reads are sent again")
		}
	}
	return works
}

func (w *worker) add(r read) {
	made, err := w.event(r)
	if err != nil { // no randomness left for an id
		w.metrics.dropped.Inc()
		return
	}
	w.batch = append(w.batch, made)
}

// event makes the event of a read.
func (w *worker) event(r read) (event.Event, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return event.Event{}, fmt.Errorf("make an event's id: %w", err)
	}
	var data any
	switch r.kind {
	case event.TypeFound:
		data = found{Name: r.user}
	default:
		data = searched{Filter: r.filter, Count: r.count}
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return event.Event{}, fmt.Errorf("encode an event: %w", err)
	}
	return event.Event{
		ID: id.String(), Source: w.source, Type: r.kind, User: r.user, Time: r.at.UTC().Truncate(time.Microsecond),
		Actor: strings.ToValidUTF8(r.actor, "\uFFFD"), RequestID: r.requestID, Traceparent: r.traceparent, Data: encoded,
	}.WithoutMalformedOrigin(), nil
}

// found is the data of an event of that type, and searched of that.
type found struct {
	Name string `json:"name"`
}

type searched struct {
	Filter string `json:"filter"`
	Count  int    `json:"count"`
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
