package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	ums "github.com/glarimy/ums/cmd/ums"
	"github.com/glarimy/ums/cmd/ums/slot"
	"github.com/glarimy/ums/conformance/contract"
)

// TestSkeletonsKeepTheirClauses makes skeletons by the command, starts them as they say themselves, and holds them
// against the clauses that they promise to keep. Every slot is started in Go; in other languages, where they are
// installed, one is. The rest differ in their routes alone.
func TestSkeletonsKeepTheirClauses(t *testing.T) {
	t.Parallel()
	whole := start(t, t.TempDir(), nil)
	for _, tc := range []struct {
		lang, slot string
		needs      [][]string // commands that must succeed, or the skeleton cannot be made ready
		ready      [][]string // make it ready; what they cannot fetch is a reason to skip, but in Go
		serve      []string
	}{
		{lang: "go", slot: "find"}, {lang: "go", slot: "add"}, {lang: "go", slot: "search"}, {lang: "go", slot: "journal"},
		{
			lang: "node", slot: "search", needs: [][]string{{"node", "--version"}},
			ready: [][]string{{"npm", "ci", "--no-audit", "--no-fund"}, {"npm", "test"}}, serve: []string{"node", "src/main.js"},
		},
		{
			lang: "python", slot: "find", needs: [][]string{{"python3", "-c", "import sys, venv; assert sys.version_info >= (3, 11)"}},
			ready: [][]string{
				{"python3", "-m", "venv", ".venv"}, {".venv/bin/pip", "install", "-q", "-r", "requirements.txt"},
				{".venv/bin/python", "-m", "unittest"},
			},
			serve: []string{".venv/bin/python", "-m", "service"},
		},
		{
			lang: "java", slot: "add", needs: [][]string{{"javac", "--release", "17", "--version"}, {"mvn", "--version"}},
			ready: [][]string{{"mvn", "-q", "-B", "package"}},
			serve: []string{"java", "-cp", "target/service.jar:target/lib/*", "ums.Main"},
		},
	} {
		t.Run(tc.lang+"/"+tc.slot, func(t *testing.T) {
			t.Parallel()
			if tc.lang != "go" && testing.Short() {
				t.Skip("fetches packages of other languages, so not with -short")
			}
			for _, command := range tc.needs {
				if out, err := do(t, ".", command); err != nil {
					t.Skipf("%s: %v %s", strings.Join(command, " "), err, out)
				}
			}
			folder := filepath.Join(t.TempDir(), "service")
			newSkeleton(t, tc.lang, tc.slot, folder)
			if tc.lang == "go" {
				tc.ready = [][]string{{"go", "build", "-o", "service", "."}}
				if tc.slot == "add" { // its routes are the most
					tc.ready = append(tc.ready, []string{"go", "vet", "./..."}, []string{"go", "test", "./..."})
				}
				tc.serve = []string{"./service"}
			}
			makeReady(t, tc.lang, folder, tc.ready)
			keepSkeleton(t, contract.Slot(tc.slot), whole.url, serveSkeleton(t, folder, tc.serve))
		})
	}
}

// newSkeleton runs `ums slot new`.
func newSkeleton(t *testing.T, lang, name, folder string) {
	t.Helper()
	var out bytes.Buffer
	args := []string{"slot", "new", "--lang", lang, "--slot", name, "--dir", folder}
	if err := ums.Run(t.Context(), args, func(string) string { return "" }, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if want := "-slot " + name + " -url"; !strings.Contains(out.String(), want) || !strings.Contains(out.String(), slot.Clauses) {
		t.Errorf("it prints\n%s\nwithout how to check it", out.String())
	}
}

// makeReady runs the commands in the folder. Where packages cannot be fetched, the test is skipped with the reason.
func makeReady(t *testing.T, lang, folder string, commands [][]string) {
	t.Helper()
	unreachable := regexp.MustCompile(`(?i)ENOTFOUND|ETIMEDOUT|ECONNREFUSED|EAI_AGAIN|could not resolve host|` +
		`temporary failure in name resolution|No matching distribution|Could not transfer artifact|unknown host`)
	for _, command := range commands {
		out, err := do(t, folder, command)
		switch {
		case err == nil:
		case lang != "go" && unreachable.MatchString(out):
			t.Skipf("the packages of %s cannot be fetched: %s", lang, out)
		default:
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
}

// do runs a command in a folder and returns what it says.
func do(t *testing.T, folder string, command []string) (out string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	content, err := cmd.CombinedOutput()
	return string(content), err
}

// serveSkeleton starts the service until the test ends, and returns its address. It has to end by itself when it is told to.
func serveSkeleton(t *testing.T, folder string, command []string) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil { // the service has to take the port by itself
		t.Fatal(err)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "ADDR="+addr, "DATABASE_URL=", "DATABASE_URL_FILE=", "SHUTDOWN_DELAY=100ms")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { endSkeleton(t, cmd, ended, &log) })
	for limit := time.After(time.Minute); ; {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return "http://" + addr
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the service ended: %v\n%s", err, &log)
		case <-limit:
			t.Fatal("the service does not listen after a minute")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func endSkeleton(t *testing.T, cmd *exec.Cmd, ended chan error, log *bytes.Buffer) {
	t.Helper()
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may be over
	select {
	case err := <-ended:
		exit, _ := errors.AsType[*exec.ExitError](err)
		if err != nil && (exit == nil || exit.ExitCode() != 128+int(syscall.SIGTERM)) { // as a JVM ends
			t.Errorf("the service ended: %v", err)
		}
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		t.Errorf("the service does not end when it is told to, and was killed: %v", <-ended)
	}
	if t.Failed() {
		t.Logf("the service said\n%s", log)
	}
}

// keepSkeleton checks the clauses that a skeleton promises to keep.
func keepSkeleton(t *testing.T, name contract.Slot, whole, url string) {
	t.Helper()
	client, err := contract.NewClient(contract.Options{URL: url, WriteURL: map[bool]string{false: whole}[name == contract.Add]})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Reach(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	promised, checked := regexp.MustCompile(slot.Clauses), 0
	for _, clause := range contract.Clauses(name) {
		if !promised.MatchString(clause.ID) {
			continue
		}
		checked++
		if err := clause.Check(t.Context(), client); err != nil {
			t.Errorf("%s  %s: %v", clause.ID, clause.Says, err)
		}
	}
	if checked < 7 {
		t.Errorf("%d clauses were checked, want probes, errors and methods", checked)
	}
	_, body := call(t, http.MethodGet, url+"/user/KrishnaMohan", "")
	if name == contract.Find && !strings.Contains(body, "#not-implemented") {
		t.Errorf("what is not written yet answers %s", body)
	}
}

// TestSlotNewSaysWhatItWants tries what cannot be done.
func TestSlotNewSaysWhatItWants(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args string
		want string
	}{
		{"", "--lang is missing: choose node, java, python or go"},
		{"--lang go", "--slot is missing: choose find, add, search or journal"},
		{"--lang cobol --slot find", `no skeleton in "cobol"`},
		{"--lang go --slot users", `no slot "users"`},
		{"--lang go --slot find more", `no place for "more"`},
		{"--lang go --slot find --dir " + full, "is not empty"},
	} {
		args := append([]string{"slot", "new"}, strings.Fields(tc.args)...)
		err := ums.Run(t.Context(), args, func(string) string { return "" }, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", fmt.Sprint(args), err, tc.want)
		}
	}
}
