package route_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/glarimy/ums/gateway/route"
)

func TestTemplate_Fill(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ template, segment, want string }{
		{"/user/{name}", "KrishnaMohan", "/user/KrishnaMohan"},
		{"/user/{name}", "a%2Fb%2e%2E+&=;", "/user/a%2Fb%2e%2E+&=;"},
		{"/journal?user={name}&limit=20", "a%2Fb", "/journal?user=a%2Fb&limit=20"},
		{"/journal?user={name}", "1+1=2&x;y@h:'!(é", "/journal?user=1%2B1%3D2%26x%3By%40h%3A%27%21%28%C3%A9"},
		{"/journal?user={name}&again={name}", "a", "/journal?user=a&again=a"},
		{"/journal?", "a", "/journal?"},
		{"/", "a", "/"},
		{"/?x=%20+", "a", "/?x=%20+"},
	} {
		template, err := route.ParseTemplate(tt.template)
		if err != nil {
			t.Fatal(err)
		}
		if got := template.Fill(func(string) string { return tt.segment }).String(); got != tt.want {
			t.Errorf("%s with %q = %q, want %q", tt.template, tt.segment, got, tt.want)
		}
		if template.String() != tt.template {
			t.Errorf("String = %q, want %q", template, tt.template)
		}
	}
}

func TestParseTemplate_refuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"journal":               `a path begins with "/"`,
		"":                      `a path begins with "/"`,
		"/user/":                "no empty segment",
		"/user/x{name}":         "a segment is either a {parameter} or",
		"/user/..":              "dot segment",
		"/journal?user={na me":  "is no parameter",
		"/journal?user={}":      "is no parameter",
		"/journal?user=}":       `holds '}'`,
		"/journal?user=a b":     `holds ' '`,
		"/journal?user=a#b":     `holds '#'`,
		"/journal?user=%4":      "two hexadecimal digits",
		"/journal?user=%{name}": "two hexadecimal digits",
	} {
		if _, err := route.ParseTemplate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseTemplate(%q) = %v, want an error that says %q", text, err, want)
		}
	}
}

func TestPattern_Capture(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ pattern, path, want string }{
		{"/user/{name}/overview", "/user/a%2Fb/overview", "a%2Fb"},
		{"/user/{name}/overview", "/user/a/b/overview", "no"},
		{"/user/{name}/overview", "/user//overview", "no"},
		{"/user/{name}/overview", "/user/a", "no"},
		{"/user/{name}/overview", "/users/a/overview", "no"},
		{"/user/{name}", "user/a", "no"},
		{"/", "/", ""},
		{"/", "/a", "no"},
	} {
		values, ok := mustPattern(t, tt.pattern).Capture(tt.path)
		if got := values["name"]; ok == (tt.want == "no") || ok && got != tt.want {
			t.Errorf("%s of %s = %q, %t; want %q", tt.pattern, tt.path, got, ok, tt.want)
		}
	}
	if got := mustPattern(t, "/a/{b}/c/{d}").Parameters(); !slices.Equal(got, []string{"b", "d"}) {
		t.Errorf("Parameters = %q", got)
	}
}

// FuzzTemplate checks that whatever segment a client sends, what is made of it is one target of the template's form, in
// which the parameter, decoded once, is what the client's segment is when decoded once.
func FuzzTemplate(f *testing.F) {
	f.Add("/user/{name}", "KrishnaMohan")
	f.Add("/journal?user={name}&limit=20", "a%2Fb+c&d=e;f")
	f.Add("/{name}/x?{name}={name}", "%00%ff")
	f.Add("/journal?user={name}", "..%2f..")
	f.Add("/{name}", `"é"`)
	f.Fuzz(func(t *testing.T, text, segment string) {
		if target, err := route.ParseTarget("/" + segment); err != nil || target.HasQuery || segment == "" || strings.Contains(segment, "/") {
			return // no request has such a segment
		}
		template, err := route.ParseTemplate(text)
		if err != nil {
			return
		}
		filled := template.Fill(func(string) string { return segment })
		again, err := route.ParseTarget(filled.String())
		if err != nil || again.String() != filled.String() || again.HasQuery != filled.HasQuery {
			t.Fatalf("%q with %q is %q: %v", text, segment, filled, err)
		}
		path, _, _ := strings.Cut(text, "?")
		if got, want := strings.Count(filled.Path, "/"), strings.Count(path, "/"); got != want {
			t.Fatalf("%q with %q is %q: %d segments, want %d", text, segment, filled, got, want)
		}
		if !strings.HasSuffix(text, "?user={name}") {
			return
		}
		want, err := url.PathUnescape(segment)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := url.ParseQuery(filled.Query); err != nil || len(got) != 1 || got.Get("user") != want {
			t.Fatalf("%q with %q has the parameters %q, want %q: %v", text, segment, got, want, err)
		}
	})
}
