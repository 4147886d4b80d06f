package writes_test

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/glarimy/ums/bench/writes"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/program"
)

// TestMain lets this program be the service that the benchmark starts.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "serve") {
		program.Main("writes", writes.Bench{Stdin: os.Stdin, Progress: os.Stderr}.Run)
	}
	os.Exit(m.Run())
}

// run runs the benchmark with an environment of its own.
func run(t *testing.T, env map[string]string, args ...string) (string, error) {
	t.Helper()
	var stdout strings.Builder
	b := writes.Bench{Stdin: strings.NewReader(""), Progress: io.Discard}
	err := b.Run(t.Context(), args, func(key string) string { return env[key] }, &stdout)
	return stdout.String(), err
}

// TestBothAreMeasured for moments only: what counts is that both write, and that the events arrive.
func TestBothAreMeasured(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts a server")
	}
	env := map[string]string{"TEST_DATABASE_URL": enginetest.MySQL(t).URL, "TEST_REDIS_URL": enginetest.Redis(t).URL}
	got, err := run(t, env, "-rounds", "2", "-duration", "200ms", "-connections", "4", "-lag", "300ms", "-reads", "200ms")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| bare: BEGIN, ", "| **POST /user** of services/add", "- requests/s: POST /user to bare: ", "p99 ",
		"in GET /journal?user=, ", "in GET /user?name=, ", "JOURNAL_READS=off: ", "JOURNAL_READS=all: ",
		"innodb_flush_log_at_trx_commit=1",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the result lacks %q:\n%s", want, got)
		}
	}
	for _, unwanted := range []string{"not measured", "with 201", "of 0 events", "of 0 users"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("the result has %q:\n%s", unwanted, got)
		}
	}
}

func TestWhatItCannotDo(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"make bench-writes":          nil,
		`unknown argument "nothing"`: {"nothing"},
		"must be positive":           {"-rounds", "0"},
	} {
		if _, err := run(t, nil, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
