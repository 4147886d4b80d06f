package safety_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/glarimy/ums/gateway" // so that go test keeps no result of another gateway than this
	"github.com/glarimy/ums/gateway/safety"
)

// program is the gateway's program. Tests build it once, unless TEST_GATEWAY_PROGRAM names one that is there.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if program = os.Getenv("TEST_GATEWAY_PROGRAM"); program != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "gateway-safety-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "gateway")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/gateway").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the gateway: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// gateway is the real program, running.
type gateway struct{ addr, tlsAddr string }

// configuration returns a gateway.yaml for a suite.
func configuration(routes []safety.Route) string {
	var upstreams, table strings.Builder
	for _, r := range routes {
		timeout := 10 * time.Second // a machine that stands still for a while keeps it, and the suite waits longer
		if r.Late {
			timeout = 2 * time.Second
		}
		fmt.Fprintf(&upstreams, "  %s: {url: \"http://%s\"}\n", r.Slot, r.Addr)
		fmt.Fprintf(&table, "  - {path: \"/%s/{name}\", methods: [GET, DELETE], upstream: %s, timeout: %s}\n", r.Slot, r.Slot, timeout)
		fmt.Fprintf(&table, "  - {path: \"/%s/{name}\", methods: [POST, PUT, PATCH], upstream: %s, timeout: %s, body: %dKiB}\n",
			r.Slot, r.Slot, timeout, safety.BodyLimit>>10)
	}
	return "version: 1\nupstreams:\n" + upstreams.String() + "routes:\n" + table.String()
}

// startGateway starts the program with a configuration and more of an environment, and waits until it listens.
func startGateway(tb testing.TB, routes []safety.Route, env ...string) gateway {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "gateway.yaml")
	if err := os.WriteFile(file, []byte(configuration(routes)), 0o600); err != nil {
		tb.Fatal(err)
	}
	log, err := os.Create(filepath.Join(tb.TempDir(), "log"))
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append([]string{
		"ADDR=127.0.0.1:0", "ADMIN_ADDR=off", "GATEWAY_CONFIG=" + file, "ACCESS_LOG=off",
		"SHUTDOWN_TIMEOUT=1m", // longer than stop waits
	}, env...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		stop(tb, cmd)
		if text, _ := os.ReadFile(log.Name()); strings.Contains(string(text), "panic") {
			tb.Errorf("the gateway has panicked:\n%s", text)
		} else if tb.Failed() {
			tb.Logf("what the gateway says:\n%s", text)
		}
		_ = log.Close()
	})
	for began := time.Now(); ; {
		text, err := os.ReadFile(log.Name())
		if g, ok := serving(text); ok {
			return g
		}
		if time.Since(began) > 30*time.Second {
			tb.Fatalf("the gateway does not say that it serves: %v\n%s", err, text)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// serving finds in the log where the gateway listens.
func serving(log []byte) (gateway, bool) {
	for line := range bytes.Lines(log) {
		var record struct {
			Msg     string `json:"msg"`
			Addr    string `json:"addr"`
			TLSAddr string `json:"tls_addr"`
		}
		if json.Unmarshal(line, &record) == nil && record.Msg == "serving" {
			return gateway{addr: record.Addr, tlsAddr: record.TLSAddr}, true
		}
	}
	return gateway{}, false
}

// stop has the gateway end as an orchestrator does. With its clients gone, it has nothing to wait for but the last second in
// which it looks whether they are; if it waits all the same, it says where.
func stop(tb testing.TB, cmd *exec.Cmd) {
	tb.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		if err != nil {
			tb.Errorf("the gateway ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		tb.Error("the gateway has not ended within 30 s of SIGTERM")
		_ = cmd.Process.Signal(syscall.SIGQUIT) // its goroutines go to the log
		tb.Logf("it then ended with %v", <-ended)
	}
}

func (g gateway) dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", g.addr)
}

func newSuite(tb testing.TB, cases []safety.Case) *safety.Suite {
	tb.Helper()
	suite, err := safety.NewSuite(tb.Context(), cases)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = suite.Close() })
	return suite
}

// runAll runs every case as a test of its own.
func runAll(t *testing.T, suite *safety.Suite, dial safety.Dial) {
	t.Helper()
	for i, c := range suite.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := suite.Run(t.Context(), i, dial); err != nil {
				t.Errorf("%v\n  the client: %s\n  the upstream: %s\n  may reach it: %s\n  why: %s",
					err, c.Client, c.Serve.Says, c.Reach.Says, c.Why)
			}
		})
	}
}

// TestCleartext runs the table against the gateway's cleartext listener.
func TestCleartext(t *testing.T) {
	t.Parallel()
	suite := newSuite(t, safety.Cases())
	runAll(t, suite, startGateway(t, suite.Routes()).dial)
}
