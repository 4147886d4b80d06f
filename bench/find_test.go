package bench_test

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/bench"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/program"
)

// TestMain lets this program be the servers that a benchmark starts.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "serve") {
		program.Main("bench", bench.Find{Stdin: os.Stdin, Progress: os.Stderr}.Run)
	}
	os.Exit(m.Run())
}

// run runs the benchmark with an environment of its own.
func run(ctx context.Context, env map[string]string, args ...string) (string, error) {
	var stdout strings.Builder
	find := bench.Find{Stdin: strings.NewReader(""), Progress: io.Discard}
	err := find.Run(ctx, args, func(key string) string { return env[key] }, &stdout)
	return stdout.String(), err
}

// The servers are measured for moments only: what counts is that every one of them starts, gives the same answers, is
// loaded and ends.
func TestFindMeasuresEveryServer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts six servers")
	}
	database, cache := enginetest.MySQL(t), enginetest.Redis(t)
	env := map[string]string{"TEST_DATABASE_URL": database.URL, "TEST_REDIS_URL": cache.URL}
	got, err := run(t.Context(), env, "-rounds", "1", "-duration", "200ms", "-connections", "8")
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	for _, want := range []string{
		"| **services/find**, warm cache | ",
		"| services/find without cache (Redis away, breaker open) | ",
		"| mux + go-redis: GET, write the bytes | ",
		"| the same on automatic pipelining | ",
		"| mux + a SELECT per request | ",
		"| mux + a constant answer (the floor) | ",
		"- requests/s: find to flask: not measured",
		"- Without Flask: neither XDG_CACHE_HOME nor HOME is set",
		"- Hits of the warm find's cache: ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the result lacks %q:\n%s", want, got)
		}
	}
	for _, unwanted := range []string{"| – |", "with 200", "| Flask"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("the result has %q:\n%s", unwanted, got)
		}
	}
	wantNothingLeft(t, cache.URL)
}

// wantNothingLeft makes sure that the benchmark has removed its keys.
func wantNothingLeft(t *testing.T, redisURL string) {
	t.Helper()
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if left, err := client.DBSize(t.Context()).Result(); err != nil || left != 0 {
		t.Errorf("keys left in Redis: got %d and error %v, want none", left, err)
	}
}

func TestFindRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	engines := map[string]string{"TEST_DATABASE_URL": "mysql://root@tcp(127.0.0.1:1)/", "TEST_REDIS_URL": "redis://127.0.0.1:1"}
	for _, tt := range []struct {
		name string
		env  map[string]string
		args []string
		want string // a part of the error
	}{
		{"no engines", nil, nil, "make bench"},
		{"an engine away", engines, nil, "connection refused"},
		{"unknown row", engines, []string{"-rows", "find,nothing"}, `no row "nothing"`},
		{"unknown server", engines, []string{"serve", "nothing"}, "serve takes the name"},
		{"a server that is not Go", engines, []string{"serve", "flask"}, "serve takes the name"},
		{"unknown argument", engines, []string{"nothing"}, `unknown argument "nothing"`},
		{"no rounds", engines, []string{"-rounds", "0"}, "must be positive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := run(t.Context(), tt.env, tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}
