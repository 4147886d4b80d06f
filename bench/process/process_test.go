package process_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/bench/process"
)

// TestMain lets this program be the servers that its tests start: the first argument says which.
func TestMain(m *testing.M) {
	if len(os.Args) != 3 {
		os.Exit(m.Run())
	}
	mode, addr := os.Args[1], os.Args[2]
	if mode == "broken" {
		fmt.Fprintln(os.Stdout, "cannot go on")
		os.Exit(1)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		os.Exit(1)
	}
	go func() {
		for { // whoever connects makes it work until they leave
			conn, err := l.Accept()
			if err != nil {
				return
			}
			gone := make(chan struct{})
			go func() {
				_, _ = io.Copy(io.Discard, conn)
				close(gone)
			}()
			for busy := true; busy; {
				select {
				case <-gone:
					busy = false
				default:
				}
			}
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
	if mode == "stubborn" {
		select {}
	}
	os.Exit(0)
}

func start(t *testing.T, mode string, grace time.Duration) *process.Process {
	t.Helper()
	addr, err := process.FreeAddr(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := process.Start(process.Command{
		Name: mode, Path: self, Args: []string{mode, addr}, Addr: addr, Grace: grace,
	}, t.TempDir())
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	return p
}

func dial(ctx context.Context, p *process.Process) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", p.Addr)
}

func listens(p *process.Process) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := dial(ctx, p)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

func TestStopEndsTheServer(t *testing.T) {
	t.Parallel()
	p := start(t, "willing", time.Minute)
	if err := p.Wait(t.Context(), listens(p)); err != nil {
		t.Fatalf("Wait: %v", err)
	}
	for range 2 {
		if err := p.Stop(); err != nil {
			t.Errorf("Stop: %v", err)
		}
	}
	if err := listens(p)(t.Context()); err == nil {
		t.Error("the server is still there after Stop")
	}
}

func TestStopKillsAServerThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	p := start(t, "stubborn", 50*time.Millisecond)
	if err := p.Wait(t.Context(), listens(p)); err != nil {
		t.Fatalf("Wait: %v", err)
	}
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("Stop: got error %v, want one that tells that it was killed", err)
	}
	if err := listens(p)(t.Context()); err == nil {
		t.Error("the server is still there after Stop")
	}
}

func TestWaitTellsWhyThereIsNoServer(t *testing.T) {
	t.Parallel()
	t.Run("ended", func(t *testing.T) {
		t.Parallel()
		p := start(t, "broken", time.Minute)
		if err := p.Wait(t.Context(), listens(p)); err == nil || !strings.Contains(err.Error(), "cannot go on") {
			t.Errorf("got error %v, want one with the last that the server has printed", err)
		}
	})
	t.Run("never ready", func(t *testing.T) {
		t.Parallel()
		p := start(t, "willing", time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		reason := errors.New("not yet")
		if err := p.Wait(ctx, func(context.Context) error { return reason }); !errors.Is(err, reason) {
			t.Errorf("got error %v, want one that wraps %v", err, reason)
		}
	})
}

func TestStartTellsOfAMissingProgram(t *testing.T) {
	t.Parallel()
	if _, err := process.Start(process.Command{Name: "nothing", Path: "/nowhere/nothing"}, t.TempDir()); err == nil {
		t.Error("got no error")
	}
}

func TestCPUGrowsWithWork(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the CPU time of another process")
	}
	p := start(t, "willing", time.Minute)
	if err := p.Wait(t.Context(), listens(p)); err != nil {
		t.Fatalf("Wait: %v", err)
	}
	before, err := p.CPU()
	if err != nil {
		t.Fatalf("CPU: %v", err)
	}
	conn, err := dial(t.Context(), p) // from here on it works
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	for spent := time.Duration(0); spent < 50*time.Millisecond; {
		after, err := p.CPU()
		if err != nil {
			t.Fatalf("CPU: %v", err)
		}
		if spent = after - before; time.Since(began) > time.Minute {
			t.Fatalf("the server was busy for a minute and has used %v", spent)
		}
	}
	if wall := time.Since(began) * time.Duration(runtime.NumCPU()); wall < 50*time.Millisecond {
		t.Errorf("got 50 ms of CPU time within %v of all CPUs together", wall)
	}
}
