// Package firstrun measures the way of a newcomer: from `go run ./cmd/ums` to the first 201, and the memory of the
// process at rest.
package firstrun

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	rounds   = 9
	rest     = 10 * time.Second // how long the process is watched at rest
	patience = 2 * time.Minute  // for one start, with empty caches too
)

// Main prints the median and the worst of the times, and the resident memory. It is to be run in the repository's root.
func Main(ctx context.Context, _ []string, _ func(string) string, stdout io.Writer) error {
	if _, err := os.Stat("cmd/ums"); err != nil {
		return errors.New("there is no cmd/ums here: run it in the root of the repository")
	}
	folder, err := os.MkdirTemp("", "firstrun")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	var times []time.Duration
	for i := range rounds + 1 {
		took, err := timeStart(ctx, []string{"go", "run", "./cmd/ums"}, filepath.Join(folder, strconv.Itoa(i)))
		if err != nil {
			return err
		}
		if i > 0 { // the first fills the caches
			times = append(times, took)
		}
	}
	slices.Sort(times)
	fmt.Fprintf(stdout, "go run ./cmd/ums to the first 201, warm caches: median %s, worst %s of %d\n",
		times[rounds/2].Round(time.Millisecond), times[rounds-1].Round(time.Millisecond), rounds)

	program := filepath.Join(folder, "ums")
	//nolint:gosec // the program goes to a folder of this run's own
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/ums")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build ums: %w: %s", err, out)
	}
	resident, err := memoryAtRest(ctx, program, filepath.Join(folder, "rest"))
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "resident memory after one request and %s at rest: %.1f MB\n", rest, float64(resident)/1e6)
	return nil
}

// timeStart returns the time from the command to the answer 201.
func timeStart(ctx context.Context, command []string, data string) (time.Duration, error) {
	began := time.Now()
	s, err := start(ctx, command, data)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	if err := s.add(ctx); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// memoryAtRest returns the resident memory in bytes, at its highest of the time at rest.
func memoryAtRest(ctx context.Context, program, data string) (highest int64, err error) {
	s, err := start(ctx, []string{program}, data)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	if err := s.add(ctx); err != nil {
		return 0, err
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for range int(rest / time.Second) {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-ticker.C:
		}
		now, err := resident(s.process.Process.Pid)
		if err != nil {
			return 0, err
		}
		highest = max(highest, now)
	}
	return highest, nil
}

// system is a running ums.
type system struct {
	process *exec.Cmd
	cancel  context.CancelFunc
	url     string
}

// start runs the command until it has printed its URL.
func start(ctx context.Context, command []string, data string) (*system, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	command = slices.Concat(command, []string{"up", "-addr", "127.0.0.1:0", "-admin-addr", "off", "-data", data})
	//nolint:gosec // the command is this package's own
	s := &system{process: exec.CommandContext(ctx, command[0], command[1:]...), cancel: cancel}
	s.process.Cancel = func() error { return s.process.Process.Signal(os.Interrupt) }
	ownGroup(s.process)
	out, err := s.process.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("start ums: %w", err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if s.url = regexp.MustCompile(`http://[0-9.:]+`).FindString(lines.Text()); s.url != "" {
			return s, nil
		}
	}
	s.stop()
	return nil, errors.New("ums ended before it printed its URL")
}

func (s *system) add(ctx context.Context) error {
	body := strings.NewReader(`{"name":"KrishnaMohan","phone":9731423166}`)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/user", body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		return fmt.Errorf("POST /user answered %s", response.Status)
	}
	return nil
}

func (s *system) stop() {
	interruptGroup(s.process)
	_ = s.process.Wait() // how it ended is of no interest
	s.cancel()
}

// resident reads the resident memory of a process, in bytes.
func resident(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("only Linux tells the memory of a process: %w", err)
	}
	match := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if match == nil {
		return 0, errors.New("the process has ended")
	}
	kB, err := strconv.ParseInt(string(match[1]), 10, 64)
	return kB << 10, err
}
