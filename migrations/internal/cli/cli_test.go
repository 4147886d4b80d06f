package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/migrations/internal/cli"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/schema"
)

const secret = "hunter2-never-printed"

// outcome is what a call of the command left.
type outcome struct {
	code           int
	stdout, stderr string
}

func run(t *testing.T, environment map[string]string, args ...string) outcome {
	t.Helper()
	return runIn(t.Context(), environment, args...)
}

func runIn(ctx context.Context, environment map[string]string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	getenv := func(key string) string { return environment[key] }
	code := cli.Run(ctx, append([]string{"migrate"}, args...), getenv, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// newDatabase returns the environment that names a database that is not there yet.
func newDatabase(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "ums.db")}
}

func TestVerbs(t *testing.T) {
	t.Parallel()
	environment := newDatabase(t)
	for _, tc := range []struct {
		args   string
		code   int
		stdout string
	}{
		{"version", 0, "none\n"},
		{"up 4", 0, "applied 4 migrations: schema is at version 4\n"},
		{"up 1", 0, "applied 1 migration: schema is at version 5\n"},
		{"version", 0, "5\n"},
		{"goto 9", 0, "applied 4 migrations: schema is at version 9\n"},
		{"goto 9", 0, "schema is at version 9: nothing to do\n"},
		{"down 2", 0, "undid 2 migrations: schema is at version 7\n"},
		{"goto 3", 0, "undid 4 migrations: schema is at version 3\n"},
		{"goto 6", 0, "applied 3 migrations: schema is at version 6\n"},
		{"force 5", 0, "schema is at version 5 now, by force\n"},
		{"force 6", 0, "schema is at version 6 now, by force\n"},
		{"down -all", 0, "undid 6 migrations: schema is at version 0\n"},
		{"force -1", 0, "schema is at version 0 now, by force\n"},
		{"version", 0, "none\n"},
		{"-lock-timeout 15 up", 0, fmt.Sprintf("applied %[1]d migrations: schema is at version %[1]d\n", schema.Known)},
		{"up", 0, fmt.Sprintf("schema is at version %d: nothing to do\n", schema.Known)},
		{"down --all -lock-timeout 1m30s -wait 0", 0, fmt.Sprintf("undid %d migrations: schema is at version 0\n", schema.Known)},
		{fmt.Sprintf("goto %d", schema.Known+1), 1, ""},
		{fmt.Sprintf("force %d", schema.Known+1), 1, ""},
	} {
		got := run(t, environment, strings.Fields(tc.args)...)
		if got.code != tc.code || got.stdout != tc.stdout {
			t.Errorf("migrate %s: got %+v, want code %d and %q", tc.args, got, tc.code, tc.stdout)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	environment := newDatabase(t)
	for args, want := range map[string]string{
		"":                      "a verb is missing",
		"fly":                   `no verb "fly"`,
		"-nonsense up":          "-nonsense",
		"up -nonsense":          "-nonsense",
		"up many":               "up takes one number",
		"up 0":                  "up takes one number",
		"up 1 2":                "up takes one number",
		"down":                  "-all",
		"down -1":               "down takes one number",
		"down 1 -all":           "not both",
		"goto":                  "goto needs one version",
		"goto 0":                "down -all",
		"goto -1":               "down -all",
		"force":                 "force needs one version",
		"force newest":          "force needs one version",
		"-lock-timeout soon up": "-lock-timeout must be",
		"-wait -1s up":          "-wait must be",
		"-database x://y up":    "must begin with mysql:// or sqlite://",
	} {
		got := run(t, environment, strings.Fields(args)...)
		if got.code != 2 {
			t.Errorf("migrate %s: got exit code %d, want 2", args, got.code)
		}
		last := lastLine(got.stderr)
		if !strings.HasPrefix(last, "migrate: ") || !strings.Contains(last, want) {
			t.Errorf("migrate %s: got %q, want %q in it", args, last, want)
		}
	}
	if got := run(t, environment, "version"); got.stdout != "none\n" {
		t.Errorf("a usage error changed the schema: version is %q", got.stdout)
	}
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	return lines[len(lines)-1]
}

func TestHelp(t *testing.T) {
	t.Parallel()
	environment := map[string]string{"DATABASE_URL": "mysql://ums:" + secret + "@tcp(127.0.0.1:1)/ums"}
	for _, args := range [][]string{{"-help"}, {"-h"}, {"up", "-help"}, {"force", "--help"}} {
		got := run(t, environment, args...)
		if got.code != 0 || !strings.Contains(got.stdout, "-lock-timeout") {
			t.Errorf("migrate %v: got %+v, want the help", args, got)
		}
		if strings.Contains(got.stdout+got.stderr, secret) {
			t.Errorf("migrate %v prints the password", args)
		}
	}
}

// TestVersionOfTheBuild has no database: the flag is not the verb.
func TestVersionOfTheBuild(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--version", "-version"} {
		if got := run(t, nil, flag); got.code != 0 || !strings.HasPrefix(got.stdout, "migrate ") {
			t.Errorf("migrate %s: got %+v", flag, got)
		}
	}
}

func TestTheDatabaseOfTheFlagComesFirst(t *testing.T) {
	t.Parallel()
	environment, other := newDatabase(t), newDatabase(t)
	if got := run(t, environment, "up", "-database", other["DATABASE_URL"]); got.code != 0 {
		t.Fatalf("up: %+v", got)
	}
	if got := run(t, environment, "version"); got.stdout != "none\n" {
		t.Errorf("the database of the environment is at version %q", got.stdout)
	}
	if got := run(t, other, "version"); got.stdout != fmt.Sprintf("%d\n", schema.Known) {
		t.Errorf("the database of the flag is at version %q", got.stdout)
	}
}

func TestVariablesFromFiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte(newDatabase(t)["DATABASE_URL"]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"DATABASE_URL_FILE": file}
	if got := run(t, environment, "up"); got.code != 0 {
		t.Errorf("up: %+v", got)
	}
	if got := run(t, map[string]string{"DATABASE_URL_FILE": file + ".missing"}, "up"); got.code != 2 {
		t.Errorf("up with a file that is not there: %+v", got)
	}
}

func TestErrorsAreOneLineWithoutThePassword(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"unreachable":   "mysql://ums:" + secret + "@tcp(127.0.0.1:1)/ums",
		"no name":       "mysql://ums:" + secret + "@tcp(127.0.0.1:1)/",
		"no form":       "mysql://ums:" + secret + "@127.0.0.1",
		"bad escape":    "mysql://ums:%zz" + secret + "@tcp(127.0.0.1:1)/ums",
		"bad parameter": "mysql://ums:" + secret + "@tcp(127.0.0.1:1)/ums?timeout=soon",
		"other scheme":  "postgres://ums:" + secret + "@127.0.0.1/ums",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{"up", "status", "version"} {
				got := run(t, map[string]string{"DATABASE_URL": raw}, verb)
				if got.code == 0 || strings.Count(got.stderr, "\n") != 1 || got.stdout != "" {
					t.Errorf("%s: got %+v, want one line on stderr", verb, got)
				}
				if strings.Contains(got.stderr, secret) {
					t.Errorf("%s prints the password: %s", verb, got.stderr)
				}
			}
		})
	}
}

func TestThePasswordOfTheEnvironment(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"DATABASE_URL": "mysql://ums@tcp(127.0.0.1:1)/ums", "DATABASE_PASSWORD_FILE": file}
	got := run(t, environment, "up", "-wait", "1ms")
	if got.code != 1 || !strings.Contains(got.stderr, "cannot reach the database") || strings.Contains(got.stderr, secret) {
		t.Errorf("up: %+v", got)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	environment := newDatabase(t)
	path := strings.TrimPrefix(environment["DATABASE_URL"], "sqlite://")
	if got := run(t, environment, "up", "7"); got.code != 0 {
		t.Fatalf("up: %+v", got)
	}
	want := strings.Join([]string{
		"database  sqlite://" + path,
		"schema    7",
		fmt.Sprintf("program   %d", schema.Known),
		"floor     none",
		"pending   000008_create_schema_floor",
		"          000009_set_schema_floor",
		"",
	}, "\n")
	if got := run(t, environment, "status"); got.code != 0 || !strings.HasPrefix(got.stdout, want) {
		t.Errorf("status: got %+v, want\n%s", got, want)
	}
	if got := run(t, environment, "up"); got.code != 0 {
		t.Fatalf("up: %+v", got)
	}
	got := run(t, environment, "status")
	for _, want := range []string{fmt.Sprintf("schema    %d\n", schema.Known), "floor     9: ", "pending   nothing\n"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("status: got\n%s\nwant %q in it", got.stdout, want)
		}
	}
}

func TestStopsWithItsContext(t *testing.T) {
	t.Parallel()
	environment := newDatabase(t)
	url, err := database.ParseURL(environment["DATABASE_URL"], "")
	if err != nil {
		t.Fatal(err)
	}
	m, err := migrations.New(url, migrations.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := runIn(ctx, environment, "up")
	if got.code != 1 || !strings.Contains(got.stderr, "stopped") || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("up: got %+v, want one line that says it stopped", got)
	}
	if got := run(t, environment, "version"); got.stdout != "2\n" {
		t.Errorf("version: got %+v, want 2", got)
	}
}
