package openapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPage checks that the page is whole, runs nothing and loads nothing.
func TestPage(t *testing.T) {
	t.Parallel()
	c := routes(t)
	w := get(t, describe(t, c, newFakes()).ServePage)
	page := w.Body.String()
	for _, r := range c.Routes {
		for _, method := range r.Methods {
			if want := `<h3><b class="method">` + method + `</b> <code>` + r.Path + `</code></h3>`; !strings.Contains(page, want) {
				t.Errorf("the page does not have %s %s", method, r.Path)
			}
		}
	}
	for _, want := range []string{
		`curl -i &#34;$UMS/user/KrishnaMohan&#34;`,
		`curl -i -X POST -H &#39;Content-Type: application/json&#39; -d &#39;{&#34;name&#34;:&#34;KrishnaMohan&#34;,&#34;phone&#34;:9731423166}&#39; &#34;$UMS/user&#34;`,
		`href="https://github.com/glarimy/ums/blob/main/docs/problems.md#user-not-found"`,
		`<article id="schema-User">`, `from 9000000000, to 999999999999999`, `If-None-Match`, `Retry-After`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
	for _, never := range []string{"<script", "<link", "<img", "<iframe", " style=", " onclick=", "@import", "url(", "<no value>", "ZgotmplZ"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %s", never)
		}
	}
	_, style, _ := strings.Cut(page, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
		t.Errorf("the policy %q does not allow the page's own style", policy)
	}
}

// TestPage_links checks that every link within the page leads somewhere, and to one place.
func TestPage_links(t *testing.T) {
	t.Parallel()
	page := get(t, describe(t, routes(t), newFakes()).ServePage).Body.String()
	var ids []string
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if slices.Contains(ids, m[1]) {
			t.Errorf("there are two places called %s", m[1])
		}
		ids = append(ids, m[1])
	}
	links := regexp.MustCompile(` href="#([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 20 {
		t.Fatalf("the page has %d links within it", len(links))
	}
	for _, m := range links {
		if !slices.Contains(ids, m[1]) {
			t.Errorf("a link leads to %s, which is nowhere", m[1])
		}
	}
}

// TestPage_harmless checks that what a service says of itself cannot become part of the page's own text.
func TestPage_harmless(t *testing.T) {
	t.Parallel()
	const evil = `"</code><script>alert(1)</script>` + "`<img src=x>`"
	f := newFakes()
	f.set("find", "openapi: 3.1.1\ninfo: {summary: 'X'}\npaths: {'/user/{name}': {get: {summary: 'X', description: 'X', "+
		"parameters: [{name: 'X', in: 'X', description: 'X', schema: {type: 'X', pattern: 'X', $ref: '#/components/schemas/X'}}], "+
		"responses: {'200': {description: 'X', content: {'X': {schema: {enum: ['X']}, example: 'X'}, "+
		"application/problem+json: {examples: {a: {value: {type: 'javascript:alert(1)'}}}}}}}}}}\n"+
		"components: {schemas: {X: {description: 'X', examples: ['X']}}}\n", nil)
	f.set("find", strings.ReplaceAll(f.told["find"], "'X'", "'"+evil+"'"), nil)
	d := describe(t, routes(t), f)
	if got := read(t, d); got.Sources["find"] != "served" {
		t.Fatalf("sources = %v", got.Sources)
	}
	page := get(t, d.ServePage).Body.String()
	for _, never := range []string{"<script", "<img", "javascript:"} {
		if strings.Contains(page, `href="`+never) || strings.HasPrefix(never, "<") && strings.Contains(page, never) {
			t.Errorf("the page has %s", never)
		}
	}
}
