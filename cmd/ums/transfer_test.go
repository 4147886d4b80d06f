package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ums "github.com/glarimy/ums/cmd/ums"
	"github.com/glarimy/ums/shared/program"
)

// users writes a CSV file of so many users and returns its path and its rows in name order.
func users(t *testing.T, n int) (path string, rows []string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "users.csv")
	var b strings.Builder
	b.WriteString("name,phone\n")
	for i := range n {
		row := fmt.Sprintf("Transfer %06d,%d", i, 9_000_000_000+i)
		rows = append(rows, row)
		b.WriteString(row + "\n")
	}
	write(t, path, b.String())
	return path, rows
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// status is the one that the process would end with.
func status(err error) int {
	if code, ok := errors.AsType[*program.ExitError](err); ok {
		return code.Status
	}
	if err != nil {
		return 1
	}
	return 0
}

// TestImportExportRoundTrip brings users in by one format, out by the other, and into a second system, which must then
// hold the same.
func TestImportExportRoundTrip(t *testing.T) {
	t.Parallel()
	first, second := start(t, t.TempDir(), nil), start(t, t.TempDir(), nil)
	odd := []string{`"comma, ""quote""",9731423166`, "मोहनकृष्णन शर्मा,9000000001", "\u2001 trimmed name ,9000000002", "<b>&amp; name</b>,9000000003"}
	path, rows := users(t, 600) // more than a page
	write(t, path, read(t, path)+strings.Join(odd, "\n"))
	want := fmt.Sprintf("%d rows read = %d added + 0 existed already + 0 rejected (", len(rows)+len(odd), len(rows)+len(odd))
	if out, err := command(t, nil, "import", "-url", first.url, path); err != nil || !strings.HasPrefix(out, want) {
		t.Fatalf("import: %q, %v", out, err)
	}
	again := fmt.Sprintf("%d rows read = 0 added + %d existed already + 0 rejected (", len(rows)+len(odd), len(rows)+len(odd))
	if out, err := command(t, nil, "import", "-url", first.url, path); err != nil || !strings.HasPrefix(out, again) {
		t.Errorf("import again: %q, %v", out, err)
	}

	file := filepath.Join(t.TempDir(), "out.ndjson")
	if out, err := command(t, nil, "export", "-url", first.url, "-format", "ndjson", "-o", file); err != nil || out != "" {
		t.Fatalf("export: %q, %v", out, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the export is %v, %v, want it for its owner alone", info.Mode(), err)
	}
	if _, err := command(t, nil, "import", "-url", second.url, file); err != nil {
		t.Fatalf("import of the export: %v", err)
	}
	a, b := exported(t, first.url), exported(t, second.url)
	if len(a) != len(rows)+len(odd) || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("the first system has %d users, the second %d, or others", len(a), len(b))
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); err != nil || len(left) != 1 {
		t.Errorf("beside the input are %v, %v", left, err)
	}
}

// exported returns name and phone of each user, as an export has them.
func exported(t *testing.T, url string) (list [][]string) {
	t.Helper()
	out, err := command(t, nil, "export", "-url", url)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[1:] {
		list = append(list, r[:2])
	}
	return list
}

func TestImportRejects(t *testing.T) {
	t.Parallel()
	i := start(t, t.TempDir(), nil)
	path := filepath.Join(t.TempDir(), "users.csv")
	write(t, path, "name,phone\nKrishnaMohan,9731423166\nshort,1\n\"open,9731423166\nKrishnaMohan,9731423167\nMohanKrishna,+919731423166\nonefield\n")
	out, err := command(t, nil, "import", "-url", i.url, "-concurrency", "1", path)
	if !strings.HasPrefix(out, "6 rows read = 1 added + 1 existed already + 4 rejected (") || status(err) != 2 {
		t.Errorf("import: %q, %v", out, err)
	}
	want := `row,line,code,detail,name,phone,raw
2,3,too-short too-small,the name has 5 characters; it needs at least 8; the phone number is below 9000000000,short,1,
3,4,malformed-row,"the row is not CSV: column 17: extraneous or missing "" in quoted-field",,,"""open,9731423166"
5,6,type,"the phone number must be a number, not a string",MohanKrishna,+919731423166,
6,7,wrong-number-of-fields,"the row has 1 fields, the header 2",,,onefield
`
	if got := read(t, path+".rejects.csv"); got != want {
		t.Errorf("the rejects are\n%s\nwant\n%s", got, want)
	}
	if _, err := command(t, nil, "import", "-url", i.url, path); status(err) != 1 || !strings.Contains(err.Error(), "already: move it away") {
		t.Errorf("a rejects file in the way: %v", err)
	}
}

func TestImportIfExists(t *testing.T) {
	t.Parallel()
	i := start(t, t.TempDir(), nil)
	if status, body := call(t, http.MethodPost, i.url+"/user", draft); status != http.StatusCreated {
		t.Fatalf("POST = %d %s", status, body)
	}
	for _, tc := range []struct {
		ifExists, want, phone string
		status                int
	}{
		{"skip", "1 rows read = 0 added + 1 existed already + 0 rejected", "9731423166", 0},
		{"reject", "1 rows read = 0 added + 0 existed already + 1 rejected", "9731423166", 2},
		{"update", "1 rows read = 0 added + 1 existed already (1 updated) + 0 rejected", "9731423199", 0},
	} {
		var stdout, stderr bytes.Buffer
		args := []string{"import", "-url", i.url, "-if-exists", tc.ifExists, "-rejects", filepath.Join(t.TempDir(), "r"), "-"}
		err := ums.RunWith(t.Context(), args, func(string) string { return "" }, nil,
			`{"name":"KrishnaMohan","phone":9731423199}`, &stdout, &stderr)
		if !strings.HasPrefix(stdout.String(), tc.want) || status(err) != tc.status {
			t.Errorf("%s: %q, %v", tc.ifExists, stdout.String(), err)
		}
		if _, body := call(t, http.MethodGet, i.url+"/user/KrishnaMohan", ""); !strings.Contains(body, tc.phone) {
			t.Errorf("%s: the user is %s", tc.ifExists, body)
		}
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	path, _ := users(t, 1)
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no file":        {nil, "give one FILE, or -"},
		"two files":      {[]string{path, path}, "give one FILE, or -"},
		"no such file":   {[]string{path + "x"}, "no such file"},
		"folder":         {[]string{filepath.Dir(path)}, "it is no file"},
		"format":         {[]string{"-format", "xml", path}, `--format is "xml"`},
		"if-exists":      {[]string{"-if-exists", "fail", path}, `--if-exists is "fail"`},
		"concurrency":    {[]string{"-concurrency", "0", path}, "--concurrency is 0"},
		"URL":            {[]string{"-url", "localhost:8080", path}, "not of the form http://host:8080"},
		"state of stdin": {[]string{"-state", "x", "-"}, "leave out --state"},
		"not a system":   {[]string{"-url", "http://127.0.0.1:1", "-patience", "1ms", path}, "does not answer as it should"},
		"wrong header":   {[]string{"-format", "csv", "-url", "http://127.0.0.1:1", os.Args[0]}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "wrong header" {
				tc.args[len(tc.args)-1] = filepath.Join(t.TempDir(), "bad.csv")
				write(t, tc.args[len(tc.args)-1], "a,b\n")
				tc.want = `bad.csv: line 1: the header has the column "a"`
			}
			out, err := command(t, nil, append([]string{"import"}, tc.args...)...)
			if err == nil || !strings.Contains(err.Error(), tc.want) || out != "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q, error = %v, want %q", out, err, tc.want)
			}
		})
	}
}

// TestMain lets this program be ums, so that a test can kill it.
func TestMain(m *testing.M) {
	if os.Getenv("UMS_TEST_COMMAND") != "" {
		program.Main("ums", func(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
			return ums.Run(ctx, args, getenv, stdout, os.Stderr)
		})
	}
	os.Exit(m.Run())
}

// TestImportAfterKill kills an import again and again, each time somewhere in the middle: at last every row is added once,
// counted once and rejected once.
func TestImportAfterKill(t *testing.T) {
	t.Parallel()
	i := start(t, t.TempDir(), nil)
	path, _ := users(t, 3000)
	write(t, path, strings.ReplaceAll(read(t, path), "Transfer 000007,", "bad,")+"bad,1\n")
	killed := 0
	for range 3 {
		if kill(t, i.url, path) {
			killed++
		}
	}
	if killed == 0 {
		t.Fatal("no import was killed before its end")
	}
	out, err := command(t, nil, "import", "-url", i.url, path)
	want := "3001 rows read = 2999 added + 0 existed already + 2 rejected ("
	if !strings.HasPrefix(out, want) || !strings.Contains(out, " rows of the runs before") || status(err) != 2 {
		t.Errorf("import after the kills: %q, %v, want %q", out, err, want)
	}
	if got := exported(t, i.url); len(got) != 2999 {
		t.Errorf("there are %d users", len(got))
	}
	if got := strings.Count(read(t, path+".rejects.csv"), "\n"); got != 3 {
		t.Errorf("the rejects have %d lines:\n%s", got, read(t, path+".rejects.csv"))
	}
	if out, err := command(t, nil, "journal", "verify", "-data", i.data); err != nil {
		t.Errorf("journal verify: %s, %v", out, err)
	}
}

// kill starts an import and kills it behind its next checkpoint but before its end. It returns false if it was faster.
func kill(t *testing.T, url, path string) bool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	before := checkpoints(path)
	run := exec.CommandContext(t.Context(), self, "import", "-url", url, "-concurrency", "2", path)
	run.Env = append(os.Environ(), "UMS_TEST_COMMAND=1")
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case err := <-ended:
			t.Logf("the import was not killed: %v", err)
			return false
		case <-deadline.C:
			_ = run.Process.Kill()
			t.Fatal("the import wrote no checkpoint within a minute")
		case <-again.C:
			if checkpoints(path) > before {
				_ = run.Process.Kill()
				_ = <-ended //nolint:staticcheck // how it ended is known
				return true
			}
		}
	}
}

// checkpoints counts the lines of the state file.
func checkpoints(path string) (n int) {
	file, err := os.Open(path + ".import-state")
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); n++ {
	}
	return n
}

// TestImportOfAnotherFile goes on with nothing but what was begun.
func TestImportOfAnotherFile(t *testing.T) {
	t.Parallel()
	path, _ := users(t, 10)
	away := []string{"-url", "http://127.0.0.1:1", "-patience", "1ms"}
	if _, err := command(t, nil, append(append([]string{"import"}, away...), path)...); err == nil {
		t.Fatal("an import into nowhere ended well")
	}
	content := read(t, path)
	write(t, path, content+"One more,9000000000\n")
	if _, err := command(t, nil, append(append([]string{"import"}, away...), path)...); err == nil || !strings.Contains(err.Error(), "has changed since its import was begun") {
		t.Errorf("a changed input: %v", err)
	}
	write(t, path, content)
	if _, err := command(t, nil, "import", "-url", "http://127.0.0.1:2", path); err == nil || !strings.Contains(err.Error(), "was begun at http://127.0.0.1:1") {
		t.Errorf("another system: %v", err)
	}
	i := start(t, t.TempDir(), nil)
	if err := os.Remove(path + ".import-state"); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, nil, "import", "-url", i.url, path); err != nil || !strings.HasPrefix(out, "10 rows read = 10 added") {
		t.Errorf("begun anew: %q, %v", out, err)
	}
}
