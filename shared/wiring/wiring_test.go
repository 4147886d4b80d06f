package wiring_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/wiring"
)

// asProgram is the variable that makes the test program one whose Redis cannot be reached.
const asProgram = "WIRING_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		wiring.Main("program", callNobody)
	}
	os.Exit(m.Run())
}

// callNobody makes a client log: go-redis tells of connections that it cannot open.
func callNobody(ctx context.Context, _ []string, _ func(string) string, _ io.Writer) error {
	client, err := usercache.Open("redis://127.0.0.1:1/0", time.Second)
	if err != nil {
		return err
	}
	for range 200 { // once it has failed often enough, the pool tries in the background, and tells of that too
		_ = client.Ping(ctx).Err()
	}
	return client.Close()
}

// TestClientLog finds that what Redis clients log comes by the program's own log or not at all.
func TestClientLog(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		level string
		told  bool
	}{{"info", false}, {"debug", true}, {"nonsense", false}} {
		var stdout, stderr bytes.Buffer
		program := exec.CommandContext(t.Context(), os.Args[0])
		program.Env = append(os.Environ(), asProgram+"=1", "LOG_FORMAT=json", "LOG_LEVEL="+tc.level)
		program.Stdout, program.Stderr = &stdout, &stderr
		if err := program.Run(); err != nil || stderr.Len() > 0 {
			t.Errorf("LOG_LEVEL=%s: it ended with %v and told standard error %q", tc.level, err, &stderr)
		}
		if told := strings.Contains(stdout.String(), `"msg":"redis client"`); told != tc.told {
			t.Errorf("LOG_LEVEL=%s: it told of its clients: %t, want %t: %s", tc.level, told, tc.told, &stdout)
		}
	}
}

// own is the configuration of the tests' service.
type own struct {
	Greeting string `env:"GREETING"`
}

// step is a server that notes what is done to it.
type step struct {
	steps *[]string
	fails string
}

func (s step) do(name string) error {
	*s.steps = append(*s.steps, name)
	if s.fails == name {
		return errors.New("no " + name)
	}
	return nil
}

func (s step) Listen(context.Context) error { return s.do("listen") }
func (s step) Serve(context.Context) error  { return s.do("serve") }

// TestRun finds that a service is made, serves and is closed in this order, whatever fails on the way.
func TestRun(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ fails, steps string }{
		{"", "build hello, listen, serve, close second, close first"},
		{"build", "build hello, close second, close first"},
		{"listen", "build hello, listen, close second, close first"},
		{"serve", "build hello, listen, serve, close second, close first"},
		{"close second", "build hello, listen, serve, close second, close first"},
	} {
		var steps []string
		s := step{steps: &steps, fails: tc.fails}
		env := map[string]string{"GREETING": "hello", "DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "ums.db")}
		err := wiring.Run(t.Context(), func(key string) string { return env[key] }, io.Discard,
			func(c own, p *wiring.Process) (wiring.Server, error) {
				steps = append(steps, "build "+c.Greeting)
				p.OnClose(func() error { return s.do("close first") })
				p.OnClose(func() error { return s.do("close second") })
				if b, err := p.OpenBusIfSet(nil); b != nil || err != nil || p.DB == nil || p.Schema.Ready() == nil {
					t.Errorf("the bus is %v, %v; the parts are %+v", b, err, p.Parts)
				}
				if s.fails == "build" {
					return nil, errors.New("no build")
				}
				return s, nil
			})
		if !slices.Equal(steps, strings.Split(tc.steps, ", ")) {
			t.Errorf("%q fails: got %q, want %q", tc.fails, steps, tc.steps)
		}
		if (tc.fails == "") != (err == nil) || err != nil && err.Error() != "no "+tc.fails {
			t.Errorf("%q fails: the error is %v", tc.fails, err)
		}
	}
}
