package reload_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/glarimy/ums/gateway/reload"
)

// running is a Reloader of a file at work. A file that begins with "bad" cannot be loaded, one with "refused" not applied.
type running struct {
	tb      testing.TB
	file    string
	applied chan string
	failed  chan string
	hooked  chan string
	hangup  chan os.Signal
	metrics *prometheus.Registry
	log     *logged
}

// logged is a log that tests read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t *testing.T, file string, hookFiles ...string) *running {
	t.Helper()
	r := &running{
		tb: t, file: file, applied: make(chan string, 100), failed: make(chan string, 100), hooked: make(chan string, 100),
		hangup: make(chan os.Signal), metrics: prometheus.NewPedanticRegistry(), log: new(logged),
	}
	reloader, err := reload.New(reload.Options[string]{
		Path: file, Load: r.load, Apply: r.apply, Logger: slog.New(slog.NewTextHandler(r.log, nil)), Registerer: r.metrics,
		Now: func() time.Time { return time.Unix(1_700_000_000, 500_000_000) },
		Hooks: []reload.Hook{{Name: "certificate", Files: hookFiles, Reload: func() error {
			data, err := os.ReadFile(hookFiles[0])
			r.hooked <- string(data)
			return err
		}}}[:min(1, len(hookFiles))],
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		reloader.Run(ctx, r.hangup)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	r.hangup <- syscall.SIGHUP // it runs, and watches
	r.wants(r.applied, "1")
	if len(hookFiles) > 0 {
		<-r.hooked
	}
	return r
}

func (r *running) load() (string, error) {
	data, err := os.ReadFile(r.file)
	if err == nil && strings.HasPrefix(string(data), "bad") {
		err = errors.New("f.yaml:7: it is bad")
	}
	if err != nil {
		r.failed <- string(data)
	}
	return string(data), err
}

func (r *running) apply(value string) error {
	if strings.HasPrefix(value, "refused") {
		r.failed <- value
		return errors.New("it is refused")
	}
	r.applied <- value
	return nil
}

func (r *running) wants(from <-chan string, want string) {
	r.tb.Helper()
	select {
	case got := <-from:
		if got != want {
			r.tb.Errorf("got %q, want %q", got, want)
		}
	case <-time.After(20 * time.Second):
		r.tb.Fatalf("nothing came, want %q; log: %s", want, r.log)
	}
}

func write(tb testing.TB, file, data string) {
	tb.Helper()
	if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// replace puts another file in a file's place: one that is written where it is may be read empty.
func replace(tb testing.TB, file, data string) {
	tb.Helper()
	write(tb, file+"~", data)
	must(tb, os.Rename(file+"~", file))
}

func must(tb testing.TB, errs ...error) {
	tb.Helper()
	if err := errors.Join(errs...); err != nil {
		tb.Fatal(err)
	}
}

// TestRun_changes changes the file in all the ways that people and programs do.
func TestRun_changes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		place  func(tb testing.TB, dir string) (file string) // a file that holds 1
		change func(tb testing.TB, dir, data string)
	}{
		"written in place": {plain, func(tb testing.TB, dir, data string) { write(tb, filepath.Join(dir, "f.yaml"), data) }},
		"replaced, as editors do": {plain, func(tb testing.TB, dir, data string) {
			write(tb, filepath.Join(dir, ".f.yaml.swp"), data)
			must(tb, os.Rename(filepath.Join(dir, "f.yaml"), filepath.Join(dir, "f.yaml~")),
				os.Rename(filepath.Join(dir, ".f.yaml.swp"), filepath.Join(dir, "f.yaml")))
		}},
		"removed and written": {plain, func(tb testing.TB, dir, data string) {
			must(tb, os.Remove(filepath.Join(dir, "f.yaml")))
			write(tb, filepath.Join(dir, "f.yaml"), data)
		}},
		"a volume of Kubernetes": {volume, func(tb testing.TB, dir, data string) {
			before, err := os.Readlink(filepath.Join(dir, "..data"))
			must(tb, err)
			swap(tb, dir, data)
			must(tb, os.RemoveAll(filepath.Join(dir, before)))
		}},
		"behind a symbolic link": {linked, func(tb testing.TB, dir, data string) {
			write(tb, filepath.Join(dir, "elsewhere", "g.yaml"), data)
		}},
		"a link that leads elsewhere": {linked, func(tb testing.TB, dir, data string) {
			other, err := os.MkdirTemp(dir, "") //nolint:usetesting // beside the file
			must(tb, err)
			write(tb, filepath.Join(other, "h.yaml"), data)
			must(tb, os.Symlink(filepath.Join(other, "h.yaml"), filepath.Join(other, "link")),
				os.Rename(filepath.Join(other, "link"), filepath.Join(dir, "f.yaml")))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := start(t, tt.place(t, dir))
			for _, data := range []string{"2", "3"} { // what is watched has to be so again
				tt.change(t, dir, data)
				r.wants(r.applied, data)
			}
			tt.change(t, dir, "bad")
			r.wants(r.failed, "bad")
			tt.change(t, dir, "4")
			r.wants(r.applied, "4")
		})
	}
}

func plain(tb testing.TB, dir string) string {
	tb.Helper()
	file := filepath.Join(dir, "f.yaml")
	write(tb, file, "1")
	return file
}

func linked(tb testing.TB, dir string) string {
	tb.Helper()
	file := filepath.Join(dir, "f.yaml")
	must(tb, os.Mkdir(filepath.Join(dir, "elsewhere"), 0o700), os.Symlink(filepath.Join("elsewhere", "g.yaml"), file))
	write(tb, filepath.Join(dir, "elsewhere", "g.yaml"), "1")
	return file
}

// volume makes a folder as the kubelet makes one of a ConfigMap: f.yaml -> ..data/f.yaml, ..data -> a folder.
func volume(tb testing.TB, dir string) string {
	tb.Helper()
	swap(tb, dir, "1")
	must(tb, os.Symlink(filepath.Join("..data", "f.yaml"), filepath.Join(dir, "f.yaml")))
	return filepath.Join(dir, "f.yaml")
}

func swap(tb testing.TB, dir, data string) {
	tb.Helper()
	next, err := os.MkdirTemp(dir, "..2026_") //nolint:usetesting // beside the file
	must(tb, err)
	write(tb, filepath.Join(next, "f.yaml"), data)
	must(tb, os.Symlink(filepath.Base(next), filepath.Join(dir, "..data_tmp")),
		os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
}

func TestRun_keepsTheOldOne(t *testing.T) {
	t.Parallel()
	r := start(t, plain(t, t.TempDir()))
	for _, data := range []string{"bad", "refused", "bad again"} {
		replace(t, r.file, data)
		r.wants(r.failed, data)
	}
	r.hangup <- syscall.SIGHUP
	r.wants(r.failed, "bad again") // a signal loads also what has not changed
	r.hangup <- syscall.SIGHUP     // the one before is done with
	r.wants(r.failed, "bad again")
	r.hangup <- syscall.SIGHUP
	r.wantMetrics(`
ums_gateway_config_reloads_total{result="failure"} 6
ums_gateway_config_reloads_total{result="success"} 1
`, 0)
	if !strings.Contains(r.log.String(), `level=ERROR msg="not reloaded; what was before stays in force"`) ||
		!strings.Contains(r.log.String(), "f.yaml:7: it is bad") {
		t.Errorf("the log: %s", r.log)
	}
	r.wants(r.failed, "bad again")
	replace(t, r.file, "2")
	r.wants(r.applied, "2")
	r.hangup <- syscall.SIGHUP
	r.wants(r.applied, "2")
	if len(r.applied) != 0 {
		t.Errorf("applied once more: %q", <-r.applied)
	}
}

// wantMetrics waits for the metrics of the reload before, of which the last may not be counted yet.
func (r *running) wantMetrics(reloads string, good float64) {
	r.tb.Helper()
	const head = `
# HELP ums_gateway_config_reloads_total Reloads of the configuration, and of the files beside it, by result: success or failure.
# TYPE ums_gateway_config_reloads_total counter`
	var err error
	for range 1000 {
		if err = testutil.GatherAndCompare(r.metrics, strings.NewReader(head+reloads), "ums_gateway_config_reloads_total"); err == nil {
			break
		}
		<-time.After(time.Millisecond)
	}
	if err != nil {
		r.tb.Error(err)
	}
	families, err := r.metrics.Gather()
	if err != nil {
		r.tb.Fatal(err)
	}
	for _, family := range families {
		switch value := family.GetMetric()[0].GetGauge().GetValue(); family.GetName() {
		case "ums_gateway_config_last_reload_successful":
			if value != good {
				r.tb.Errorf("%s = %v, want %v", family.GetName(), value, good)
			}
		case "ums_gateway_config_last_success_timestamp_seconds":
			if value != 1_700_000_000.5 {
				r.tb.Errorf("%s = %f", family.GetName(), value)
			}
		}
	}
}

// TestRun_hooks checks that files beside the configuration are reloaded when they change, and that alone.
func TestRun_hooks(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "tls.key")
	write(t, key, "a")
	r := start(t, plain(t, t.TempDir()), key)
	write(t, key, "b")
	r.wants(r.hooked, "b")
	write(t, r.file, "2")
	r.wants(r.applied, "2")
	must(t, os.Remove(key))
	r.wants(r.hooked, "")
	r.hangup <- syscall.SIGHUP
	r.wants(r.applied, "2")
	r.wants(r.hooked, "")
	if len(r.applied)+len(r.hooked) != 0 {
		t.Errorf("reloaded once more: %d, %d", len(r.applied), len(r.hooked))
	}
}

// TestRun_before checks that a change between New and Run is seen.
func TestRun_before(t *testing.T) {
	t.Parallel()
	file := plain(t, t.TempDir())
	applied := make(chan string, 1)
	r, err := reload.New(reload.Options[string]{
		Path: file, Load: func() (string, error) { data, err := os.ReadFile(file); return string(data), err },
		Apply:  func(value string) error { applied <- value; return nil },
		Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewPedanticRegistry(), Now: time.Now,
	})
	must(t, err)
	write(t, file, "2")
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		if got := <-applied; got != "2" {
			t.Errorf("applied %q", got)
		}
	}()
	r.Run(ctx, nil)
}

func TestNew_twice(t *testing.T) {
	t.Parallel()
	options := reload.Options[int]{Registerer: prometheus.NewPedanticRegistry()}
	if _, err := reload.New(options); err != nil {
		t.Fatal(err)
	}
	if _, err := reload.New(options); err == nil || !strings.Contains(err.Error(), "register the metrics of reloads") {
		t.Errorf("New = %v, want an error", err)
	}
}
