package engine_test

import (
	"testing"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// lender is a host whose TEST_REDIS_URL names a running Redis.
func lender(t *testing.T) *engine.Host {
	t.Helper()
	server, _, err := newHost(t).Choose(t.Context(), newHost(t).RedisSources()[1:3])
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return bareHost(map[string]string{"TEST_REDIS_URL": server.URL})
}

func TestALentRedisObeys(t *testing.T) {
	t.Parallel()
	obeysAndForgets(t, startFrom(t, lender(t).RedisSources()[0]))
}

func TestLentRedisesAreApart(t *testing.T) {
	t.Parallel()
	lend := lender(t).RedisSources()[0]
	a, b := startFrom(t, lend), startFrom(t, lend)
	expect := func(when string, server *engine.Server, line, want string) {
		t.Helper()
		if got, err := talk(t.Context(), server.URL, line); err != nil || got != want {
			t.Errorf("%s, %s: got %q, %v, want %q", when, line, got, err, want)
		}
	}
	expect("first", a, "SET k a", "+OK")
	expect("first", b, "GET k", "$-1")
	expect("first", b, "SET k b", "+OK")
	if err := a.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("after the restart of one", a, "EXISTS k", ":0")
	expect("after the restart of the other", b, "EXISTS k", ":1")
}

func TestALentRedisIsLentAgainEmpty(t *testing.T) {
	t.Parallel()
	host := lender(t)
	url := host.Getenv("TEST_REDIS_URL")
	one := bareHost(map[string]string{"TEST_REDIS_URL": url[:len(url)-1] + "9"}).RedisSources()[0]
	for round := range 2 {
		server, err := one.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := talk(t.Context(), server.URL, "EXISTS k"); err != nil || got != ":0" {
			t.Errorf("round %d: EXISTS k: got %q, %v, want none", round, got, err)
		}
		if got, err := talk(t.Context(), server.URL, "SET k v"); err != nil || got != "+OK" {
			t.Errorf("round %d: SET k v: got %q, %v", round, got, err)
		}
		if err := server.Close(); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
	}
}
