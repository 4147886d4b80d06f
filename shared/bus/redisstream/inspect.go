package redisstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Report is how the bus stands, for an operator.
type Report struct {
	Entries     int64 // on the stream
	DeadLetters int64
	Groups      []GroupReport // none where there is no stream yet
}

// GroupReport is how one group stands.
type GroupReport struct {
	Name    string
	Pending int64         // entries that its members have received and not done
	Lag     time.Duration // the age of the oldest entry that it has not done, by the server's clock
}

// Inspect reads how the bus stands, and changes nothing.
func Inspect(ctx context.Context, client redis.Cmdable) (r Report, err error) {
	if r.Entries, err = client.XLen(ctx, Stream).Result(); err != nil {
		return Report{}, fmt.Errorf("read the stream %s: %w", Stream, err)
	}
	if r.DeadLetters, err = client.XLen(ctx, DeadLetters).Result(); err != nil {
		return Report{}, fmt.Errorf("read the stream %s: %w", DeadLetters, err)
	}
	there, err := client.Exists(ctx, Stream).Result()
	if err != nil || there == 0 {
		return r, err
	}
	now, err := client.Time(ctx).Result()
	if err != nil {
		return Report{}, fmt.Errorf("read the clock of the event bus: %w", err)
	}
	groups, err := client.XInfoGroups(ctx, Stream).Result()
	if err != nil {
		return Report{}, fmt.Errorf("read the groups of the stream %s: %w", Stream, err)
	}
	for _, g := range groups {
		oldest, err := oldestUndone(ctx, client, g)
		if err != nil {
			return Report{}, fmt.Errorf("read the lag of the group %s: %w", g.Name, err)
		}
		report := GroupReport{Name: g.Name, Pending: g.Pending}
		if !oldest.IsZero() {
			report.Lag = max(now.Sub(oldest), 0)
		}
		r.Groups = append(r.Groups, report)
	}
	return r, nil
}

// oldestUndone returns when the oldest entry came that a group has not done, or the zero time.
func oldestUndone(ctx context.Context, client redis.Cmdable, g redis.XInfoGroup) (time.Time, error) {
	if g.Pending > 0 {
		pending, err := client.XPending(ctx, Stream, g.Name).Result()
		if err != nil {
			return time.Time{}, err
		}
		if pending.Lower != "" {
			return entryTime(pending.Lower)
		}
	}
	next, err := client.XRangeN(ctx, Stream, "("+g.LastDeliveredID, "+", 1).Result()
	if err != nil || len(next) == 0 {
		return time.Time{}, err
	}
	return entryTime(next[0].ID)
}

var errEntryID = errors.New("the id of an entry is no time")

// entryTime reads the milliseconds that an entry's id begins with.
func entryTime(id string) (time.Time, error) {
	ms, _, _ := strings.Cut(id, "-")
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %.40q", errEntryID, id)
	}
	return time.UnixMilli(n), nil
}
