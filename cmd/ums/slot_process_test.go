package main_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/servicetest"
)

// idleConnections is how many connections a skeleton has to keep open: as many as the gateway keeps to one instance.
const idleConnections = 256

// gatewayIdle is how long the gateway keeps an idle connection, in seconds.
const gatewayIdle = 90

// missing skips t, or fails it where REQUIRE_FILLINGS=1 says that nothing may be missing.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("REQUIRE_FILLINGS") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// makeReady runs the commands in the folder. Packages that cannot be fetched are missing; one that is not there is a fault of
// the skeleton's.
func makeReady(t *testing.T, lang, folder string, commands [][]string) {
	t.Helper()
	unreachable := regexp.MustCompile(`(?i)ENOTFOUND|ETIMEDOUT|ECONNREFUSED|EAI_AGAIN|could not resolve host|` +
		`temporary failure in name resolution|failed to establish a new connection|Could not transfer artifact|unknown host`)
	for _, command := range commands {
		out, err := do(t, folder, command)
		switch {
		case err == nil:
		case lang != "go" && unreachable.MatchString(out):
			missing(t, "the packages of %s cannot be fetched: %s", lang, out)
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

// serveSkeleton starts the service until the test ends, at a port that it chooses and logs, and returns its URL. It has to
// end by itself when it is told to.
func serveSkeleton(t *testing.T, folder string, command []string, env ...string) (url string) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "ADDR=127.0.0.1:0", "DATABASE_URL_FILE=", "DATABASE_PASSWORD=", "SHUTDOWN_DELAY=100ms")
	cmd.Env = append(cmd.Env, env...)
	log := &skeletonLog{at: make(chan string, 1)}
	output, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go log.read(output)
	go func() {
		err := cmd.Wait()
		_ = writer.Close()
		ended <- err
	}()
	t.Cleanup(func() { endSkeleton(t, cmd, ended, log) })
	select {
	case addr := <-log.at:
		return "http://" + addr
	case err := <-ended:
		ended <- err
		t.Fatalf("the service ended: %v\n%s", err, log)
	case <-time.After(time.Minute):
		t.Fatal("the service does not listen after a minute")
	}
	return ""
}

// skeletonLog keeps what a skeleton logs, and finds its address in it.
type skeletonLog struct {
	at    chan string
	mu    sync.Mutex
	lines []string
}

func (l *skeletonLog) read(output io.Reader) {
	listening := regexp.MustCompile(`listening.*?(127\.0\.0\.1:[1-9][0-9]*)`)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			l.at <- found[1]
		}
		l.mu.Lock()
		l.lines = append(l.lines, lines.Text())
		l.mu.Unlock()
	}
}

func (l *skeletonLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

func endSkeleton(t *testing.T, cmd *exec.Cmd, ended chan error, log *skeletonLog) {
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

// holdIdle opens as many connections as the gateway keeps, asks on each, and asks on each again: none may wait to be
// accepted, and none be closed while it is idle.
func holdIdle(t *testing.T, at string) {
	t.Helper()
	target, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	connections := make([]net.Conn, idleConnections)
	readers := make([]*bufio.Reader, idleConnections)
	for i := range connections {
		if connections[i], err = net.DialTimeout("tcp", target.Host, 10*time.Second); err != nil {
			t.Fatalf("connection %d: %v", i+1, err)
		}
		defer func() { _ = connections[i].Close() }()
		if err := connections[i].SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		readers[i] = bufio.NewReader(connections[i])
	}
	for _, round := range []string{"first", "second"} {
		for i, connection := range connections {
			if err := askForLife(connection, readers[i]); err != nil {
				t.Fatalf("the %s request on connection %d of %d that are open: %v", round, i+1, idleConnections, err)
			}
		}
	}
}

// askForLife asks whether the process lives, on a connection that stays open.
func askForLife(connection net.Conn, reader *bufio.Reader) error {
	if _, err := io.WriteString(connection, "GET /livez HTTP/1.1\r\nHost: skeleton\r\n\r\n"); err != nil {
		return err
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || response.Close {
		return errors.New("the answer is " + response.Status + ", or ends the connection")
	}
	var seconds int
	if kept := response.Header.Get("Keep-Alive"); kept != "" {
		if _, err := fmt.Sscanf(kept, "timeout=%d", &seconds); err != nil || seconds <= gatewayIdle {
			return fmt.Errorf("the connection is kept for %q; the gateway keeps its own for %d s", kept, gatewayIdle)
		}
	}
	return nil
}

// waitsForTheSchema starts the service on a database that another program has migrated.
func waitsForTheSchema(t *testing.T, db *enginetest.SQL, folder string, command []string) {
	t.Helper()
	at := serveSkeleton(t, folder, command, "DATABASE_URL="+db.URL)
	servicetest.Eventually(t, "the skeleton is ready", func() bool {
		status, _ := call(t, http.MethodGet, at+"/readyz", "")
		return status == http.StatusOK
	})
}
