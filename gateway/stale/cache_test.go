package stale_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/glarimy/ums/gateway/stale"
)

const path = "/user/KrishnaMohan"

func newCache(t *testing.T, size int64) (*stale.Cache, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	c, err := stale.New(registry)
	if err != nil {
		t.Fatal(err)
	}
	c.Resize(size)
	return c, registry
}

// headers makes a list of name, value, name, value.
func headers(pairs ...string) []stale.Header {
	var list []stale.Header
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, stale.Header{Name: pairs[i], Value: pairs[i+1]})
	}
	return list
}

func TestCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, registry := newCache(t, 1<<20)
		if _, ok := c.Lookup(path, time.Hour); ok {
			t.Error("an answer out of nothing")
		}
		body := []byte(`{"name":"KrishnaMohan"}`)
		h := headers("ETag", `"1-1"`, "Cache-Control", "no-cache", "Age", "5")
		c.Store(path, c.Mark(path), h, body)
		body[0], h[0].Value = 'X', "changed" // the caller's, and not the cache's
		<-time.After(10 * time.Second)
		got, ok := c.Lookup("/user/Krishna%4dohan", time.Minute)
		want := stale.Answer{
			Headers: headers("ETag", `"1-1"`, "Cache-Control", "no-cache", "Age", "5"),
			Body:    []byte(`{"name":"KrishnaMohan"}`), Age: 15 * time.Second,
		}
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("Lookup: %t (-want +got):\n%s", ok, diff)
		}
		if got.AgeHeader() != "15" || got.StatusHeader() != "ums-gateway; hit; ttl=-15" {
			t.Errorf("Age: %s, Cache-Status: %s", got.AgeHeader(), got.StatusHeader())
		}
		<-time.After(time.Minute)
		if _, ok := c.Lookup(path, time.Minute); ok {
			t.Error("an answer that is too old")
		}
		err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP ums_gateway_stale_answers_total Answers of old in the place of an upstream's error.
# TYPE ums_gateway_stale_answers_total counter
ums_gateway_stale_answers_total 1
`), "ums_gateway_stale_answers_total")
		if err != nil {
			t.Error(err)
		}
	})
}

func TestCache_Drop(t *testing.T) {
	t.Parallel()
	c, _ := newCache(t, 1<<20)
	before := c.Mark(path)
	c.Store(path, before, nil, []byte("old"))
	c.Drop("/user/Krishna%4Dohan")
	if _, ok := c.Lookup(path, time.Hour); ok {
		t.Error("an answer from before the write")
	}
	c.Store(path, before, nil, []byte("old"))
	if _, ok := c.Lookup(path, time.Hour); ok {
		t.Error("an answer that was asked for before the write, and came after it")
	}
	c.Store(path, c.Mark(path), nil, []byte("new"))
	if got, ok := c.Lookup(path, time.Hour); !ok || string(got.Body) != "new" {
		t.Errorf("%q, %t, want the new one", got.Body, ok)
	}
}

func TestCache_storesNotWhatIsForbidden(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, value string
		want        bool
	}{
		{"Cache-Control", "no-cache", true},
		{"Cache-Control", "max-age=60, public", true},
		{"Cache-Control", `ext="no-store, private"`, true},
		{"Cache-Control", "no-storex", true},
		{"Cache-Control", "no-store", false},
		{"cache-control", "max-age=0,NO-STORE", false},
		{"Cache-Control", "private", false},
		{"Cache-Control", `private="etag"`, false},
		{"Cache-Control", " must-revalidate ", false},
		{"Cache-Control", "proxy-revalidate", false},
		{"Vary", "Accept", false},
		{"Set-Cookie", "a=b", false},
		{"Age", "0", true},
		{"Age", "-1", false},
		{"Age", "99999999999", false},
		{"Content-Type", "private", true},
	} {
		c, _ := newCache(t, 1<<20)
		c.Store(path, c.Mark(path), nil, []byte("before"))
		c.Store(path, c.Mark(path), headers("ETag", "x", tt.name, tt.value), []byte("after"))
		got, ok := c.Lookup(path, 48*time.Hour)
		if ok != tt.want || ok && string(got.Body) != "after" {
			t.Errorf("%s: %s: %q, %t, want %t", tt.name, tt.value, got.Body, ok, tt.want)
		}
	}
}

func TestCache_isBounded(t *testing.T) {
	t.Parallel()
	const size = 256 << 10
	c, _ := newCache(t, size)
	key := func(i int) string { return fmt.Sprintf("/user/name-%d", i) }
	body := make([]byte, 700)
	for i := range 5000 {
		c.Store(key(i), c.Mark(key(i)), headers("ETag", "x"), body)
		if i%10 == 0 {
			c.Lookup(key(0), time.Hour) // keeps it in use
		}
	}
	if got := c.Size(); got > size || got < size*8/10 {
		t.Errorf("%d bytes in use, want nearly %d", got, size)
	}
	if _, ok := c.Lookup(key(0), time.Hour); !ok {
		t.Error("the most recently used one is gone")
	}
	if _, ok := c.Lookup(key(1), time.Hour); ok {
		t.Error("the least recently used one is there")
	}
	c.Store("/large", c.Mark("/large"), nil, make([]byte, size/2))
	if _, ok := c.Lookup("/large", time.Hour); ok {
		t.Error("kept one that is larger than its part of the cache")
	}
	c.Resize(0)
	if got := c.Size(); got != 0 {
		t.Errorf("%d bytes in use, want none", got)
	}
	c.Store(path, c.Mark(path), nil, nil)
	if _, ok := c.Lookup(path, time.Hour); ok {
		t.Error("kept an answer in no bytes")
	}
}

func TestCache_nil(t *testing.T) {
	t.Parallel()
	var c *stale.Cache
	c.Resize(1)
	c.Store(path, c.Mark(path), nil, nil)
	c.Drop(path)
	if _, ok := c.Lookup(path, time.Hour); ok || c.Size() != 0 {
		t.Error("a nil cache keeps something")
	}
}

//nolint:paralleltest // allocations are counted for the whole process
func TestCache_allocatesNothing(t *testing.T) {
	c, _ := newCache(t, 1<<20)
	h, body := headers("ETag", "x"), []byte("the same again")
	c.Store(path, c.Mark(path), h, body)
	got := testing.AllocsPerRun(100, func() { c.Store(path, c.Mark(path), h, body) })
	if got != 0 {
		t.Errorf("to keep the same answer again allocates %.0f times, want 0", got)
	}
}

func TestFailed(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{200: false, 404: false, 429: false, 500: true, 501: false, 502: true, 503: true, 504: true} {
		if got := stale.Failed(status); got != want {
			t.Errorf("Failed(%d) = %t", status, got)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/user/a": "/user/a", "/user/%61": "/user/a", "/user/%2f%2F": "/user/%2F%2F", "/user/%e0%A4": "/user/%E0%A4",
		"/%7e%2d%2E%5f": "/~-._", "/%": "/%", "/%4": "/%4", "/%zz": "/%zz", "/%%41": "/%A",
		"/user/é": "/user/%C3%A9", "/user/a|b": "/user/a%7Cb",
	} {
		if got := stale.Key(in); got != want {
			t.Errorf("Key(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzKey: two paths have one key only if they decode to the same, and a key is its own key where encoding is sound.
func FuzzKey(f *testing.F) {
	for _, s := range []string{"/user/a", "/user/%61%2f", "/%e0%A4%zz", "%%41", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key := stale.Key(s)
		if decode(key) != decode(s) && !strings.Contains(decode(s), "%") {
			t.Errorf("Key(%q) = %q, which decodes to %q, want %q", s, key, decode(key), decode(s))
		}
	})
}

// decode replaces every percent-encoded byte, in a way of its own.
func decode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
