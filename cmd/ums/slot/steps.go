package slot

import (
	"bytes"
	"strings"
	"text/template"
	"unicode"
)

// steps is what to do with a new skeleton. README.md has it too.
const steps = `
1. Start it (this needs <% .Language.Needs %>):

     cd <% .Folder %>
<%- range .Language.Install %>
     <% . %>
<%- end %>
     ADDR=127.0.0.1:8081 <% .Language.Start %>

2. In the repository of UMS, start the others, and check what the skeleton keeps already:

     go run ./cmd/ums
     go run ./conformance -slot <% .Slot %> -url http://127.0.0.1:8081<% .WriteURL %> -run '<% .Clauses %>'

3. Fill <% .Language.Fill %>; docs/slots.md tells the contract. Then everything is checked through the gateway:

     DATABASE_URL='mysql://user:password@tcp(127.0.0.1:3306)/ums' <% .Variable %>=http://127.0.0.1:8081 go run ./cmd/ums
     go run ./conformance -slot <% .Slot %> -url http://127.0.0.1:8080<% if eq .Slot "add" %> -lag 1s<% end %>
`

// Steps tells what to do next with the skeleton in that folder.
func (s Skeleton) Steps(folder string) (string, error) {
	parsed, err := template.New("steps").Delims("<%", "%>").Parse(steps)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	err = parsed.Execute(&text, struct {
		data

		Folder string
	}{s.data(), quoted(folder)})
	return text.String(), err
}

// quoted writes a path as one word for a POSIX shell.
func quoted(path string) string {
	special := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_./+:@%-", r)
	}
	if !strings.ContainsFunc(path, special) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
