package route_test

import (
	"strings"
	"testing"

	"github.com/glarimy/ums/gateway/route"
)

func mustPattern(tb testing.TB, text string) route.Pattern {
	tb.Helper()
	p, err := route.ParsePattern(text)
	if err != nil {
		tb.Fatalf("ParsePattern(%q): %v", text, err)
	}
	return p
}

// mustTable returns a table in which every pattern takes GET and leads to itself.
func mustTable(tb testing.TB, patterns ...string) *route.Table[string] {
	tb.Helper()
	var entries []route.Entry[string]
	for _, text := range patterns {
		entries = append(entries, route.Entry[string]{
			Pattern: mustPattern(tb, text), Methods: []string{"GET"}, Value: text,
		})
	}
	table, err := route.NewTable(entries)
	if err != nil {
		tb.Fatalf("NewTable(%q): %v", patterns, err)
	}
	return table
}

func TestTable_Match(t *testing.T) {
	t.Parallel()
	table := mustTable(t, "/", "/user", "/user/{name}", "/user/{name}/overview", "/journal/{id}", "/journal/stream",
		"/a/{x}/c", "/a/b/d")
	for _, tt := range []struct {
		path, want string // want is "" for no match
	}{
		{"/", "/"},
		{"/user", "/user"},
		{"/user/KrishnaMohan", "/user/{name}"},
		{"/user/a%2Fb", "/user/{name}"},
		{"/user/..%2f..x", "/user/{name}"},
		{"/user/overview", "/user/{name}"},
		{"/user/x/overview", "/user/{name}/overview"},
		{"/journal/stream", "/journal/stream"},
		{"/journal/streams", "/journal/{id}"},
		{"/journal/%73tream", "/journal/{id}"},
		{"/a/b/d", "/a/b/d"},
		{"/a/b/c", "/a/{x}/c"}, // the literal branch /a/b ends nowhere
		{"/a/z/c", "/a/{x}/c"},

		{"", ""},
		{"user", ""},
		{"//", ""},
		{"//user", ""},
		{"/user/", ""},
		{"/user//", ""},
		{"/user//overview", ""},
		{"/user/x/", ""},
		{"/user/x/overview/", ""},
		{"/User", ""},
		{"/us%65r", ""},
		{"/a/z/d", ""},
		{"/user/x/y", ""},
		{"/journal", ""},
	} {
		got := ""
		if p := table.Match(tt.path); p != nil {
			got = p.Pattern()
			if value, ok := p.Value("GET"); !ok || value != got {
				t.Errorf("%s: the value is %q of pattern %q", tt.path, value, got)
			}
		}
		if got != tt.want {
			t.Errorf("Match(%q) = %q, want %q", tt.path, got, tt.want)
		}
	}
}

func TestTable_methods(t *testing.T) {
	t.Parallel()
	name := mustPattern(t, "/user/{name}")
	table, err := route.NewTable([]route.Entry[string]{
		{Pattern: name, Methods: []string{"GET"}, Value: "find"},
		{Pattern: name, Methods: []string{"PATCH", "DELETE"}, Value: "add"},
		{Pattern: mustPattern(t, "/jobs"), Methods: []string{"POST"}, Value: "jobs"},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := table.Match("/user/x")
	if got, want := path.Allow(), "DELETE, GET, HEAD, OPTIONS, PATCH"; got != want {
		t.Errorf("Allow = %q, want %q", got, want)
	}
	if got, want := table.Match("/jobs").Allow(), "OPTIONS, POST"; got != want {
		t.Errorf("Allow = %q, want %q: no HEAD without GET", got, want)
	}
	for method, want := range map[string]string{
		"GET": "find", "HEAD": "find", "PATCH": "add", "DELETE": "add", "POST": "", "OPTIONS": "", "get": "", "": "",
	} {
		if got, ok := path.Value(method); got != want || ok != (want != "") {
			t.Errorf("Value(%q) = %q, %t; want %q", method, got, ok, want)
		}
	}
}

func TestNewTable_refuses(t *testing.T) {
	t.Parallel()
	for name, patterns := range map[string][2]string{
		"one method twice":        {"/user/{name}", "/user/{name}"},
		"another parameter name":  {"/user/{name}", "/user/{id}"},
		"neither is the narrower": {"/{kind}/stream", "/journal/{id}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := route.NewTable([]route.Entry[int]{
				{Pattern: mustPattern(t, patterns[0]), Methods: []string{"GET"}},
				{Pattern: mustPattern(t, patterns[1]), Methods: []string{"GET"}},
			})
			if err == nil || !strings.Contains(err.Error(), patterns[1]) {
				t.Errorf("NewTable(%q) = %v, want an error that names the second", patterns, err)
			}
		})
	}
}

func TestParsePattern_refuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "user", "/user/", "//", "/user//x", "/.", "/user/..", "/%2e", "/{}", "/{1a}", "/{a-b}", "/{_}", "/x{a}",
		"/{a}x", "/{a", "/{a}/{a}", "/a b", "/a%20b", "/a?b", "/é", "/{name}/{other}/{name}", "/a/*",
	} {
		if p, err := route.ParsePattern(text); err == nil {
			t.Errorf("ParsePattern(%q) = %v, want an error", text, p)
		}
	}
}

//nolint:paralleltest // testing.AllocsPerRun counts for the whole process
func TestTable_Match_allocatesNothing(t *testing.T) {
	table := mustTable(t, "/user", "/user/{name}", "/user/{name}/overview")
	allocs := testing.AllocsPerRun(100, func() {
		target, err := route.ParseTarget("/user/Krishna%20Mohan?x=y")
		if err != nil || table.Match(target.Path) == nil {
			t.Fatal("no match")
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a look-up, want none", allocs)
	}
}
