package main_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ums "github.com/glarimy/ums/cmd/ums"
	"github.com/glarimy/ums/shared/servicetest"
)

const draft = `{"name":"KrishnaMohan","phone":9731423166}`

func TestUpKeepsItsData(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "a folder", "that is not there")
	first := start(t, data, nil)
	if status, body := call(t, http.MethodPost, first.url+"/user", draft); status != http.StatusCreated {
		t.Fatalf("POST = %d %s", status, body)
	}
	_, want := call(t, http.MethodGet, first.url+"/user/KrishnaMohan", "")
	if !strings.HasPrefix(want, `{"name":"KrishnaMohan","phone":9731423166,"since":"`) {
		t.Errorf("GET = %s", want)
	}
	if err := first.stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}

	second := start(t, data, nil)
	if status, got := call(t, http.MethodGet, second.url+"/user/KrishnaMohan", ""); status != http.StatusOK || got != want {
		t.Errorf("after a restart GET = %d %s, want %s", status, got, want)
	}
	if err := second.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// TestUpRoutes calls every route of the public API once, so that none is forgotten.
func TestUpRoutes(t *testing.T) {
	t.Parallel()
	const overview = "/user/KrishnaMohan/overview"
	i := start(t, t.TempDir(), nil)
	for _, tc := range []struct {
		method, path, body string
		want               int
		says               string // part of the body
	}{
		{http.MethodPost, "/user", draft, http.StatusCreated, `"KrishnaMohan"`},
		{http.MethodGet, "/user/KrishnaMohan", "", http.StatusOK, `"KrishnaMohan"`},
		{http.MethodHead, "/user/KrishnaMohan", "", http.StatusOK, ""},
		{http.MethodGet, overview, "", http.StatusOK, `"parts":{"user":{"status":200},"activity":{"status":200}}`},
		{http.MethodPatch, "/user/KrishnaMohan", `{"phone":9731423167}`, http.StatusOK, "9731423167"},
		{http.MethodGet, "/user?name_prefix=Kri", "", http.StatusOK, `{"users":[{"name":"KrishnaMohan"`},
		{http.MethodHead, "/user?name_prefix=Kri", "", http.StatusOK, ""},
		{http.MethodGet, "/user?offset=1", "", http.StatusBadRequest, "#invalid-parameter"},
		{http.MethodDelete, "/user/KrishnaMohan", "", http.StatusNoContent, ""},
		{http.MethodGet, "/user/KrishnaMohan", "", http.StatusNotFound, "#user-not-found"},
		{http.MethodGet, overview, "", http.StatusNotFound, "#user-not-found"},
		{http.MethodGet, "/journal?user=KrishnaMohan", "", http.StatusOK, `{"events":[`},
		{http.MethodGet, "/journal?offset=1", "", http.StatusBadRequest, "#invalid-parameter"},
		{http.MethodGet, "/journal/1", "", http.StatusNotFound, "#event-not-found"},
		{http.MethodHead, "/journal/stream", "", http.StatusOK, ""},
		{http.MethodGet, "/journal/stream?type=", "", http.StatusBadRequest, "#invalid-parameter"},
		{http.MethodGet, "/openapi.json", "", http.StatusOK, `"openapi":"3.1`},
		{http.MethodGet, "/docs", "", http.StatusOK, "</html>"},
		{http.MethodGet, "/livez", "", http.StatusOK, "ok"},
		{http.MethodGet, "/readyz", "", http.StatusOK, "ok"},
		{http.MethodGet, "/users", "", http.StatusNotFound, "#route-not-found"},
		{http.MethodPut, "/user/KrishnaMohan", draft, http.StatusMethodNotAllowed, "#method-not-allowed"},
	} {
		var (
			status int
			body   string
		)
		right := func() bool {
			status, body = call(t, tc.method, i.url+tc.path, tc.body)
			return status == tc.want && strings.Contains(body, tc.says)
		}
		if tc.path == overview { // which does without the journal's part where that takes more than a second
			eventually(t, "all of "+tc.path, right)
		} else if !right() {
			t.Errorf("%s %s = %d %s, want %d and %q", tc.method, tc.path, status, body, tc.want, tc.says)
		}
	}
}

// TestUpReloads changes the gateway's configuration while everything runs.
func TestUpReloads(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "gateway.yaml")
	write := func(path string) {
		t.Helper()
		text := "version: 1\nupstreams: {find: {url: \"${FIND_URL}\"}}\nroutes: [{path: " + path + ", methods: [GET], respond: docs}]\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("/before")
	i := start(t, t.TempDir(), map[string]string{"GATEWAY_CONFIG": file})
	answers := func(path string) int {
		status, _ := call(t, http.MethodGet, i.url+path, "")
		return status
	}
	if status := answers("/before"); status != http.StatusOK {
		t.Fatalf("/before = %d", status)
	}
	write("/after")
	servicetest.Eventually(t, "the changed configuration", func() bool { return answers("/after") == http.StatusOK })
	if status := answers("/before"); status != http.StatusNotFound {
		t.Errorf("/before = %d after the change, want 404", status)
	}
}

// TestUpSlotElsewhere puts another program into a slot by one variable.
func TestUpSlotElsewhere(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "found elsewhere: "+r.URL.EscapedPath())
	}))
	t.Cleanup(other.Close)
	file := filepath.Join(t.TempDir(), "find-url")
	if err := os.WriteFile(file, []byte(other.URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i := start(t, t.TempDir(), map[string]string{"FIND_URL_FILE": file})
	if want := ", FIND_URL: " + other.URL + ")"; !strings.Contains(i.says, want) {
		t.Errorf("it says %q, and not %q", i.says, want)
	}
	status, body := call(t, http.MethodGet, i.url+"/user/Krishna%2FMohan", "")
	if status != http.StatusOK || body != "found elsewhere: /user/Krishna%2FMohan" {
		t.Errorf("GET = %d %s", status, body)
	}
	if status, body := call(t, http.MethodPost, i.url+"/user", draft); status != http.StatusCreated {
		t.Errorf("POST = %d %s", status, body)
	}
}

// TestUpRefuses reads the messages as an operator does: one line that says what to do.
func TestUpRefuses(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	busy := t.TempDir()
	start(t, busy, nil)

	for name, tc := range map[string]struct {
		args []string
		env  map[string]string
		want string // part of the message
	}{
		"taken port":         {args: []string{"-addr", taken.Addr().String()}, want: "is taken"},
		"taken admin port":   {args: []string{"-admin-addr", taken.Addr().String()}, want: "is taken"},
		"no such address":    {args: []string{"-addr", "127.0.0.1:http-alt-alt"}, want: "listen on 127.0.0.1:http-alt-alt"},
		"data is a file":     {args: []string{"-data", file}, want: "make the data folder " + file + ": not a directory"},
		"data below a file":  {args: []string{"-data", file + "/x"}, want: "not a directory; choose another with -data"},
		"data in use":        {args: []string{"-data", busy}, want: "another ums runs on the data folder " + busy},
		"unknown flag":       {args: []string{"-prot", "1"}, want: "-prot"},
		"argument":           {args: []string{"now"}, want: `up takes no argument "now"`},
		"wrong duration":     {env: map[string]string{"SHUTDOWN_DELAY": "15"}, want: "SHUTDOWN_DELAY is not a valid duration"},
		"wrong database":     {env: map[string]string{"DATABASE_URL": "postgres://x"}, want: "must begin with mysql:// or sqlite://"},
		"wrong cursor key":   {env: map[string]string{"CURSOR_KEYS": "c2VjcmV0"}, want: "CURSOR_KEYS: key 1 of the list has 6 bytes"},
		"no search timeout":  {env: map[string]string{"SEARCH_TIMEOUT": "0s"}, want: "SEARCH_TIMEOUT is 0s"},
		"wrong redis":        {env: map[string]string{"REDIS_URL": "http://x"}, want: "REDIS_URL"},
		"wrong bus":          {env: map[string]string{"EVENTS_URL": "http://x"}, want: "EVENTS_URL must begin with redis://"},
		"wrong relay":        {env: map[string]string{"RELAY": "no"}, want: `RELAY is "no": give on or off`},
		"wrong lease time":   {env: map[string]string{"RELAY_LEASE_TIME": "1ms"}, want: "RELAY_LEASE_TIME is 1ms"},
		"replicas":           {env: map[string]string{"REDIS_URL": "redis://x?addr=y:1&read_only=true"}, want: "read_only"},
		"wrong log format":   {env: map[string]string{"LOG_FORMAT": "xml"}, want: "LOG_FORMAT"},
		"wrong access log":   {env: map[string]string{"ACCESS_LOG": "some"}, want: "ACCESS_LOG"},
		"no gateway.yaml":    {env: map[string]string{"GATEWAY_CONFIG": file + "-absent"}, want: "no such file"},
		"empty gateway.yaml": {env: map[string]string{"GATEWAY_CONFIG": file}, want: file},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"up", "-addr", "127.0.0.1:0", "-admin-addr", "off", "-data", t.TempDir()}, tc.args...)
			var stdout, stderr bytes.Buffer
			err := ums.Run(t.Context(), args, func(key string) string { return tc.env[key] }, &stdout, &stderr)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error = %v, want %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the message has more than one line: %q", err)
			}
			if stdout.Len() > 0 {
				t.Errorf("it printed %q, as if it had started", stdout.String())
			}
		})
	}
}

func TestUpDefaultCommand(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	args := []string{"-addr", taken.Addr().String(), "-data", t.TempDir()}
	err = ums.Run(t.Context(), args, func(string) string { return "" }, &stdout, &stderr)
	if err == nil || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("without a command, error = %v, want that of up", err)
	}
}

func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	err := ums.Run(t.Context(), []string{"upp"}, func(string) string { return "" }, &stdout, &stderr)
	if err == nil || !strings.Contains(err.Error(), `"upp"`) {
		t.Errorf("error = %v, want one that names the command", err)
	}
}
