package migrations_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/schema"
)

// upstream is golang-migrate's own command, in the version that this module depends on.
const upstream = "github.com/golang-migrate/migrate/v4/cmd/migrate"

// build makes a program and returns its path.
func build(t *testing.T, pkg string, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program.exe")
	args := append(append([]string{"build", "-o", program}, flags...), pkg)
	if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return program
}

// command runs a program and returns what it printed, on both streams.
func command(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := exec.CommandContext(t.Context(), program, args...)
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	return out.String(), err
}

// TestUpstreamsOwnCommand applies the folders with golang-migrate's command, built as its users build it.
func TestUpstreamsOwnCommand(t *testing.T) {
	t.Parallel()
	program := build(t, upstream, "-tags", "mysql sqlite")
	onEach(t, func(t *testing.T, e engine) {
		m := up(t, e.url)
		ours := e.snapshot(t)
		if _, err := m.Down(t.Context(), migrations.All); err != nil {
			t.Fatal(err)
		}
		empty := e.snapshot(t)
		run := func(args ...string) {
			t.Helper()
			args = append([]string{"-path", e.name, "-database", e.url.Migrate()}, args...)
			if out, err := command(t, program, args...); err != nil {
				t.Fatalf("migrate %v: %v\n%s", args[4:], err, out)
			}
		}

		run("up")
		e.wantVersion(t, schema.Known)
		if diff := cmp.Diff(ours, e.snapshot(t)); diff != "" {
			t.Errorf("upstream's command makes another schema:\n%s", diff)
		}
		run("down", "-all")
		if diff := cmp.Diff(empty, e.snapshot(t)); diff != "" {
			t.Errorf("upstream's command leaves something behind:\n%s", diff)
		}
		run("up", "4")
		up(t, e.url) // the two may take turns
		run("down", "3")
		e.wantVersion(t, schema.Known-3)
	})
}

// TestTenProcessesAtOnce is what ten replicas do that start together.
func TestTenProcessesAtOnce(t *testing.T) {
	t.Parallel()
	program := build(t, "./cmd/migrate")
	onEach(t, func(t *testing.T, e engine) {
		const runs = 10
		outputs := make([]string, runs)
		var all sync.WaitGroup
		for i := range runs {
			all.Go(func() {
				var err error
				if outputs[i], err = command(t, program, "-database", e.raw, "up"); err != nil {
					t.Errorf("run %d: %v\n%s", i, err, outputs[i])
				}
			})
		}
		all.Wait()
		together := strings.Join(outputs, "")
		if n := strings.Count(together, fmt.Sprintf("applied %[1]d migrations: schema is at version %[1]d\n", schema.Known)); n != 1 {
			t.Errorf("%d runs applied the migrations, want 1:\n%s", n, together)
		}
		if n := strings.Count(together, fmt.Sprintf("schema is at version %d: nothing to do\n", schema.Known)); n != runs-1 {
			t.Errorf("%d runs found nothing to do, want %d:\n%s", n, runs-1, together)
		}
	})
}
