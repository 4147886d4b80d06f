package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the page
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/shared/document"
)

//go:embed page.gohtml
var pageTemplate string

//go:embed page.css
var pageStyle string

// renderPage makes the page of a composed document. It is one file without scripts that loads nothing.
func renderPage(routes []config.Route, composed object) (*document.Document, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"prose": prose,
		"style": func() template.CSS { return template.CSS(pageStyle) }, //nolint:gosec // it is a file of this package
	}).Parse(pageTemplate)
	if err != nil {
		return nil, fmt.Errorf("parse the page of the API: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, newView(routes, composed)); err != nil {
		return nil, fmt.Errorf("make the page of the API: %w", err)
	}
	return document.New("text/html; charset=utf-8", b.Bytes(), http.Header{
		"Content-Security-Policy": {policy()}, "Referrer-Policy": {"no-referrer"},
	}), nil
}

// policy forbids the page everything but its own style: what a service says of itself must not do anything.
func policy() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// prose makes paragraphs of a description, and code of what stands between backticks. All else stays text.
func prose(description string) template.HTML {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(description), "\n\n") {
		if paragraph == "" {
			continue
		}
		b.WriteString("<p>")
		for i, text := range strings.Split(paragraph, "`") {
			if i%2 == 1 {
				b.WriteString("<code>" + template.HTMLEscapeString(text) + "</code>")
			} else {
				b.WriteString(template.HTMLEscapeString(text))
			}
		}
		b.WriteString("</p>\n")
	}
	return template.HTML(b.String()) //nolint:gosec // every text went through HTMLEscapeString
}
