package examples_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/glarimy/ums/conformance/contract"
	"github.com/glarimy/ums/conformance/contracttest"
	"github.com/glarimy/ums/shared/cursor"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/openapitest"
	"github.com/glarimy/ums/shared/servicetest"
)

// filling is a program that fills a slot.
type filling struct {
	slot     contract.Slot
	variable string            // that tells the gateway where the slot is filled
	folder   string            // in which the command starts
	command  []string          // with its arguments
	env      map[string]string // beside what every filling is given
	lag      time.Duration     // how long a change may take to be seen in find: 0, or longer where add does not fence
}

// stopTime is how long a filling may take to stop.
const stopTime = 30 * time.Second

// keepsTheContract starts the filling on a database of its own, with the gateway and our other services around it, and
// checks every clause of the slot: by the gateway, and on the filling itself, which gets what a gateway would refuse.
func (f filling) keepsTheContract(t *testing.T) {
	t.Helper()
	database := enginetest.MySQL(t)
	url := f.start(t, database.URL)
	gateway := startSystem(t, map[string]string{"DATABASE_URL": database.URL, f.variable: url})
	servicetest.Eventually(t, "the filling is ready", func() bool {
		status, _ := get(t, url+"/readyz")
		return status == http.StatusOK
	})
	t.Run("schema", func(t *testing.T) {
		t.Parallel()
		f.waitsForTheSchema(t)
	})
	t.Run("gateway", func(t *testing.T) {
		f.isServedBy(t, gateway)
	})
	t.Run("alone", func(t *testing.T) {
		contracttest.RunWith(t, f.slot, contract.Options{URL: url, WriteURL: gateway, Lag: f.lag})
	})
}

// isServedBy checks the slot behind the gateway, and each answer on the way against the OpenAPI document of the whole, in
// which the slot's part is what the filling says of itself.
func (f filling) isServedBy(t *testing.T, gateway string) {
	t.Helper()
	var body []byte
	servicetest.Eventually(t, "the gateway's description of the slot is the one that the filling serves", func() bool {
		_, body = get(t, gateway+"/openapi.json") // who is too slow for the gateway's patience is asked again later
		var told struct {
			Sources map[string]string `json:"x-sources"`
		}
		return json.Unmarshal(body, &told) == nil && told.Sources[string(f.slot)] == "served"
	})
	document := openapitest.MustLoad(t, body)
	contracttest.RunWith(t, f.slot, contract.Options{URL: gateway, Lag: f.lag, Observe: func(e contract.Exchange) {
		err := document.Check(openapitest.Exchange{
			Method: e.Method, Target: e.Target, RequestHeader: e.RequestHeader, RequestBody: e.RequestBody,
			Status: e.Status, Header: e.Header, Body: e.Body,
		})
		if err != nil {
			t.Errorf("not as the OpenAPI document promises: %v", err)
		}
	}})
}

// start runs the filling on a free port until t ends, and fails t if it does not stop well on SIGTERM. It returns its URL.
func (f filling) start(t *testing.T, databaseURL string) string {
	t.Helper()
	command := exec.CommandContext(context.WithoutCancel(t.Context()), f.command[0], f.command[1:]...)
	command.Dir = f.folder
	command.Env = append(os.Environ(), "ADDR=127.0.0.1:0", "ADMIN_ADDR=off", "DATABASE_URL="+databaseURL, "CURSOR_KEYS="+cursor.NewKey())
	for name, value := range f.env {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stderr = &testLog{t: t}
	command.WaitDelay = time.Second // what a child of its own holds open is not waited for
	stdout, writer := io.Pipe()
	command.Stdout = writer
	if err := command.Start(); err != nil {
		t.Fatalf("start %v: %v", f.command, err)
	}
	ended := make(chan error, 1)
	go func() {
		err := command.Wait()
		_ = writer.Close()
		ended <- err
	}()
	t.Cleanup(func() { stop(t, command.Process, ended) })
	return "http://" + servingAt(t, stdout)
}

func stop(t *testing.T, process *os.Process, ended <-chan error) {
	t.Helper()
	if err := process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stop the filling: %v", err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the filling ended with: %v", err)
		}
	case <-time.After(stopTime):
		t.Errorf("the filling has not stopped %s after SIGTERM", stopTime)
		_ = process.Kill()
		t.Logf("killed: %v", <-ended)
	}
}

// servingAt reads log lines in JSON until one says {"msg": "serving", "addr": "127.0.0.1:34567"}. It reads on afterwards,
// so that the filling never waits for a reader.
func servingAt(t *testing.T, logs io.Reader) string {
	t.Helper()
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		var line struct{ Msg, Addr string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			go func() { _, _ = io.Copy(io.Discard, logs) }()
			return line.Addr
		}
		t.Log(lines.Text())
	}
	t.Fatal("the filling ended before it served")
	return ""
}

// get asks for a URL.
func get(t *testing.T, url string) (status int, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: servicetest.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

// testLog shows what a program writes with the test that it belongs to.
type testLog struct{ t *testing.T }

func (l *testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}
