package route_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/glarimy/ums/gateway/route"
)

func TestParseTarget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		raw         string
		path, query string // both empty: refused
	}{
		{raw: "/", path: "/"},
		{raw: "/user", path: "/user"},
		{raw: "/user?limit=10&cursor=a%20b", path: "/user", query: "limit=10&cursor=a%20b"},
		{raw: "/user?", path: "/user"},
		{raw: "/user?a?b", path: "/user", query: "a?b"},
		{raw: "/user?a;b=%zz", path: "/user", query: "a;b=%zz"},
		{raw: "/user/..%2f..x", path: "/user/..%2f..x"},
		{raw: "/user/a%2Fb%2fc", path: "/user/a%2Fb%2fc"},
		{raw: "/user/a%25b", path: "/user/a%25b"},
		{raw: "/user/%00", path: "/user/%00"},
		{raw: "/user/...", path: "/user/..."},
		{raw: "/user/.a", path: "/user/.a"},
		{raw: "/user/कृष्णमोहन", path: "/user/कृष्णमोहन"},
		{raw: "/user/a|b\"c<d>^`{}", path: "/user/a|b\"c<d>^`{}"},
		{raw: "//user//", path: "//user//"},
		{raw: "http://host/user?x", path: "/user", query: "x"},
		{raw: "HTTPS://host:1/user", path: "/user"},
		{raw: "http://host", path: "/"},
		{raw: "http://host?x", path: "/", query: "x"},

		{raw: ""},
		{raw: "*"},
		{raw: "user"},
		{raw: "host:80"},
		{raw: "http:///user"},
		{raw: "ftp://host/user"},
		{raw: "/user/%"},
		{raw: "/user/%2"},
		{raw: "/user/%zz"},
		{raw: "/user/%2g"},
		{raw: "/user/%/x"},
		{raw: "/user/."},
		{raw: "/user/.."},
		{raw: "/.."},
		{raw: "/../user"},
		{raw: "/user/./x"},
		{raw: "/user/../x"},
		{raw: "/user/%2e%2e"},
		{raw: "/user/%2E./x"},
		{raw: "/user/.%2e?x"},
		{raw: "/user/%2e"},
		{raw: "http://host/.."},
		{raw: `/user/..\x`},
		{raw: "/user/a#b"},
		{raw: "/user?a#b"},
		{raw: "/user/a b"},
		{raw: "/user?a b"},
		{raw: "/user/a\tb"},
		{raw: "/user/a\x00b"},
		{raw: "/user?\x7f"},
	} {
		target, err := route.ParseTarget(tt.raw)
		if tt.path == "" {
			if _, ok := errors.AsType[*route.TargetError](err); !ok {
				t.Errorf("ParseTarget(%q) = %q, %v; want a TargetError", tt.raw, target, err)
			}
			continue
		}
		if err != nil || target.Path != tt.path || target.Query != tt.query {
			t.Errorf("ParseTarget(%q) = %q %q, %v; want %q %q", tt.raw, target.Path, target.Query, err, tt.path, tt.query)
		}
	}
}

// FuzzMatch checks what the whole gateway rests on: an accepted target is handed on byte for byte, and what a parameter
// stands for is one segment that nobody can take for two or for none.
func FuzzMatch(f *testing.F) {
	for _, seed := range []string{
		"/user/..%2f..x", "/user/a%2Fb", "/user/%2e%2e", "/user/a%25b", "//", "/user/", "/user//overview",
		"/user/x/overview?y", "/journal/stream", "/journal/%73tream", "http://h/user/x", "/user/.%2E", "*",
		"/user/\xff", "/user/a?b?c", "/user?", "/user/..;/x",
	} {
		f.Add(seed)
	}
	table := mustTable(f, "/user", "/user/{name}", "/user/{name}/overview", "/journal/stream", "/journal/{id}")
	f.Fuzz(func(t *testing.T, raw string) {
		target, err := route.ParseTarget(raw)
		if err != nil {
			return
		}
		if got := target.String(); strings.HasPrefix(raw, "/") && got != raw {
			t.Fatalf("%q goes on as %q", raw, got)
		}
		path := table.Match(target.Path)
		if path == nil {
			return
		}
		segments, pattern := strings.Split(target.Path, "/"), strings.Split(path.Pattern(), "/")
		if len(segments) != len(pattern) {
			t.Fatalf("%q matched %s", target.Path, path.Pattern())
		}
		for i, segment := range segments {
			switch {
			case strings.HasPrefix(pattern[i], "{"):
				if decoded := strings.ReplaceAll(strings.ToLower(segment), "%2e", "."); decoded == "" ||
					decoded == "." || decoded == ".." || strings.ContainsAny(segment, "\\?# \r\n") {
					t.Fatalf("%q let %q through", raw, segment)
				}
			case segment != pattern[i]:
				t.Fatalf("%q matched %s", target.Path, path.Pattern())
			}
		}
	})
}
