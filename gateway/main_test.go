package gateway_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/shared/httpserver"
)

// environment is a getenv over a map.
func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestCommand_check(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("version: 1\nroute: []\nupstreams: {find: {url: \"${A}\"}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		file, wantOut, wantErr string
	}{
		"right": {"gateway.yaml", "gateway.yaml: OK\n", ""},
		"wrong": {bad, bad + ":1: the file has no \"routes\"\n" +
			bad + ":2: unknown key \"route\" in the file; did you mean \"routes\"?\n" +
			bad + ":3: the url of upstream find: the environment variable A is not set, and ${A} gives no default\n",
			bad + " has 3 faults"},
		"absent": {"nowhere.yaml", "", "read the gateway's configuration: open nowhere.yaml: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := gateway.Main(t.Context(), []string{"check", tt.file}, environment(nil), &out)
			if out.String() != tt.wantOut {
				t.Errorf("prints %q, want %q", out.String(), tt.wantOut)
			}
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || err.Error() != tt.wantErr) {
				t.Errorf("error %v, want %q", err, tt.wantErr)
			}
		})
	}
}

func TestCommand_routes(t *testing.T) {
	t.Parallel()
	const want = `METHODS        PATH                   SERVED BY                              FIRST BYTE WITHIN  BODY UP TO  SCOPES
POST           /user                  add http://add:8080                    10s                64 KiB      users:write
GET, HEAD      /user                  search http://search:8080              10s                none        users:read
GET, HEAD      /user/{name}           find http://127.0.0.1:81               5s                 none        users:read
PATCH, DELETE  /user/{name}           add http://add:8080                    10s                64 KiB      users:write
GET, HEAD      /journal               journal http://journal:8080            10s                none        journal:read
GET, HEAD      /journal/stream        journal http://journal:8080            any time           none        journal:read
GET, HEAD      /journal/{id}          journal http://journal:8080            5s                 none        journal:read
GET, HEAD      /user/{name}/overview  gateway: find in 3s + [journal in 1s]  3s                 none        users:read, journal:read
GET, HEAD      /openapi.json          gateway: openapi                       -                  none        -
GET, HEAD      /docs                  gateway: docs                          -                  none        -
`
	for _, args := range [][]string{{"routes"}, {"routes", "gateway.yaml"}} {
		var out strings.Builder
		env := environment(map[string]string{"FIND_URL": "http://127.0.0.1:81"})
		if err := gateway.Main(t.Context(), args, env, &out); err != nil || out.String() != want {
			t.Errorf("%q: %v\n%s\nwant\n%s", args, err, out.String(), want)
		}
	}
}

// TestCommand_routes_rare checks the columns that only some configurations have, and that the limits' Redis, whose URL
// holds a password, is not printed.
func TestCommand_routes_rare(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(file, []byte("version: 1\nrate_limit_redis: redis://:secret@redis\n"+
		"rate_limits: {some: {rate: 1/s, burst: 1}}\n"+
		"upstreams: {find: {urls: [http://a, http://b], limit: {max: 8}}, add: {url: http://c}, search: {url: http://d, limit: off}}\nroutes:\n"+
		"  - {path: /a, methods: [GET], upstream: find, timeout: 1s, rate_limit: some, stale_if_error: 1m}\n"+
		"  - {path: /a, methods: [PUT], upstream: add, timeout: 1s}\n"+
		"  - {path: /b, methods: [GET], upstream: search, timeout: 1s}\n"+
		"  - {path: /docs, methods: [GET], respond: docs}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const want = `METHODS    PATH   SERVED BY                FIRST BYTE WITHIN  BODY UP TO  RATE LIMIT  RETRIES  AT A TIME    STALE UP TO
GET, HEAD  /a     find http://a, http://b  1s                 none        some        2        8            1m0s
PUT        /a     add http://c             1s                 none        -           -        256 to 4096  -
GET, HEAD  /b     search http://d          1s                 none        -           -        any number   -
GET, HEAD  /docs  gateway: docs            -                  none        -           -        -            -
`
	var out strings.Builder
	if err := gateway.Main(t.Context(), []string{"routes", file}, environment(nil), &out); err != nil || out.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out.String(), want)
	}
}

func TestCommand_usage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"chekc"}, {"check"}, {"check", "a", "b"}, {"check", "--json"}, {"routes", "a", "b"}, {"schema", "a"}} {
		if err := gateway.Main(t.Context(), args, environment(nil), io.Discard); err == nil || !strings.Contains(err.Error(), "usage: gateway") {
			t.Errorf("%q: %v, want the usage", args, err)
		}
	}
	var out strings.Builder
	if err := gateway.Main(t.Context(), []string{"help"}, environment(nil), &out); err != nil || !strings.HasPrefix(out.String(), "usage: gateway") {
		t.Errorf("help: %v, %q", err, out.String())
	}
}

// TestMain_serve runs the whole program: it takes a free port, proxies, is ready, and stops without losing a request.
func TestCommand_serve(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log, ended := new(syncBuffer), make(chan error, 1)
	go func() {
		ended <- gateway.Main(ctx, nil, environment(map[string]string{
			"ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off", "FIND_URL": upstream.url, "ADD_URL": refusedURL,
		}), log)
	}()
	var addr string
	waitFor(t, func() bool {
		addr = log.addr()
		return addr != ""
	})
	for target, want := range map[string]int{
		"/user/..%2f..x": http.StatusOK, "/readyz": http.StatusOK, "/livez": http.StatusOK, "/nowhere": http.StatusNotFound,
	} {
		if res := roundTrip(t, addr, "GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != want {
			t.Errorf("%s: %d %s, want %d", target, res.StatusCode, res.body, want)
		}
	}
	if got := target(upstream.last(t)); got != "/user/..%2f..x" {
		t.Errorf("the upstream got %q", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the end: %v", err)
	}
}

// TestCommand_stopEndsStreams checks that a stop does not wait for clients who listen to a stream, and that what they
// have heard ends whole.
func TestCommand_stopEndsStreams(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstreamFunc(t, func(conn net.Conn, r *bufio.Reader) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"+
			"9\r\ndata: 1\n\n\r\n")
		_, _ = r.ReadByte() // until the gateway hangs up
		return false
	})
	routes := mustLoad(t, everySlotAt(upstream.url))
	service, err := gateway.New(httpserver.Config{Addr: "127.0.0.1:0", AdminAddr: "off", ShutdownTimeout: time.Minute},
		gateway.Dependencies{Routes: routes, Logger: slog.New(slog.DiscardHandler), Registry: httpserver.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if err := service.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- service.Serve(ctx) }()
	client := dialRaw(t, service.Addr())
	client.write(t, "GET /journal/stream HTTP/1.1\r\nHost: h\r\n\r\n")
	res, err := http.ReadResponse(client.reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	event := make([]byte, len("data: 1\n\n"))
	if _, err := io.ReadFull(res.Body, event); err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	stop()
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) != 0 {
		t.Errorf("the stream goes on with %q and ends with %v, want a whole end", rest, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the end: %v", err)
	}
}

func TestCommand_wrongEnvironment(t *testing.T) {
	t.Parallel()
	for want, vars := range map[string]map[string]string{
		"SHUTDOWN_DELAY": {"SHUTDOWN_DELAY": "soon"},
		"LOG_FORMAT":     {"LOG_FORMAT": "xml"},
		"gateway.yaml:9": {"FIND_URL": "find:8080"},
		"nowhere.yaml":   {"GATEWAY_CONFIG": "nowhere.yaml"},
		"ACCESS_LOG":     {"ACCESS_LOG": "some"},
	} {
		err := gateway.Main(t.Context(), nil, environment(vars), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want an error about %s", vars, err, want)
		}
	}
}
