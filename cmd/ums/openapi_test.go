package main_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/services/find"
	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/openapitest"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
)

func documents() map[string]string {
	return map[string]string{"find": find.OpenAPI, "add": add.OpenAPI, "search": search.OpenAPI, "journal": journal.OpenAPI}
}

func mustSchema(t *testing.T, document, name string) *openapitest.Schema {
	t.Helper()
	s, err := openapitest.MustLoad(t, []byte(document)).Schema(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOpenAPIBounds keeps the numbers of the documents and those of the domain together.
func TestOpenAPIBounds(t *testing.T) {
	t.Parallel()
	for slot, document := range documents() {
		name := mustSchema(t, document, "Name").Bounds()
		if name.MinLength != user.MinNameLength || name.MaxLength != user.MaxNameLength {
			t.Errorf("%s: a name has %d to %d characters", slot, name.MinLength, name.MaxLength)
		}
		if slot == "journal" {
			continue // which has no phone numbers but in the data of events
		}
		phone := mustSchema(t, document, "PhoneNumber").Bounds()
		if phone.Minimum != user.MinPhoneNumber || phone.Maximum != user.MaxPhoneNumber {
			t.Errorf("%s: a phone number is from %f to %f", slot, phone.Minimum, phone.Maximum)
		}
	}
}

// TestOpenAPICharacters tries every character of the Basic Multilingual Plane on a name.
func TestOpenAPICharacters(t *testing.T) {
	t.Parallel()
	pattern := mustSchema(t, add.OpenAPI, "Name").Bounds().Pattern
	re := regexp.MustCompile(regexp.MustCompile(`\\u([0-9A-F]{4})`).ReplaceAllString(pattern, `\x{$1}`))
	for r := rune(0); r <= 0xFFFF; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		text := "Krishna" + string(r) + "Mohan"
		if _, err := user.NewName(text); (err == nil) != re.MatchString(text) {
			t.Errorf("%U: the domain says %v, and the document the contrary", r, err)
		}
	}
}

// TestOpenAPIBodies holds the tables of good and bad bodies against the schemas. What a schema cannot say is left out:
// that a field is there twice, and how a number is written.
func TestOpenAPIBodies(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bad  []usertest.Case
		good []usertest.GoodBody
	}{
		"NewUser":    {usertest.BadDrafts(), usertest.GoodDrafts()},
		"UserChange": {usertest.BadChanges(), usertest.GoodChanges()},
	} {
		schema := mustSchema(t, add.OpenAPI, name)
		tried := 0
		for _, c := range tt.bad {
			if c.HTTPOnly || !slices.ContainsFunc(c.Errors, sayable) || slices.ContainsFunc(unsayable(), func(part string) bool {
				return strings.Contains(c.Name, part)
			}) {
				continue
			}
			tried++
			if schema.Check(c.Body) == nil {
				t.Errorf("%s takes %s: %.100q", name, c.Name, c.Body)
			}
		}
		if tried < 20 {
			t.Errorf("%s: only %d bad bodies were tried", name, tried)
		}
		for _, g := range tt.good {
			if err := schema.Check(g.Body); err != nil {
				t.Errorf("%s refuses %s: %v", name, g.Name, err)
			}
		}
	}
	schema := mustSchema(t, add.OpenAPI, "Name")
	for _, n := range usertest.GoodNames() {
		text, err := json.Marshal(n.Want)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Check(text); err != nil {
			t.Errorf("Name refuses %s: %v", n.Name, err)
		}
	}
}

// unsayable returns parts of the names of cases that no schema can refuse: names that are not in the form in which they are
// kept, whose characters count after that, and noncharacters beyond the Basic Multilingual Plane.
func unsayable() []string {
	return []string{"white space alone", " between ", " compose to ", " decomposes to ", "noncharacter U+1"}
}

// sayable reports whether JSON Schema can refuse a value for this.
func sayable(e usertest.Error) bool {
	return e.Code != user.CodeDuplicate && e.Code != user.CodeNotInteger
}

// TestOpenAPIProblems keeps the kinds of problems and those that the documents name together.
func TestOpenAPIProblems(t *testing.T) {
	t.Parallel()
	for slot, document := range documents() {
		for _, m := range regexp.MustCompile(`problems\.md#([a-z-]+)\n +title: "?(.*?)"?\n +status: (\d+)`).FindAllStringSubmatch(document, -1) {
			kind := problem.Type(m[1])
			if !slices.Contains(problem.Types(), kind) {
				t.Errorf("%s: there is no kind of problem %s", slot, kind)
			} else if kind.Title() != m[2] || fmt.Sprint(kind.Status()) != m[3] {
				t.Errorf("%s: the example of %s has the title %q and the status %s", slot, kind, m[2], m[3])
			}
		}
	}
}
