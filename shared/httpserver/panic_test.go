package httpserver_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
)

func TestPanicBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Etag", `"1"`)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", "100000")
		w.Header().Set("Location", "/user/KrishnaMohan")
		panic("the secret of the server")
	}, nil, nil)
	resp, body := s.get(t, "/user/KrishnaMohan")
	checkProblem(t, resp, body, problem.Internal)
	if strings.Contains(body, "secret") || strings.Contains(body, ".go") {
		t.Errorf("the answer tells what is internal: %s", body)
	}
	for _, name := range []string{"Etag", "Content-Encoding", "Location"} {
		if got := resp.Header.Get(name); got != "" {
			t.Errorf("%s of the answer that was to be = %q", name, got)
		}
	}
	panics := s.log.lines(t, "panic")
	if len(panics) != 1 {
		t.Fatalf("log: %s", s.log)
	}
	if p := panics[0]; p["level"] != "ERROR" || p["panic"] != "the secret of the server" ||
		p["request_id"] != resp.Header.Get("X-Request-Id") || !strings.Contains(fmt.Sprint(p["stack"]), "TestPanicBeforeTheAnswer") {
		t.Errorf("log = %v", p)
	}
	if got := s.log.lines(t, "request"); len(got) != 1 || got[0]["status"] != 500.0 {
		t.Errorf("access log = %v", got)
	}
	expectInFlight(t, s.registry, 0)
	if resp, _ := s.get(t, "/livez"); resp.StatusCode != http.StatusOK {
		t.Errorf("after a panic: %s", resp.Status)
	}
}

// TestPanicWithinTheAnswer: half an answer must not look whole.
func TestPanicWithinTheAnswer(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(w http.ResponseWriter){
		"a status":           func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
		"a body":             func(w http.ResponseWriter) { fmt.Fprint(w, "half") },
		"a flush":            func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
		"a body and a flush": func(w http.ResponseWriter) { fmt.Fprint(w, "half"); _ = http.NewResponseController(w).Flush() },
	} {
		for cause, stacks := range map[any]int{"a bug": 1, http.ErrAbortHandler: 0} {
			t.Run(fmt.Sprint(name, "/", cause), func(t *testing.T) {
				t.Parallel()
				s := start(t, func(w http.ResponseWriter, _ *http.Request) { begin(w); panic(cause) }, nil, nil)
				resp, err := s.client.Get(s.url("/"))
				if err == nil {
					defer resp.Body.Close()
					var body []byte
					if body, err = io.ReadAll(resp.Body); err == nil {
						t.Errorf("got a whole answer: %s, %q", resp.Status, body)
					}
					if bytes.Contains(body, []byte("problem")) {
						t.Errorf("a problem within an answer: %q", body)
					}
				}
				if got := len(s.log.lines(t, "panic")); got != stacks {
					t.Errorf("%d stacks in the log, want %d", got, stacks)
				}
				expectInFlight(t, s.registry, 0)
			})
		}
	}
}

func TestEarlyHintsAreNotTheAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		panic("before the answer")
	}, nil, nil)
	resp, body := s.get(t, "/")
	checkProblem(t, resp, body, problem.Internal)
}
