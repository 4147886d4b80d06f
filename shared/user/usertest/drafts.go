package usertest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glarimy/ums/shared/user"
)

// The fields of the table's user as JSON text.
const (
	name  = `"` + Name + `"`
	phone = "9731423166"
)

// draft returns the document that adds a user; name and phone are JSON text.
func draft(name, phone string) string {
	return `{"name":` + name + `,"phone":` + phone + `}`
}

// fault is one wanted error.
func fault(field, code string) Error { return Error{Pointer: "#/" + field, Code: code} }

// BadDrafts returns bodies of POST /user that must be refused.
func BadDrafts() []Case {
	good := draft(name, phone)
	return slices.Concat(
		malformedDocuments(good),
		draftFields(),
		draftNames(),
		phones(func(phone string) string { return draft(name, phone) }),
		append(mediaTypes(good), mediaType("merge patch", MergePatch, good)),
		largeBodies(good),
	)
}

// draftFields try which fields there are.
func draftFields() []Case {
	missing := []Error{fault("name", user.CodeRequired), fault("phone", user.CodeRequired)}
	cases := []Case{
		invalid("no field", `{}`, missing...),
		invalid("no name", `{"phone":`+phone+`}`, missing[0]),
		invalid("no phone number", `{"name":`+name+`}`, missing[1]),
		invalid("name twice", `{"name":`+name+`,"name":`+name+`,"phone":`+phone+`}`, fault("name", user.CodeDuplicate)),
		invalid("phone number twice", `{"phone":`+phone+`,"name":`+name+`,"phone":9731423167}`, fault("phone", user.CodeDuplicate)),
		invalid("name twice, once escaped", `{"name":`+name+`,"n\u0061me":`+name+`,"phone":`+phone+`}`,
			fault("name", user.CodeDuplicate)),
		invalid("name three times", `{"name":`+name+`,"name":1,"name":`+name+`,"phone":`+phone+`}`,
			fault("name", user.CodeDuplicate), fault("name", user.CodeDuplicate)),
		invalid("since", `{"name":`+name+`,"phone":`+phone+`,"since":"2022-09-12T10:00:00Z"}`, fault("since", user.CodeReadOnly)),
		invalid("all that is wrong at once", `{"since":null,"name":"K","x":0,"phone":1}`, fault("since", user.CodeReadOnly),
			fault("name", user.CodeTooShort), fault("x", user.CodeUnknown), fault("phone", user.CodeTooSmall)),
		invalid("fields of another case", `{"Name":`+name+`,"PHONE":`+phone+`}`,
			append([]Error{fault("Name", user.CodeUnknown), fault("PHONE", user.CodeUnknown)}, missing...)...),
		invalid("a field that differs by a space", `{"name ":`+name+`,"phone":`+phone+`}`,
			fault("name%20", user.CodeUnknown), missing[0]),
		invalid("version", `{"name":`+name+`,"phone":`+phone+`,"version":1}`, fault("version", user.CodeUnknown)),
		invalid("prototype", `{"name":`+name+`,"phone":`+phone+`,"__proto__":{"x":1}}`, fault("__proto__", user.CodeUnknown)),
		invalid("an empty field", `{"name":`+name+`,"phone":`+phone+`,"":1}`, fault("", user.CodeUnknown)),
		invalid("a field that a pointer must escape", `{"name":`+name+`,"phone":`+phone+`,"~/ %\"é":1}`,
			fault("~0~1%20%25%22%C3%A9", user.CodeUnknown)),
		invalid("a very long field", `{"name":`+name+`,"phone":`+phone+`,"`+strings.Repeat("k", 5000)+`":1}`,
			fault(strings.Repeat("k", 64)+"%E2%80%A6", user.CodeUnknown)),
		invalid("deep below a field", `{"name":`+name+`,"phone":`+phone+`,"x":`+nested(3000)+`}`, fault("x", user.CodeUnknown)),
	}
	many, faults := "{", []Error{}
	for i := range 1500 {
		many += fmt.Sprintf(`"%d":0,`, i)
		if i < 16 { // as many as an answer tells
			faults = append(faults, fault(fmt.Sprint(i), user.CodeUnknown))
		}
	}
	return append(cases, invalid("very many fields", many+`"x":0}`, faults...))
}

// draftNames try the name: its type and its text.
func draftNames() []Case {
	var cases []Case
	for _, value := range []string{"null", "true", "12345678", "[" + name + "]", `{"name":` + name + `}`, nested(3000)} {
		cases = append(cases, invalid(fmt.Sprintf("name %.20s", value), draft(value, phone), fault("name", user.CodeType)))
	}
	cases = append(cases, invalid("name empty", draft(`""`, phone), fault("name", user.CodeTooShort)))
	for _, n := range BadNames() {
		if n.Code == user.CodeEncoding {
			cases = append(cases, malformed("name: "+n.Name, draft(`"`+n.Raw+`"`, phone)))
			continue
		}
		cases = append(cases, invalid("name: "+n.Name, draft(quote(n.Raw), phone), fault("name", n.Code)))
	}
	return cases
}

// phones try the phone number in the document that with makes of it.
func phones(with func(phone string) string) []Case {
	var cases []Case
	for _, p := range []struct{ literal, code string }{
		{`"9731423166"`, user.CodeType},
		{`""`, user.CodeType},
		{"null", user.CodeType},
		{"true", user.CodeType},
		{"[9731423166]", user.CodeType},
		{`{"phone":9731423166}`, user.CodeType},
		{"9731423166.0", user.CodeNotInteger},
		{"9731423166.5", user.CodeNotInteger},
		{"9e9", user.CodeNotInteger},
		{"9731423166E0", user.CodeNotInteger},
		{"97314231660e-1", user.CodeNotInteger},
		{"1e400", user.CodeNotInteger},
		{"-9e9", user.CodeNotInteger},
		{"-0.0", user.CodeNotInteger},
		{"0", user.CodeTooSmall},
		{"-0", user.CodeTooSmall},
		{"-9731423166", user.CodeTooSmall},
		{"-9223372036854775808", user.CodeTooSmall},
		{"-18446734342286128450", user.CodeTooSmall}, // wraps to a good one in 64 bits
		{"8999999999", user.CodeTooSmall},
		{"1000000000000000", user.CodeTooLarge},
		{"9007199254740992", user.CodeTooLarge},                        // 2^53
		{"9223372036854775808", user.CodeTooLarge},                     // 2^63
		{"18446744073709551616", user.CodeTooLarge},                    // 2^64
		{"18446744083440974782", user.CodeTooLarge},                    // wraps to a good one in 64 bits
		{"9" + strings.Repeat("0", 4000), user.CodeTooLarge},           // in no machine's number
		{"340282366920938463473106030915194634622", user.CodeTooLarge}, // wraps in 128 bits
	} {
		cases = append(cases, invalid(fmt.Sprintf("phone number %.24s", p.literal), with(p.literal), fault("phone", p.code)))
	}
	for _, literal := range []string{
		"09731423166", "+9731423166", "0x2440a3a7e", "9_731_423_166", "NaN", "Infinity", "9731423166.", ".5", "9e", "--1", "",
		"９７３１４２３１６６",
	} {
		cases = append(cases, malformed("phone number "+literal, with(literal)))
	}
	return cases
}

// nested returns a JSON array of that depth.
func nested(depth int) string {
	return strings.Repeat("[", depth) + strings.Repeat("]", depth)
}
