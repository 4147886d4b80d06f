package usertest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
)

// BadName is text that is no name.
type BadName struct {
	Name string // of the case
	Raw  string // before it is percent-encoded or quoted
	Code string
}

// Segment returns the text as a segment of a path.
func (n BadName) Segment() string { return url.PathEscape(n.Raw) }

// Check returns how the answer to a request for the name differs from what it must be, or nil.
func (n BadName) Check(status int, header http.Header, body []byte) error {
	got, err := readProblem(status, header, body, http.StatusBadRequest, problem.InvalidName)
	if err != nil {
		return err
	}
	if len(got) != 1 || got[0].Code != n.Code { // what points to a segment of a path is the handler's to choose
		return fmt.Errorf("errors = %v, want one of the code %s", got, n.Code)
	}
	return nil
}

// BadNames returns text that is not acceptable as a name, in a path or in a body. That which is not valid UTF-8 makes
// a body malformed instead.
func BadNames() []BadName {
	names := []BadName{
		{Name: "white space alone", Raw: "          ", Code: user.CodeTooShort},
		{Name: "7 letters", Raw: "Krishna", Code: user.CodeTooShort},
		{Name: "7 letters between spaces", Raw: "  Krishna  ", Code: user.CodeTooShort},
		{Name: "7 letters between other white space", Raw: "\u2003\u3000Krishna\u00A0\u2028", Code: user.CodeTooShort},
		{Name: "7 letters of 4 bytes", Raw: strings.Repeat("𝔎", 7), Code: user.CodeTooShort},
		{Name: "8 characters that compose to 7", Raw: "Francoi" + "\u0308", Code: user.CodeTooShort},
		{Name: "21 jamo that compose to 7 syllables", Raw: strings.Repeat("\u1112\u1161\u11AB", 7), Code: user.CodeTooShort},
		{Name: "a letter and 6 combining marks", Raw: "x" + strings.Repeat("\u0301", 6), Code: user.CodeTooShort},
		{Name: "a family and no more", Raw: "👨\u200D👩\u200D👧\u200D👦", Code: user.CodeTooShort},
		{Name: "33 letters", Raw: strings.Repeat("K", 33), Code: user.CodeTooLong},
		{Name: "33 letters of 4 bytes", Raw: strings.Repeat("😀", 33), Code: user.CodeTooLong},
		{Name: "a letter and 32 combining marks", Raw: "x" + strings.Repeat("\u0301", 32), Code: user.CodeTooLong},
		{Name: "one character that decomposes to two, 17 times", Raw: strings.Repeat("\u0958", 17), Code: user.CodeTooLong},
		{Name: "3000 letters", Raw: strings.Repeat("Krishna", 3000/7), Code: user.CodeTooLong},
		{Name: "a byte order mark before it", Raw: "\uFEFFKrishnaMohan", Code: user.CodeForbiddenCharacter},
		{Name: "a refused character in long text", Raw: strings.Repeat("K", 33) + "\u202E", Code: user.CodeTooLong},
		{Name: "not UTF-8", Raw: "Krishna\xFFMohan", Code: user.CodeEncoding},
		{Name: "not UTF-8, and short", Raw: "\xFF", Code: user.CodeEncoding},
		{Name: "overlong UTF-8", Raw: "Krishna\xC0\xAFMohan", Code: user.CodeEncoding},
		{Name: "cut UTF-8", Raw: "KrishnaMohan\xE2\x82", Code: user.CodeEncoding},
		{Name: "a lone surrogate", Raw: "Krishna\xED\xA0\x80Mohan", Code: user.CodeEncoding},
		{Name: "beyond Unicode", Raw: "Krishna\xF4\x90\x80\x80Mohan", Code: user.CodeEncoding},
	}
	for _, c := range refusedCharacters {
		names = append(names, BadName{Name: c.name, Raw: "Krishna" + string(c.r) + "Mohan", Code: user.CodeForbiddenCharacter})
	}
	return names
}

// refusedCharacters has one or the bounds of every class that names may not hold.
var refusedCharacters = []struct {
	name string
	r    rune
}{
	{"NUL", 0x00},
	{"tab", '\t'},
	{"line feed", '\n'},
	{"carriage return", '\r'},
	{"escape", 0x1B},
	{"unit separator", 0x1F},
	{"delete", 0x7F},
	{"padding character (C1)", 0x80},
	{"next line (C1)", 0x85},
	{"application program command (C1)", 0x9F},
	{"line separator", 0x2028},
	{"paragraph separator", 0x2029},
	{"byte order mark", 0xFEFF},
	{"Arabic letter mark", 0x061C},
	{"left-to-right mark", 0x200E},
	{"right-to-left mark", 0x200F},
	{"left-to-right embedding", 0x202A},
	{"right-to-left embedding", 0x202B},
	{"pop directional formatting", 0x202C},
	{"left-to-right override", 0x202D},
	{"right-to-left override", 0x202E},
	{"left-to-right isolate", 0x2066},
	{"right-to-left isolate", 0x2067},
	{"first strong isolate", 0x2068},
	{"pop directional isolate", 0x2069},
	{"noncharacter U+FDD0", 0xFDD0},
	{"noncharacter U+FDEF", 0xFDEF},
	{"noncharacter U+FFFE", 0xFFFE},
	{"noncharacter U+FFFF", 0xFFFF},
	{"noncharacter U+1FFFE", 0x1FFFE},
	{"noncharacter U+10FFFF", 0x10FFFF},
}

// GoodName is text that is a name.
type GoodName struct {
	Name string // of the case
	Raw  string // before it is percent-encoded or quoted
	Want string // what is stored and answered
}

// Segment returns the text as a segment of a path.
func (n GoodName) Segment() string { return url.PathEscape(n.Raw) }

// WantSegment returns the name as a segment of a path.
func (n GoodName) WantSegment() string { return url.PathEscape(n.Want) }

// Draft returns a body that adds a user of this name.
func (n GoodName) Draft() []byte { return []byte(draft(quote(n.Raw), phone)) }

// GoodNames returns names that software is known to break. No two of them are the same.
func GoodNames() []GoodName {
	names := append(textNames(), pathNames()...)
	for i := range names {
		if names[i].Want == "" {
			names[i].Want = names[i].Raw
		}
	}
	return names
}

// textNames try Unicode. Where Want is empty it is Raw.
func textNames() []GoodName {
	const acute, below = "\u0301", "\u0323"
	return []GoodName{
		{Name: "plain", Raw: Name},
		{Name: "8 letters", Raw: "Krishnan"},
		{Name: "32 letters", Raw: strings.Repeat("K", 32)},
		{Name: "another case", Raw: "krishnamohan"},
		{Name: "an accent", Raw: "Krishnámohan"},
		{Name: "spaces inside", Raw: "Krishna  Mohan"},
		{Name: "spaces around", Raw: "  Krishna Mohan\t", Want: "Krishna Mohan"},
		{Name: "other white space around", Raw: "\u3000\u2028\u0085Krishna Rao\u00A0\u2003\r\n", Want: "Krishna Rao"},
		{Name: "no-break space inside", Raw: "Krishna\u00A0Mohan"},
		{Name: "32 letters between spaces", Raw: " " + strings.Repeat("R", 32) + " ", Want: strings.Repeat("R", 32)},
		{Name: "decomposed", Raw: "Jose" + acute + " Mari" + acute + "a", Want: "José María"},
		{Name: "a character that Form C replaces", Raw: "\u212Aelvin scale", Want: "Kelvin scale"},
		{Name: "a character that Form C decomposes", Raw: strings.Repeat("\u0958", 4), Want: strings.Repeat("\u0915\u093C", 4)},
		{Name: "33 characters that compose to 32", Raw: strings.Repeat("K", 31) + "e" + acute, Want: strings.Repeat("K", 31) + "é"},
		{Name: "24 jamo that compose to 8 syllables", Raw: strings.Repeat("\u1112\u1161\u11AB", 8), Want: strings.Repeat("한", 8)},
		{Name: "8 of 4 bytes", Raw: strings.Repeat("𝔎", 8)},
		{Name: "32 of 4 bytes", Raw: strings.Repeat("😀", 32)},
		{Name: "a letter and 7 combining marks", Raw: "x" + strings.Repeat(acute, 7)},
		{Name: "a letter and 31 combining marks", Raw: "x" + strings.Repeat(acute, 31)},
		{Name: "a letter that composes with one of 32 combining marks", Raw: "a" + strings.Repeat(acute, 32), Want: "á" + strings.Repeat(acute, 31)},
		{Name: "32 combining marks", Raw: strings.Repeat(acute, 32)},
		{
			Name: "32 combining marks in another order", Raw: "b" + strings.Repeat(acute+below, 16),
			Want: "ḅ" + strings.Repeat(below, 15) + strings.Repeat(acute, 16),
		},
		{Name: "a family at 8 characters", Raw: "👨\u200D👩\u200D👧\u200D👦!"},
		{Name: "Malayalam with zero-width joiner", Raw: "അവന്\u200D പറഞ്ഞു"},
		{Name: "Sinhala with zero-width joiner", Raw: "ශ්\u200Dරී ලංකා"},
		{Name: "Persian with zero-width non-joiner", Raw: "می\u200Cخواهم بروم"},
		{Name: "right to left by itself", Raw: "שלום עולם"},
		{Name: "zero-width space is no white space", Raw: "\u200BKrishnaMohan\u200B"},
		{Name: "replacement character", Raw: "Krishna\uFFFDMohan"},
		{Name: "variation selector", Raw: "Krishna \u2764\uFE0F"},
	}
}

// pathNames try routers, URLs, headers and queries.
func pathNames() []GoodName {
	return []GoodName{
		{Name: "slash", Raw: "Krishna/Mohan"},
		{Name: "slashes", Raw: "//Krishna//"},
		{Name: "slash and a route's own word", Raw: "Krishna/overview"},
		{Name: "dots", Raw: "........"},
		{Name: "dot segments", Raw: "../../etc/passwd"},
		{Name: "dot segments to a probe", Raw: "../../../livez"},
		{Name: "backslashes", Raw: `..\..\Krishna`},
		{Name: "percent", Raw: "100% Krishna"},
		{Name: "percent and digits", Raw: "Krishna%2FMohan"},
		{Name: "percent twice", Raw: "Krishna%252FMohan"},
		{Name: "percent NUL", Raw: "Krishna%00Mohan"},
		{Name: "plus", Raw: "Krishna+Mohan"},
		{Name: "query", Raw: "Krishna?limit=1&x=y"},
		{Name: "fragment", Raw: "Krishna#Mohan"},
		{Name: "semicolon", Raw: "Krishna;v=1"},
		{Name: "colon", Raw: "http://krishna@host:1"},
		{Name: "star", Raw: "********"},
		{Name: "braces", Raw: "{name:.*}"},
		{Name: "quotes", Raw: `Krishna "K" O'Mohan`},
		{Name: "markup", Raw: "<b>&amp;</b>"},
		{Name: "statement", Raw: "'; DROP TABLE ums_users"},
		{Name: "wildcards", Raw: "Kr%shn_\\_Mohan"},
		{Name: "key separators", Raw: "ums:user:v1:lease"},
		{Name: "digits", Raw: "12345678"},
		{Name: "null", Raw: "nullnull"},
	}
}
