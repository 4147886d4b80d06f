package keyfile_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/gateway/access/keyfile"
	"github.com/glarimy/ums/gateway/config"
)

var rules = keyfile.Rules{Scopes: []string{"users:read", "users:write", "journal:read"}, RateLimits: []string{"bulk"}}

const (
	hashA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	hashB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func TestNewKey(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		key := keyfile.NewKey()
		if len(key) != 53 || !strings.HasPrefix(key, "ums_") || seen[key] {
			t.Fatalf("NewKey = %q", key)
		}
		seen[key] = true
		h, ok := keyfile.HashOf(key)
		if back, err := keyfile.ParseHash(h.String()); !ok || err != nil || back != h {
			t.Fatalf("the hash of %q: %v, %v", key, h, err)
		}
		// Any one character that is wrong is noticed by the checksum alone.
		for i := range key {
			wrong := key[:i] + "#" + key[i+1:]
			if _, ok := keyfile.HashOf(wrong); ok {
				t.Fatalf("%q passes", wrong)
			}
		}
	}
}

// TestHashOf pins the form of a key: those that were given out must stay good.
func TestHashOf(t *testing.T) {
	t.Parallel()
	const secret = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
	if _, ok := keyfile.HashOf("ums_" + secret + "37cCQ0"); !ok {
		t.Error("a key of before is refused")
	}
	for _, text := range []string{"", "ums_", "ums_" + secret, "UMS_" + secret + "37cCQ0", "ums_" + secret + "000000", "ums_" + secret + "37cCQ0 "} {
		if _, ok := keyfile.HashOf(text); ok {
			t.Errorf("%q passes for a key", text)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := keyfile.Parse("keys.yaml", []byte(`# the keys
- id: ci
  hash: `+hashA+`
  actor: ci@example.org
  scopes: [users:read, users:write]
  expires: 2027-01-31T00:00:00Z
  rate_limit: bulk
- {id: reports, hash: "`+hashB+`", actor: "ವರದಿ", scopes: [journal:read]}
`), rules)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := keyfile.ParseHash(hashA)
	b, _ := keyfile.ParseHash(hashB)
	want := []keyfile.Entry{
		{
			ID: "ci", Hash: a, Actor: "ci@example.org", Scopes: []string{"users:read", "users:write"},
			Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), RateLimit: "bulk",
		},
		{ID: "reports", Hash: b, Actor: "ವರದಿ", Scopes: []string{"journal:read"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
	for _, empty := range []string{"", "\n", "# nothing yet\n", "[]\n"} {
		if got, err := keyfile.Parse("keys.yaml", []byte(empty), rules); err != nil || len(got) != 0 {
			t.Errorf("Parse(%q) = %v, %v", empty, got, err)
		}
	}
}

// TestParse_faults pins the messages.
func TestParse_faults(t *testing.T) {
	t.Parallel()
	good := "- {id: a, hash: " + hashA + ", actor: a, scopes: [users:read]}\n"
	for name, tt := range map[string]struct {
		file string
		want []string
	}{
		"not YAML":       {"- {id: a\n", []string{"2: this is no list of keys: "}},
		"a mapping":      {"keys: []\n", []string{"1: this is no list of keys: "}},
		"a list of text": {"- a\n", []string{"1: a key's entry has id, hash, actor, scopes, expires and rate_limit: "}},
		"unknown field": {good + "- {id: b, hash: " + hashB + ", actor: b, scope: [users:read]}\n",
			[]string{"2: a key's entry has id, hash, actor, scopes, expires and rate_limit: "}},
		"a plain key instead of the hash": {"- {id: a, hash: ums_geheim, actor: a, scopes: [users:read]}\n",
			[]string{`1: the key "a": a hash is sha256: and 64 hexadecimal digits`}},
		"twice": {good + good, []string{
			`2: the key "a" has the hash of the key on line 1`, `2: the key "a" is there already, on line 1`}},
		"no id":        {"- {hash: " + hashA + ", actor: a, scopes: [users:read]}\n", []string{"1: a key needs an id of up to 64 letters, digits, - and _"}},
		"no actor":     {"- {id: a, hash: " + hashA + ", scopes: [users:read]}\n", []string{`1: the key "a" needs an actor of up to 191 bytes, without control characters or space around it`}},
		"a line break": {"- {id: a, hash: " + hashA + ", actor: \"a\\r\\nUms-Scopes: x\", scopes: [users:read]}\n", []string{`1: the key "a" needs an actor of up to 191 bytes, without control characters or space around it`}},
		"no scopes":    {"- {id: a, hash: " + hashA + ", actor: a}\n", []string{`1: the key "a" has no scopes, and could do nothing`}},
		"bad scopes": {"- {id: a, hash: " + hashA + ", actor: a, scopes: [user:read, \"a b\", users:read, users:read]}\n", []string{
			`1: the key "a" has the scope "user:read", which no route needs; did you mean "users:read"?`,
			`1: the key "a" has "a b" among its scopes, which is none`,
			`1: the key "a" has the scope "users:read" twice`}},
		"a bad limit": {"- {id: a, hash: " + hashA + ", actor: a, scopes: [users:read], rate_limit: bulky}\n", []string{
			`1: the key "a": no rate limit is called "bulky"; did you mean "bulk"?`}},
		"no time": {"- {id: a, hash: " + hashA + ", actor: a, scopes: [users:read], expires: soon}\n", []string{"1: a key's entry has "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := keyfile.Parse("k", []byte(tt.file), rules)
			faults, ok := errors.AsType[config.Errors](err)
			if !ok || len(faults) != len(tt.want) {
				t.Fatalf("Parse = %v, want %d faults", err, len(tt.want))
			}
			for i, want := range tt.want {
				if got := faults[i].Error(); !strings.HasPrefix(got, "k:"+want) {
					t.Errorf("fault %d = %q, want %q", i, got, want)
				}
			}
			if strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "aaaaaaaaaaaaaa") {
				t.Errorf("the message holds a secret: %v", err)
			}
		})
	}
}

// file returns the path of a new file with some content.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.yaml")
	write(t, path, content)
	return path
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func entryOf(t *testing.T, id, key, more string) string {
	t.Helper()
	h, ok := keyfile.HashOf(key)
	if !ok {
		t.Fatalf("%q is no key", key)
	}
	return "- {id: " + id + ", hash: \"" + h.String() + "\", actor: " + id + ", scopes: [users:read]" + more + "}\n"
}

func TestStore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	first, second := keyfile.NewKey(), keyfile.NewKey()
	path := file(t, entryOf(t, "first", first, ", expires: 2026-11-23T00:00:00Z"))
	s, err := keyfile.Open(path, rules, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	has := func(key string, at time.Time) bool { return s.Lookup(key, at) != nil }
	if !has(first, now) || has(second, now) || has("", now) {
		t.Error("not the first key alone is known")
	}
	if has(first, now.Add(24*time.Hour)) || !has(first, now.Add(24*time.Hour-1)) {
		t.Error("the key does not end when it expires")
	}

	write(t, path, entryOf(t, "first", first, "")+entryOf(t, "second", second, ""))
	if err := s.Reload(); err != nil || !has(first, now.Add(48*time.Hour)) || !has(second, now) {
		t.Errorf("the new file is not in force: %v", err)
	}
	write(t, path, "- nonsense\n")
	if err := s.Reload(); err == nil || !strings.Contains(err.Error(), path+":1: ") || !has(first, now) {
		t.Errorf("a bad file: %v, and the keys of before are there: %v", err, has(first, now))
	}
	if err := s.Reload(); err == nil {
		t.Error("the second Reload of the same bad file counts as a good one")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err == nil || !has(first, now) {
		t.Errorf("no file: %v", err)
	}
	write(t, path, entryOf(t, "second", second, ""))
	if err := s.Reload(); err != nil || has(first, now) || !has(second, now) {
		t.Errorf("a key that was taken out is still good: %v", err)
	}
	if _, err := keyfile.Open(path+"-absent", rules, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a gateway starts without its keys")
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	key := keyfile.NewKey()
	path := file(t, "[]\n")
	var log bytes.Buffer
	s, err := keyfile.Open(path, rules, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tick, done := make(chan time.Time), make(chan struct{})
	go func() { s.Watch(ctx, tick); close(done) }()
	// looks returns when a number of looks have ended; another may be under way.
	looks := func(n int) {
		for range n + 1 {
			tick <- time.Time{}
		}
	}
	write(t, path, "- nonsense\n")
	looks(4)
	write(t, path, entryOf(t, "ci", key, ""))
	looks(2)
	cancel()
	<-done
	if s.Lookup(key, time.Now()) == nil {
		t.Error("the new key is not known")
	}
	if n := strings.Count(log.String(), "the keys of before stay in force"); n != 1 {
		t.Errorf("the bad file was told %d times:\n%s", n, log.String())
	}
}

// TestWatch_halfWritten: a file that is empty for a moment, as one that is written in place is, takes no key away.
func TestWatch_halfWritten(t *testing.T) {
	t.Parallel()
	key := keyfile.NewKey()
	path := file(t, entryOf(t, "ci", key, ""))
	s, err := keyfile.Open(path, rules, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tick, done := make(chan time.Time), make(chan struct{})
	go func() { s.Watch(ctx, tick); close(done) }()
	write(t, path, "")
	tick <- time.Time{} // sees the empty file
	cancel()
	<-done
	if s.Lookup(key, time.Now()) == nil {
		t.Error("one look at an empty file took the key away")
	}
	if err := s.Reload(); err != nil || s.Lookup(key, time.Now()) != nil {
		t.Errorf("Reload does not take over the empty file: %v", err)
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "keys.yaml")
	run := func(stdin string, args ...string) (string, error) {
		var out bytes.Buffer
		err := keyfile.Command(args, strings.NewReader(stdin), &out, now)
		return strings.TrimSpace(out.String()), err
	}
	key, err := run("", "new", "-file", path, "-id", "ci", "-actor", `o'hara "x"`, "-scopes", "users:read,users:write", "-expires", "90d")
	if err != nil {
		t.Fatal(err)
	}
	other, err := run("", "new", "-file", path, "-id", "bulk", "-actor", "bulk", "-scopes", "users:read", "-rate-limit", "bulk")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: %v, %v", info.Mode(), err)
	}
	content, _ := os.ReadFile(path)
	if bytes.Contains(content, []byte(key)) || bytes.Contains(content, []byte("ums_")) {
		t.Errorf("the file holds a key:\n%s", content)
	}
	s, err := keyfile.Open(path, rules, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	e := s.Lookup(key, now)
	if e == nil || e.ID != "ci" || e.Actor != `o'hara "x"` || len(e.Scopes) != 2 || !e.Expires.Equal(now.AddDate(0, 0, 90)) {
		t.Errorf("Lookup = %+v", e)
	}
	if e := s.Lookup(other, now); e == nil || e.RateLimit != "bulk" {
		t.Errorf("Lookup = %+v", e)
	}
	hash, err := run(key+"\n", "hash")
	if err != nil || !bytes.Contains(content, []byte(hash)) {
		t.Errorf("hash = %q, %v", hash, err)
	}

	for name, args := range map[string][]string{
		"nothing": nil, "unknown": {"old"}, "no file": {"new", "-id", "a"}, "a flag": {"new", "-nonsense"},
		"taken":      {"new", "-file", path, "-id", "ci", "-actor", "a", "-scopes", "users:read"},
		"no actor":   {"new", "-file", path, "-id", "c", "-scopes", "users:read"},
		"no scopes":  {"new", "-file", path, "-id", "c", "-actor", "a"},
		"the past":   {"new", "-file", path, "-id", "c", "-actor", "a", "-scopes", "x", "-expires", "2020-01-01T00:00:00Z"},
		"no time":    {"new", "-file", path, "-id", "c", "-actor", "a", "-scopes", "x", "-expires", "90"},
		"a bad file": {"new", "-file", file(t, "{}"), "-id", "c", "-actor", "a", "-scopes", "x"},
		"no folder":  {"new", "-file", path + "/x/y", "-id", "c", "-actor", "a", "-scopes", "x"},
	} {
		if out, err := run("", args...); err == nil || out != "" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, content) {
		t.Error("a command that failed changed the file")
	}
	if out, err := run("ums_wrong\n", "hash"); err == nil || out != "" {
		t.Errorf("the hash of no key: %q, %v", out, err)
	}
}

// FuzzParse checks that no file makes Parse panic, and that what passes keeps the rules.
func FuzzParse(f *testing.F) {
	f.Add([]byte("- {id: a, hash: " + hashA + ", actor: a, scopes: [users:read], expires: 2027-01-31}\n"))
	f.Add([]byte("- &a [*a]\n- {<<: *a}\n"))
	f.Add([]byte("- id: 1\n  id: 2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := keyfile.Parse("k", data, rules)
		if err != nil {
			if _, ok := errors.AsType[config.Errors](err); !ok {
				t.Fatalf("Parse = %#v", err)
			}
			return
		}
		for _, e := range entries {
			if e.ID == "" || !keyfile.ValidActor(e.Actor) || len(e.Scopes) == 0 {
				t.Fatalf("passed: %+v", e)
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	path := filepath.Join(b.TempDir(), "keys.yaml")
	var key bytes.Buffer
	if err := keyfile.Command([]string{"new", "-file", path, "-id", "a", "-actor", "a", "-scopes", "users:read"}, io.LimitReader(nil, 0), &key, time.Now()); err != nil {
		b.Fatal(err)
	}
	s, err := keyfile.Open(path, rules, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	sent := strings.TrimSpace(key.String())
	b.ReportAllocs()
	for b.Loop() {
		if s.Lookup(sent, time.Time{}) == nil {
			b.Fatal("not found")
		}
	}
}
