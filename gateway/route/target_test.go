package route_test

import (
	"errors"
	"net/url"
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

func TestTarget_String(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"/user?":                        "/user?",
		"/user/a%2fb?c[d]=%zz&e;f='!$*": "/user/a%2fb?c[d]=%zz&e;f='!$*",
		"http://host/user/x?y":          "/user/x?y",
		"http://host":                   "/",
		"http://host?x":                 "/?x",
		"/user/कृ":                      "/user/%E0%A4%95%E0%A5%83",
		"/user/\xff?\x80":               "/user/%FF?%80",
		"/user/a|b^c`d{e}\"f<g>":        "/user/a%7Cb%5Ec%60d%7Be%7D%22f%3Cg%3E",
		`/user?a=\"b"`:                  "/user?a=%5C%22b%22",
		"/user/%25%7c|":                 "/user/%25%7c%7C",
	} {
		target, err := route.ParseTarget(raw)
		if got := target.String(); err != nil || got != want {
			t.Errorf("%q goes on as %q, %v; want %q", raw, got, err, want)
		}
	}
}

// FuzzMatch checks what the whole gateway rests on: an accepted target is handed on byte for byte but for what may stand in
// no URI, which is encoded; and what a parameter stands for is one segment that nobody can take for two or for none.
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
		sent := target.String()
		if again, err := route.ParseTarget(sent); err != nil || again.String() != sent {
			t.Fatalf("%q goes on as %q, and from there as %q, %v", raw, sent, again, err)
		}
		if u, err := url.ParseRequestURI(sent); err != nil || u.EscapedPath() != strings.SplitN(sent, "?", 2)[0] {
			t.Fatalf("%q goes on as %q, which is no URI: %v", raw, sent, err)
		}
		if decoded, err := url.PathUnescape(target.Path); err != nil || decoded != unescaped(sent) {
			t.Fatalf("%q goes on as %q, which means something else", raw, sent)
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

// unescaped returns what the path of a target means.
func unescaped(sent string) string {
	path, _, _ := strings.Cut(sent, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return err.Error()
	}
	return decoded
}
