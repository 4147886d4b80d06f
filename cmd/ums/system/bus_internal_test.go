package system

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus/redisstream"
)

func TestEmbeddedBusIsBounded(t *testing.T) {
	t.Parallel()
	e, err := startBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.close() })
	if err := e.trim(t.Context()); err != nil {
		t.Errorf("without a stream: %v", err)
	}
	const more = 10
	_, err = e.client.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
		for i := range maxBusEntries + more {
			pipe.XAdd(t.Context(), &redis.XAddArgs{Stream: redisstream.Stream, Values: []any{"n", i}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := e.client.XRange(t.Context(), redisstream.Stream, "-", "+").Result()
	if err != nil || len(left) != maxBusEntries || left[0].Values["n"] != fmt.Sprint(more) {
		t.Errorf("%d entries are left, %v, want the last %d", len(left), err, maxBusEntries)
	}
}
