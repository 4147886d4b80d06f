package contract

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf16"
)

// badBody is a body that has to be refused. In its texts NAME stands for a valid name that nobody else uses.
type badBody struct {
	id, says string
	// body is what is sent.
	body string
	// want is the answer.
	want expectation
	// also are further names that a careless server might have stored, beside NAME itself.
	also []string
}

// badBodies are all tables of POST's bad bodies.
func badBodies() []badBody {
	var all []badBody
	for _, table := range [][]badBody{badPhones(), badNames(), badFields(), badDocuments(), badTexts()} {
		all = append(all, table...)
	}
	return all
}

func badBodyClauses() []Clause {
	var clauses []Clause
	for _, b := range badBodies() {
		clauses = append(clauses, Clause{
			ID: idOf(Add, "body", b.id), Says: b.says + ", and nothing is stored",
			Run: func(ctx context.Context, c *Client) error { return refused(ctx, c, b) },
		})
	}
	return clauses
}

func refused(ctx context.Context, c *Client, b badBody) error {
	name := newName()
	body := strings.ReplaceAll(b.body, "NAME", name)
	req := post(body)
	if len(body) > longestAccepted {
		req = req.onWire() // the answer may come, and the connection end, before all of it is read
	}
	if _, err := c.send(ctx, req, b.want); err != nil {
		return err
	}
	for _, stored := range append([]string{"NAME"}, b.also...) {
		if err := c.isAbsent(ctx, strings.ReplaceAll(stored, "NAME", name)); err != nil {
			return err
		}
	}
	return nil
}

// phoneRow is a bad body because of the value of its phone number.
func phoneRow(id, says, literal, code string) badBody {
	return badBody{
		id: "phone-" + id, says: says, body: `{"name":"NAME","phone":` + literal + `}`,
		want: isProblem(validation, phoneIs(code)),
	}
}

func badPhones() []badBody {
	return []badBody{
		phoneRow("string", "a phone number in quotes is refused", `"9731423166"`, codeType),
		phoneRow("empty-string", "an empty string is no phone number", `""`, codeType),
		phoneRow("null", "null is no phone number", `null`, codeType),
		phoneRow("boolean", "true is no phone number", `true`, codeType),
		phoneRow("array", "an array is no phone number", `[9731423166]`, codeType),
		phoneRow("object", "an object is no phone number", `{"phone":9731423166}`, codeType),
		phoneRow("float", "a phone number with a fraction is refused", `9731423166.5`, codeNotInteger),
		phoneRow("float-zero", "a fraction of zero is a fraction", `9000000000.0`, codeNotInteger),
		phoneRow("exponent", "a phone number with an exponent is refused", `9e9`, codeNotInteger),
		phoneRow("exponent-upper", "E is an exponent too", `9.731423166E+9`, codeNotInteger),
		phoneRow("exponent-huge", "an exponent beyond every float is an exponent", `1e400`, codeNotInteger),
		phoneRow("negative", "a negative phone number is too small", `-9731423166`, codeTooSmall),
		phoneRow("negative-2-63", "-2^63 is too small", `-9223372036854775808`, codeTooSmall),
		phoneRow("zero", "0 is too small", `0`, codeTooSmall),
		phoneRow("minus-zero", "-0 is too small", `-0`, codeTooSmall),
		phoneRow("below", "8999999999 is too small", `8999999999`, codeTooSmall),
		phoneRow("above", "1000000000000000 is too large", `1000000000000000`, codeTooLarge),
		phoneRow("2-53", "2^53+1, which a float cannot hold, is too large", `9007199254740993`, codeTooLarge),
		phoneRow("2-63", "2^63 is too large", `9223372036854775808`, codeTooLarge),
		phoneRow("2-64", "2^64 is too large", `18446744073709551616`, codeTooLarge),
		// Modulo 2^64 this is 9731423166: a server that wraps around would take it.
		phoneRow("2-64-wrapped", "a number that wraps around to a valid one is too large", `18446744083440974782`, codeTooLarge),
		phoneRow("1000-digits", "a number of 1000 digits is too large", strings.Repeat("9", 1000), codeTooLarge),
		{
			id: "phone-missing", says: "a body without phone is refused", body: `{"name":"NAME"}`,
			want: isProblem(validation, phoneIs(codeRequired)),
		},
	}
}

// nameRow is a bad body because of the value of its name, as JSON.
func nameRow(id, says, literal, code string, also ...string) badBody {
	return badBody{
		id: "name-" + id, says: says, body: `{"name":` + literal + `,"phone":9731423166}`,
		want: isProblem(validation, nameIs(code)), also: also,
	}
}

func badNames() []badBody {
	rows := []badBody{
		nameRow("null", "null is no name", `null`, codeType),
		nameRow("number", "a number is no name", `1234567890`, codeType, "1234567890"),
		nameRow("boolean", "false is no name", `false`, codeType),
		nameRow("array", "an array is no name", `["NAME"]`, codeType),
		nameRow("object", "an object is no name", `{"name":"NAME"}`, codeType),
		nameRow("empty", "an empty name is too short", `""`, codeTooShort),
		nameRow("blank", "a name of spaces is too short", `"            "`, codeTooShort),
		nameRow("short", "7 characters are too few", jsonString(random(7)), codeTooShort),
		nameRow("short-padded", "spaces around do not lengthen a name", jsonString("   "+random(7)+"   "), codeTooShort),
		nameRow("short-bytes", "bytes do not count: 7 emoji are too few", `"😀😁😂😃😄😅😆"`, codeTooShort),
		nameRow("combining-7", "14 code points that compose to 7 characters are too few",
			jsonString(decomposed(pick(7, composed()...))), codeTooShort),
		nameRow("combining-33", "66 code points that compose to 33 characters are too many",
			jsonString(decomposed(pick(33, composed()...))), codeTooLong),
		nameRow("unmergeable-34", "17 letters with marks that do not compose are 34 characters",
			jsonString(pick(17, unmergeable()...)), codeTooLong),
		nameRow("expanding-34", "17 characters that NFC expands to 34 are too many",
			jsonString(pick(17, expanding()...)), codeTooLong),
		nameRow("long", "33 characters are too many", `"NAME01234567890123456"`, codeTooLong, "NAME0123456789012345"),
		nameRow("long-astral", "33 characters beyond the BMP are too many", jsonString(strings.Repeat("\U0001F600", 33)), codeTooLong),
		nameRow("long-1000", "1000 characters are too many", `"NAME`+strings.Repeat("x", 984)+`"`, codeTooLong,
			"NAME"+strings.Repeat("x", 16)),
		missingName(),
	}
	for _, f := range forbiddenCharacters() {
		// A careless server strips the character, or cuts the name there.
		rows = append(rows, nameRow("forbidden-"+f.id, f.says+" within a name is refused", `"NAME`+escaped(f.char)+`tail"`,
			codeForbidden, "NAMEtail"))
	}
	return append(rows,
		nameRow("forbidden-leading-fs", "U+001C is no White_Space, though some languages trim it", `"\u001cNAME"`, codeForbidden),
		nameRow("forbidden-leading-bom", "U+FEFF is no White_Space, though some languages trim it", `"\ufeffNAME"`, codeForbidden),
		nameRow("forbidden-trailing-nul", "NUL is no White_Space, though some languages trim it", `"NAME\u0000"`, codeForbidden),
	)
}

func missingName() badBody {
	return badBody{
		id: "name-missing", says: "a body without name is refused", body: `{"phone":9731423166}`,
		want: isProblem(validation, nameIs(codeRequired)),
	}
}

// forbidden is a character that no name may hold.
type forbidden struct {
	id, says string
	char     rune
}

func forbiddenCharacters() []forbidden {
	all := []forbidden{
		{"nul", "NUL", 0},
		{"bell", "a control character", 0x07},
		{"newline", "a line feed", '\n'},
		{"esc", "ESC", 0x1b},
		{"delete", "DEL", 0x7f},
		{"next-line", "NEL", 0x85},
		{"c1", "a C1 control character", 0x9b},
		{"line-separator", "U+2028", 0x2028},
		{"paragraph-separator", "U+2029", 0x2029},
		{"byte-order-mark", "U+FEFF", 0xfeff},
	}
	for _, r := range "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" {
		all = append(all, forbidden{fmt.Sprintf("bidi-%04x", r), fmt.Sprintf("the bidi control %U", r), r})
	}
	for _, r := range "\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010ffff" {
		all = append(all, forbidden{fmt.Sprintf("nonchar-%04x", r), fmt.Sprintf("the noncharacter %U", r), r})
	}
	return all
}

// escaped spells a character as JSON escapes, so that the text around it is plain ASCII.
func escaped(r rune) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune{r}) {
		fmt.Fprintf(&b, `\u%04x`, unit)
	}
	return b.String()
}
