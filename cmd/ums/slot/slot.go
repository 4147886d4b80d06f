// Package slot writes skeletons of services that fill a slot: they route, answer probes and tell errors as the contract
// wants it, and say of everything else that it is not implemented.
package slot

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"text/template"

	"github.com/glarimy/ums/shared/schema"
)

// A template is a file of templates/LANGUAGE, or of templates/every for all of them, with .tmpl behind its name: else the
// Go tool would take some for its own.
//
//go:embed all:templates
var templates embed.FS

// Skeleton is a service that was not written to a disk yet.
type Skeleton struct {
	language language
	contract contract
	files    map[string][]byte // by their paths, with slashes
}

// Render makes the skeleton of a slot in a language. The error tells what there is to choose from.
func Render(lang, slot string) (Skeleton, error) {
	l, err := findLanguage(lang)
	if err != nil {
		return Skeleton{}, err
	}
	c, err := findContract(slot)
	if err != nil {
		return Skeleton{}, err
	}
	s := Skeleton{language: l, contract: c, files: map[string][]byte{}}
	for _, folder := range []string{"templates/every", "templates/" + l.Name} {
		if err := s.render(folder); err != nil {
			return Skeleton{}, err
		}
	}
	return s, nil
}

func (s *Skeleton) render(folder string) error {
	return fs.WalkDir(templates, folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := templates.ReadFile(path)
		if err != nil {
			return err
		}
		parsed, err := template.New(path).Delims("<%", "%>").Option("missingkey=error").Parse(string(source))
		if err != nil {
			return fmt.Errorf("read the template %s: %w", path, err)
		}
		var content bytes.Buffer
		if err := parsed.Execute(&content, s.data()); err != nil {
			return fmt.Errorf("fill the template %s: %w", path, err)
		}
		s.files[strings.TrimSuffix(strings.TrimPrefix(path, folder+"/"), ".tmpl")] = content.Bytes()
		return nil
	})
}

// data is what templates are filled with.
type data struct {
	contract

	Language                    language
	Variable                    string // by which the gateway is told where the slot is filled
	WriteURL                    string // the flag by which the suite is told where users are added, if it is not here
	Clauses                     string
	First                       sample
	SchemaRequired, SchemaKnown uint64
}

// sample is one request that the slot serves.
type sample struct{ Method, Sample string }

func (s *Skeleton) data() data {
	first := s.contract.Routes[0]
	writeURL := " -write-url http://127.0.0.1:8080"
	if s.contract.Slot == "add" {
		writeURL = ""
	}
	return data{
		WriteURL: writeURL,
		contract: s.contract, Language: s.language, Variable: strings.ToUpper(s.contract.Slot) + "_URL", Clauses: Clauses,
		First:          sample{first.Operations[0].Method, strings.Replace(first.Path, "{name}", "KrishnaMohan", 1)},
		SchemaRequired: schema.Required, SchemaKnown: schema.Known,
	}
}
