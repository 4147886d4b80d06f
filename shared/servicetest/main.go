package servicetest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/program"
)

// Main runs a service as its program does, on a free port and with these variables, until stop is called or tb ends. It
// returns the URL at which the service serves. stop fails tb if the service ends with an error.
func Main(tb testing.TB, main program.Run, env map[string]string) (url string, stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	tb.Cleanup(cancel)
	logs, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := main(ctx, nil, getenv(env), stdout)
		_ = stdout.Close()
		ended <- err
	}()
	return "http://" + servingAt(tb, logs), func() {
		tb.Helper()
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("it ended with: %v", err)
		}
	}
}

// getenv returns the variables of a test's service; what tells nothing of its own is chosen for a test.
func getenv(env map[string]string) func(string) string {
	all := map[string]string{"ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off", "LOG_FORMAT": "json"}
	maps.Copy(all, env)
	return func(name string) string { return all[name] }
}

// servingAt returns the address that a service logs, and reads on so that it never waits for a reader.
func servingAt(tb testing.TB, logs io.Reader) string {
	tb.Helper()
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		var line struct{ Msg, Addr string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			tb.Fatalf("the log line %q: %v", lines.Text(), err)
		}
		if line.Msg == "serving" {
			go func() { _, _ = io.Copy(io.Discard, logs) }()
			return line.Addr
		}
	}
	tb.Fatal("it ended before it served")
	return ""
}

// Refuses runs a service as its program does with each of some refusals, which are a variable, a value of it with which the
// service does not start, and what its error then tells; and with what no service takes. All other variables are right.
// It fails t unless the service tells what is wrong, without any of the secrets.
func Refuses(t *testing.T, main program.Run, right map[string]string, secrets []string, refusals [][3]string) {
	t.Helper()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	for _, r := range append(refusals, [][3]string{
		{"DATABASE_URL", "", "DATABASE_URL is not set"},
		{"DATABASE_URL", "postgres://rao:s3cret@db/ums", "mysql://"},
		{"LOG_FORMAT", "xml", "LOG_FORMAT"},
		{"LOG_LEVEL", "loud", "LOG_LEVEL"},
		{"ACCESS_LOG", "some", "ACCESS_LOG"},
		{"ADDR", taken.Addr().String(), taken.Addr().String()},
	}...) {
		variable, value, want := r[0], r[1], r[2]
		t.Run(variable+"="+value, func(t *testing.T) {
			t.Parallel()
			env := maps.Clone(right)
			env[variable] = value
			err := main(t.Context(), nil, getenv(env), io.Discard)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error = %v, want one that tells of %s", err, want)
				return
			}
			for _, secret := range append([]string{"s3cret"}, secrets...) {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error tells %q: %v", secret, err)
				}
			}
		})
	}
}
