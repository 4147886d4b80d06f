package system

import (
	"fmt"
	"testing"
	"time"
)

func TestEmbeddedRedisAges(t *testing.T) {
	t.Parallel()
	e, err := startRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	for key, ttl := range map[string]time.Duration{"short": 500 * time.Millisecond, "long": time.Minute} {
		if err := e.server.Set(key, "x"); err != nil {
			t.Fatal(err)
		}
		e.server.SetTTL(key, ttl)
	}
	e.age(time.Second)
	if e.server.Exists("short") || !e.server.Exists("long") {
		t.Errorf("after a second there are %q, want the long-lived key alone", e.server.Keys())
	}
}

func TestEmbeddedRedisIsBounded(t *testing.T) {
	t.Parallel()
	e, err := startRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	for i := range maxCachedKeys + 1 {
		if err := e.server.Set(fmt.Sprintf("key-%06d", i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	e.age(time.Second)
	if got := len(e.server.Keys()); got > maxCachedKeys/2+1 || got == 0 {
		t.Errorf("%d keys are left of %d, want half of them", got, maxCachedKeys+1)
	}
}
