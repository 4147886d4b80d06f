package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"

	ums "github.com/glarimy/ums/cmd/ums"
	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/event"
)

// deadLetter is what `ums dead-letters --json` tells of one.
type deadLetter struct {
	ID, Group, Reason string
	Attempts          int
	Fields            []struct{ Name, Value string }
}

func readDeadLetters(t *testing.T, env map[string]string, args ...string) (list []deadLetter) {
	t.Helper()
	out, err := command(t, env, append([]string{"dead-letters", "--json"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return list
}

// TestDeadLetters follows events that a consumer cannot use, through the operator's commands, until it can.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	url := "redis://" + server.Addr()
	env := map[string]string{"EVENTS_URL": url}
	if out, err := command(t, env, "dead-letters"); err != nil || out != "there are no dead letters\n" {
		t.Errorf("without one: %q, %v", out, err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	for _, id := range []string{"1f", "2f", "3f"} {
		err := client.Do(t.Context(), "XADD", "ums:user:events", "*", "ce_specversion", "1.0",
			"ce_id", "6f1c2b9a-3b7e-4c1d-9f27-1f0c3a5b7d"+id, "ce_source", "/ums/add", "ce_type", event.TypeAdded,
			"ce_subject", "Krishna\u202eRao", "ce_time", "2022-09-12T10:00:00Z",
			"ce_sequence", "00000000000000000042", "data", `{"phone":9731423166}`).Err()
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := transport.Config{URL: url}.Open(transport.Dependencies{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- b.Consume(ctx, bus.Subscription{Group: "journal", Attempts: 1}, func(context.Context, []event.Event) error {
			return errors.New("no good")
		})
	}()
	eventually(t, "all are dead letters", func() bool { return len(readDeadLetters(t, env)) == 3 })
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Consume = %v", err)
	}

	letters := readDeadLetters(t, env)
	if l := letters[0]; l.Group != "journal" || l.Reason != "no good" || l.Attempts != 1 || len(l.Fields) != 8 ||
		l.Fields[7].Value != `{"phone":9731423166}` {
		t.Errorf("the first is %+v", l)
	}
	text, err := command(t, env, "dead-letters", "--limit", "2")
	if err != nil || !strings.Contains(text, "ID ") || !strings.Contains(text, "no good\n") || !strings.Contains(text, `Krishna\u202eRao`) ||
		strings.Contains(text, "9731423166") || !strings.HasSuffix(text, "--after "+letters[1].ID+" lists them\n") {
		t.Errorf("ums dead-letters prints, %v:\n%s", err, text)
	}
	if rest := readDeadLetters(t, env, "--after", letters[1].ID); len(rest) != 1 || rest[0].ID != letters[2].ID {
		t.Errorf("behind the second there is %+v", rest)
	}

	out, err := command(t, env, "dead-letters", "retry", letters[1].ID, "1-1")
	if err == nil || !strings.Contains(err.Error(), "no dead letter 1-1") || !strings.HasPrefix(out, "1 dead letter is") {
		t.Errorf("retry = %q, %v", out, err)
	}
	if out, err := command(t, env, "dead-letters", "retry", "--all", "--json"); err != nil || !strings.Contains(out, `"retried": 2`) {
		t.Errorf("retry --all = %q, %v", out, err)
	}
	if n := len(readDeadLetters(t, env)); n != 0 {
		t.Errorf("%d dead letters are left", n)
	}
	if n := client.XLen(t.Context(), "ums:user:events").Val(); n != 6 {
		t.Errorf("the stream has %d entries, want the three twice", n)
	}
}

// TestDeadLettersRefuses reads the messages as an operator does: one line that says what to do.
func TestDeadLettersRefuses(t *testing.T) {
	t.Parallel()
	away := map[string]string{"EVENTS_URL": "redis://:s3cret@127.0.0.1:1"}
	for name, tc := range map[string]struct {
		env  map[string]string
		args []string
		want string
	}{
		"no bus":       {want: "EVENTS_URL is not set"},
		"wrong bus":    {env: map[string]string{"EVENTS_URL": "nats://x"}, want: "EVENTS_URL must begin with redis://"},
		"bus away":     {env: away, want: "the event bus of EVENTS_URL: read the stream"},
		"retry, away":  {env: away, args: []string{"retry", "1-1"}, want: "connection refused"},
		"retry what":   {env: away, args: []string{"retry"}, want: "give the IDs"},
		"both":         {env: away, args: []string{"retry", "--all", "1-1"}, want: "or --all"},
		"argument":     {env: away, args: []string{"now"}, want: `takes no argument "now"`},
		"wrong limit":  {env: away, args: []string{"--limit", "0"}, want: "--limit is 0"},
		"wrong after":  {env: away, args: []string{"--after", "x"}, want: `"x" is no ID`},
		"unknown flag": {env: away, args: []string{"-prot"}, want: "-prot"},
	} {
		_, err := command(t, tc.env, slices.Concat([]string{"dead-letters"}, tc.args)...)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "s3cret") ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error = %v, want one line with %q", name, err, tc.want)
		}
	}
}

// TestADeadLetterOfAnotherProgram has nothing but the fields of an event.
func TestADeadLetterOfAnotherProgram(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	if _, err := server.XAdd("ums:user:events:dead", "5-1", []string{"ce_subject", "Krishna Rao"}); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"EVENTS_URL": "redis://" + server.Addr()}
	out, err := command(t, env, "dead-letters")
	if want := "5-1  -      -   0         -     Krishna Rao  -\n"; err != nil || !strings.HasSuffix(out, want) {
		t.Errorf("it is listed as\n%s with %v, want\n%s", out, err, want)
	}
	out, err = command(t, env, "dead-letters", "retry", "5-1")
	if err != nil || out != "1 dead letter is on the bus again\n" {
		t.Errorf("put back: %q, %v", out, err)
	}
}

// TestRetryFailsMidway is told how many dead letters were put back before the bus failed.
func TestRetryFailsMidway(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"5-1", "1-1", "5-2", "5-3"}, {"--all"}} {
		redis := miniredis.RunT(t)
		for _, id := range []string{"5-1", "5-2", "5-3"} {
			if _, err := redis.XAdd("ums:user:events:dead", id, []string{"ce_subject", "Krishna Rao"}); err != nil {
				t.Fatal(err)
			}
		}
		redis.Server().SetPreHook(func(client *server.Peer, _ string, args ...string) bool {
			fails := slices.Contains(args, "5-3")
			if fails {
				client.WriteError("ERR the disk is full")
			}
			return fails
		})
		out, err := command(t, map[string]string{"EVENTS_URL": "redis://" + redis.Addr()},
			append([]string{"dead-letters", "retry"}, args...)...)
		if out != "2 dead letters are on the bus again\n" {
			t.Errorf("retry %q prints %q", args, out)
		}
		if err == nil || !strings.Contains(err.Error(), "move the dead letter 5-3 back") {
			t.Errorf("retry %q: %v", args, err)
		}
	}
}

// letterBox holds so many dead letters, and counts how often it is read.
type letterBox struct {
	letters, reads int
	retried        []string
	patience       time.Duration // of the retry
}

func (b *letterBox) DeadLetters(_ context.Context, after string, limit int) (page []bus.DeadLetter, err error) {
	b.reads++
	from := 0
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil {
			return nil, err
		}
	}
	for id := from + 1; id <= b.letters && len(page) < limit; id++ {
		page = append(page, bus.DeadLetter{ID: strconv.Itoa(id)})
	}
	return page, nil
}

func (b *letterBox) Retry(ctx context.Context, ids ...string) (int, []string, error) {
	if deadline, bounded := ctx.Deadline(); bounded {
		b.patience = time.Until(deadline)
	}
	b.retried = ids
	return len(ids), nil, nil
}

// TestRetryOfMany gives many dead letters the time that they take, and reads all for few pages of them.
func TestRetryOfMany(t *testing.T) {
	t.Parallel()
	few, many := &letterBox{letters: 3}, &letterBox{letters: 20_000}
	for _, b := range []*letterBox{few, many} {
		if n, err := ums.RetryAllDeadLetters(t.Context(), b); err != nil || n != b.letters || len(b.retried) != b.letters {
			t.Errorf("%d of %d were put back, %v", n, b.letters, err)
		}
	}
	if many.reads > 8 {
		t.Errorf("20,000 were read in %d pages", many.reads)
	}
	if few.patience > time.Minute || few.patience == 0 || many.patience < 20*time.Minute {
		t.Errorf("3 have %s, 20,000 have %s", few.patience, many.patience)
	}
}
