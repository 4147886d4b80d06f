package gateways_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glarimy/ums/bench/gateways"
)

// forbidden has this program behave, in a network apart, as if it could not use that.
const forbidden = "FORBIDDEN=true"

// TestMain lets this program be the upstreams that the benchmark starts, and itself in a network apart.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "apart" && slices.Contains(os.Args, forbidden) {
		os.Exit(gateways.NotJoined)
	}
	if len(os.Args) > 1 && (os.Args[1] == "serve" || os.Args[1] == "apart") {
		if err := (gateways.Bench{Stdin: os.Stdin, Progress: os.Stderr}).Run(context.Background(), os.Args[1:], os.Getenv, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestRun measures the sketch, which needs nothing but this program, and checks the page and its plot.
func TestRun(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"in a network apart": nil, "in the machine's": {"-shared"}, "apart, but unusable": {"-env", forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, flags...)
		})
	}
}

func run(t *testing.T, flags ...string) {
	t.Helper()
	page := filepath.Join(t.TempDir(), "benchmarks.md")
	err := gateways.Bench{Stdin: strings.NewReader(""), Progress: t.Output()}.Run(t.Context(), append(flags,
		"-rounds", "1", "-duration", "50ms", "-rate", "200", "-connections", "2", "-idle", "10", "-peers", "sketch", "-root", t.TempDir(), "-out", page,
	), os.Getenv, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"answers a constant JSON of 80 bytes", "| net/http + httputil.ReverseProxy, tuned, bare |", "(benchmarks.svg)"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page has no %q:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "with 200**") {
		t.Errorf("requests have failed:\n%s", text)
	}
	if plot, err := os.ReadFile(filepath.Join(filepath.Dir(page), "benchmarks.svg")); err != nil || !strings.Contains(string(plot), "</svg>") {
		t.Errorf("there is no plot: %v", err)
	}
}

func TestRunRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"must be positive":     {"-rounds", "0"},
		"there is no gateway":  {"-peers", "nobody"},
		"unknown argument":     {"now"},
		"serve takes upstream": {"serve", "tea"},
		"not defined":          {"-colour", "blue"},
		"nothing to measure":   {"-shared", "-peers", "ums", "-root", t.TempDir()},
	} {
		err := gateways.Bench{Stdin: strings.NewReader(""), Progress: t.Output()}.Run(t.Context(), args, os.Getenv, t.Output())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one with %q", args, err, want)
		}
	}
}

// TestOverloadMeasuresItsOwn checks that a gateway that does not start is not measured in the shape of another one, and that
// the gateway under overload does not write into the files of the one that was measured before.
func TestOverloadMeasuresItsOwn(t *testing.T) {
	t.Parallel()
	if n, err := gateways.StartBeside(t.Context(), t.TempDir(), errors.New("away")); err == nil || n != 0 {
		t.Errorf("started %d, error %v; want none and an error", n, err)
	}
	if gateways.OverloadFolder == gateways.Ours {
		t.Errorf("both gateways have the folder %s", gateways.Ours)
	}
}

// TestNginxConfig checks that nginx stays root's where there is nobody else: as it would not start otherwise.
func TestNginxConfig(t *testing.T) {
	t.Parallel()
	for _, oneUser := range []bool{false, true} {
		if got := strings.HasPrefix(gateways.NginxConfig(oneUser), "user root root;\n"); got != oneUser {
			t.Errorf("root is the only user: %t; workers are said to be root's: %t", oneUser, got)
		}
	}
}
