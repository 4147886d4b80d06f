package redisstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus/internal/work"
)

// receive fills the desk: first with what is pending under the member's name, then with what is new. It waits for
// that only while there is nothing else to do.
func (m *member) receive(ctx context.Context) error {
	room := m.desk.Room()
	wait := m.desk.Wait(blockTime)
	switch {
	case m.own != "" && room > 0:
		return m.receiveOwn(ctx, room)
	case wait == 0:
		return nil
	case room == 0 || m.own != "":
		work.Pause(ctx, wait)
		return nil
	}
	block := max(wait.Milliseconds(), 1) // 0 would be without end
	entries, err := m.read(ctx, "COUNT", room, "BLOCK", block, "STREAMS", Stream, ">")
	if err != nil {
		return err
	}
	m.take(entries)
	return nil
}

// receiveOwn reads again what the member has received and does not know of.
func (m *member) receiveOwn(ctx context.Context, room int) error {
	entries, err := m.read(ctx, "COUNT", room, "STREAMS", Stream, m.own)
	if err != nil {
		return err
	}
	if m.own = ""; len(entries) == room {
		m.own = entries[room-1].id
	}
	m.take(entries)
	if m.own == "" {
		m.desk.Forget()
	}
	return nil
}

func (m *member) read(ctx context.Context, args ...any) ([]entry, error) {
	command := append([]any{"XREADGROUP", "GROUP", m.desk.Group, m.name}, args...)
	answer, err := m.client.Do(ctx, command...).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the stream %s: %w", Stream, err)
	}
	return readStream(answer)
}

// take puts entries on the desk.
func (m *member) take(entries []entry) {
	for _, e := range entries {
		if len(e.fields) == 0 { // removed from the stream: nobody can do it any more
			m.done = append(m.done, e.id)
			continue
		}
		decoded, err := e.decode()
		if err != nil {
			m.desk.AddMalformed(e.id, err)
			continue
		}
		m.desk.Add(e.id, decoded)
	}
}

// takeOver takes, from time to time, what members have left that have fallen silent.
func (m *member) takeOver(ctx context.Context) error {
	room := m.desk.Room()
	if room == 0 || time.Now().Before(m.takeover) {
		return nil
	}
	start := m.scanned
	if start == "" {
		start = beginning
	}
	answer, err := m.client.Do(ctx, "XAUTOCLAIM", Stream, m.desk.Group, m.name,
		m.options.TakeoverAfter.Milliseconds(), start, "COUNT", room).Slice()
	if err != nil {
		return fmt.Errorf("take over what others left: %w", err)
	}
	if len(answer) < 2 {
		return fmt.Errorf("%w: XAUTOCLAIM of %d parts", errAnswer, len(answer))
	}
	entries, err := readEntries(answer[1])
	if err != nil {
		return err
	}
	if next, _ := answer[0].(string); next != beginning && next != "" {
		m.scanned = next // there is more to look through
	} else {
		m.scanned, m.takeover = "", time.Now().Add(m.options.TakeoverAfter/takeoverLooks)
	}
	if len(entries) > 0 {
		m.desk.Metrics.TakenOver.Add(float64(len(entries)))
		m.logger.InfoContext(ctx, "took over events that another member left", "events", len(entries))
	}
	m.take(entries)
	return nil
}

// takeoverLooks is how often within Options.TakeoverAfter a member looks for what others left.
const takeoverLooks = 3
