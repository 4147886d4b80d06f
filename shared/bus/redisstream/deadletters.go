package redisstream

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus"
)

// MaxDeadLetters is how many dead letters are kept; beyond it the oldest go.
const MaxDeadLetters = 10_000

// ownFields is how many names and values a dead letter has before those of the entry: buryScript tells which.
const ownFields = 10

// DeadLetters implements [bus.DeadLetters].
func (b *Bus) DeadLetters(ctx context.Context, after string, limit int) ([]bus.DeadLetter, error) {
	start := "-"
	if after != "" {
		if !isID(after) {
			return nil, fmt.Errorf("%q is no ID of a dead letter", after)
		}
		start = "(" + after
	}
	answer, err := b.client.Do(ctx, "XRANGE", DeadLetters, start, "+", "COUNT", limit).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read the stream %s: %w", DeadLetters, err)
	}
	entries, err := readEntries(answer)
	if err != nil {
		return nil, err
	}
	letters := make([]bus.DeadLetter, len(entries))
	for i, e := range entries {
		letters[i] = e.letter()
	}
	return letters, nil
}

// letter reads a dead letter. One that another program has written there may have fields alone.
func (e entry) letter() bus.DeadLetter {
	d := bus.DeadLetter{ID: e.id}
	fields := e.fields
	if len(fields) > ownFields && fields[0] == "dead_group" {
		d.Group, d.Reason = fields[1], fields[3]
		d.Attempts, _ = strconv.Atoi(fields[5])
		d.At, _ = time.Parse(time.RFC3339Nano, fields[7])
		fields = fields[ownFields:]
	}
	for i := 0; i+1 < len(fields); i += 2 {
		d.Fields = append(d.Fields, bus.Field{Name: fields[i], Value: fields[i+1]})
	}
	return d
}

// Retry implements [bus.DeadLetters]. Each dead letter moves whole or not at all.
func (b *Bus) Retry(ctx context.Context, ids ...string) (moved int, unknown []string, err error) {
	for _, id := range ids {
		if !isID(id) {
			unknown = append(unknown, id)
			continue
		}
		found, err := retryScript.Run(ctx, b.client, []string{Stream, DeadLetters},
			id, b.options.MaxLength, ownFields).Bool()
		switch {
		case err != nil:
			return moved, unknown, fmt.Errorf("move the dead letter %s back: %w", id, err)
		case found:
			moved++
		default:
			unknown = append(unknown, id)
		}
	}
	return moved, unknown, nil
}

// bury moves an entry to the dead letters.
func (m *member) bury(ctx context.Context, id string, attempts int, reason string) (moved bool, err error) {
	return buryScript.Run(ctx, m.client, []string{Stream, DeadLetters}, m.desk.Group, m.name, id,
		MaxDeadLetters, reason, attempts, time.Now().UTC().Format(time.RFC3339Nano)).Bool()
}

// isID reports whether text has the form of an entry's id.
func isID(text string) bool {
	matched, _ := regexp.MatchString(`^[0-9]{1,20}-[0-9]{1,20}$`, text)
	return matched
}
