package contract

import "strings"

// badFields are well-formed objects whose members are not those of a new user.
func badFields() []badBody {
	return []badBody{
		{
			id: "fields-none", says: "an empty object lacks both fields", body: `{}`,
			want: isProblem(validation, nameIs(codeRequired), phoneIs(codeRequired)),
		},
		{
			id: "fields-both-bad", says: "all faults are told at once", body: `{"name":"x","phone":"9731423166"}`,
			want: isProblem(validation, nameIs(codeTooShort), phoneIs(codeType)),
		},
		{
			id: "fields-duplicate-name", says: "a name given twice is refused, though both are the same",
			body: `{"name":"NAME","phone":9731423166,"name":"NAME"}`, want: isProblem(validation, nameIs(codeDuplicate)),
		},
		{
			id: "fields-duplicate-other", says: "a name given twice is refused: neither the first nor the last wins",
			body: `{"name":"NAME","name":"NAMEother","phone":9731423166}`, want: isProblem(validation, nameIs(codeDuplicate)),
			also: []string{"NAMEother"},
		},
		{
			id: "fields-duplicate-phone", says: "a phone number given twice is refused",
			body: `{"name":"NAME","phone":9731423166,"phone":9731423167}`, want: isProblem(validation, phoneIs(codeDuplicate)),
		},
		{
			id: "fields-duplicate-escaped", says: "an escaped field name is the same field",
			body: `{"name":"NAME","phone":9731423166,"ph\u006fne":9731423167}`, want: isProblem(validation, phoneIs(codeDuplicate)),
		},
		unknownField("unknown", "a field that does not exist is refused", `"admin"`, "#/admin"),
		unknownField("unknown-version", "version is not a field of a user", `"version"`, "#/version"),
		unknownField("unknown-empty", "a field whose name is empty does not exist", `""`, "#/"),
		unknownField("unknown-proto", "__proto__ is a field like any that does not exist", `"__proto__"`, "#/__proto__"),
		unknownField("unknown-pointer", "a pointer escapes ~ and / (RFC 6901)", `"a/b~c"`, "#/a~1b~0c"),
		{
			id: "fields-case", says: "field names are case-sensitive", body: `{"Name":"NAME","phone":9731423166}`,
			want: isProblem(validation, fault{Pointer: "#/Name", Code: codeUnknown}, nameIs(codeRequired)),
		},
		{
			id: "fields-since", says: "since cannot be set", body: `{"name":"NAME","phone":9731423166,"since":"2022-09-12T10:00:00Z"}`,
			want: isProblem(validation, fault{Pointer: "#/since", Code: codeReadOnly}),
		},
	}
}

func unknownField(id, says, key, pointer string) badBody {
	return badBody{
		id: "fields-" + id, says: says, body: `{"name":"NAME","phone":9731423166,` + key + `:true}`,
		want: isProblem(validation, fault{Pointer: pointer, Code: codeUnknown}),
	}
}

// malformed is a body that is not a JSON object.
func malformed(id, says, body string, also ...string) badBody {
	return badBody{id: id, says: says, body: body, want: isProblem(malformedJSON), also: also}
}

const goodBody = `{"name":"NAME","phone":9731423166}`

// badDocuments are bodies whose structure is not that of one JSON object.
func badDocuments() []badBody {
	return []badBody{
		malformed("document-empty", "an empty body is refused", ``),
		malformed("document-blank", "a body of white space is refused", " \n\t "),
		malformed("document-null", "null is no object", `null`),
		malformed("document-string", "a string is no object", `"NAME"`),
		malformed("document-number", "a number is no object", `9731423166`),
		malformed("document-array", "an array of objects is no object", `[`+goodBody+`]`),
		malformed("document-truncated", "a body cut short is refused", `{"name":"NAME","phone":9731423166`),
		malformed("document-truncated-string", "a body cut short in a string is refused", `{"phone":9731423166,"name":"NAME`),
		malformed("document-trailing-garbage", "nothing may follow the object", goodBody+`x`),
		malformed("document-trailing-brace", "not even a brace may follow the object", goodBody+`}`),
		malformed("document-trailing-object", "no second object may follow", goodBody+`{"name":"NAMEother","phone":9731423166}`, "NAMEother"),
		malformed("document-trailing-nul", "no NUL may follow the object", goodBody+"\x00"),
		malformed("document-trailing-comma", "a comma after the last member is refused", `{"name":"NAME","phone":9731423166,}`),
		malformed("document-missing-comma", "members without a comma between are refused", `{"name":"NAME" "phone":9731423166}`),
		malformed("document-single-quotes", "single quotes are not JSON", `{'name':'NAME','phone':9731423166}`),
		malformed("document-bare-keys", "field names without quotes are not JSON", `{name:"NAME",phone:9731423166}`),
		malformed("document-comment", "comments are not JSON", `{"name":"NAME",/* mobile */"phone":9731423166}`),
		malformed("document-form", "a form is not JSON", `name=NAME&phone=9731423166`),
		malformed("document-deep-open", "10,000 brackets that nobody closes are refused", strings.Repeat(`[`, 10_000)),
		deep("document-deep-array", "a name 5,000 arrays deep is refused", 5_000, `[`, `]`),
		deep("document-deep-object", "a name 1,000 objects deep is refused", 1_000, `{"name":`, `}`),
		deep("document-deeper", "a name 100,000 arrays deep is refused", 100_000, `[`, `]`),
		malformed("phone-leading-zero", "a number with a leading zero is not JSON", `{"name":"NAME","phone":09731423166}`),
		malformed("phone-plus", "a number with a plus sign is not JSON", `{"name":"NAME","phone":+9731423166}`),
		malformed("phone-hexadecimal", "a hexadecimal number is not JSON", `{"name":"NAME","phone":0x2440A8B3E}`),
		malformed("phone-nan", "NaN is not JSON", `{"name":"NAME","phone":NaN}`),
		malformed("phone-underscores", "underscores in numbers are not JSON", `{"name":"NAME","phone":9_731_423_166}`),
		malformed("phone-bare-fraction", "a fraction without digits is not JSON", `{"name":"NAME","phone":9731423166.}`),
	}
}

// deep nests a name. A JSON reader may limit the depth (RFC 8259, section 9): then the body is malformed; one that does
// not has to see that the name is no string. What is too long besides may be refused for that.
func deep(id, says string, depth int, open, closed string) badBody {
	body := `{"phone":9731423166,"name":` + strings.Repeat(open, depth) + `"NAME"` + strings.Repeat(closed, depth) + `}`
	answers := [][]expectation{{isProblem(malformedJSON)}, {isProblem(validation, nameIs(codeType))}}
	if len(body) > longestAccepted {
		answers = append(answers, []expectation{isProblem(bodyTooLarge)})
	}
	return badBody{id: id, says: says, body: body, want: either(answers...)}
}

// longestAccepted is how long a body may be without being refused for its length alone: the contract leaves open what is
// between this, which is ample, and what is too large.
const longestAccepted = 12 << 10

// badTexts are bodies whose strings are not text: RFC 8259, sections 7 and 8.1, and RFC 7493, section 2.1.
func badTexts() []badBody {
	return []badBody{
		text("control", "a control character has to be escaped", "NAME\x01tail", "NAMEtail"),
		text("newline", "a line feed has to be escaped", "NAME\ntail", "NAMEtail"),
		text("nul", "a NUL byte is refused", "NAME\x00tail", "NAMEtail"),
		text("escape", "an unknown escape is refused", `NAME\xtail`, "NAMExtail"),
		text("escape-short", "an escape of three digits is refused", `NAME\u12"`),
		text("surrogate-high", "a high surrogate alone is refused", `NAME\ud83dtail`, "NAME\uFFFDtail", "NAMEtail"),
		text("surrogate-low", "a low surrogate alone is refused", `NAME\udE00tail`, "NAME\uFFFDtail", "NAMEtail"),
		text("surrogate-reversed", "a surrogate pair in the wrong order is refused", `NAME\ude00\ud83dx`, "NAME\uFFFD\uFFFDx", "NAMEx"),
		text("surrogate-end", "a high surrogate at the end is refused", `NAME\ud83d`, "NAME\uFFFD"),
		text("utf8-continuation", "a stray continuation byte is refused", "NAME\x80tail", "NAME\uFFFDtail", "NAMEtail"),
		text("utf8-latin-1", "Latin-1 is refused", "NAME\xe9tail", "NAME\uFFFDtail", "NAMEtail", "NAME\u00e9tail"),
		text("utf8-overlong", "an overlong encoding is refused", "NAME\xc0\xaftail", "NAME/tail", "NAME\uFFFD\uFFFDtail"),
		text("utf8-surrogate", "a surrogate in UTF-8 is refused", "NAME\xed\xa0\xbdtail", "NAMEtail", "NAME\uFFFD\uFFFD\uFFFDtail"),
		text("utf8-beyond", "a code point beyond U+10FFFF is refused", "NAME\xf4\x90\x80\x80x", "NAMEx"),
		text("utf8-cut", "a sequence cut short is refused", "NAME\xf0\x9f\x98", "NAME\uFFFD"),
		malformed("text-utf8-key", "invalid UTF-8 in a field's name is refused", "{\"name\":\"NAME\",\"phone\":9731423166,\"\xff\":1}"),
		malformed("text-utf16", "UTF-16 is refused", "\xff\xfe{\x00\"\x00n\x00a\x00m\x00e\x00\"\x00:\x001\x00}\x00"),
	}
}

func text(id, says, name string, also ...string) badBody {
	return malformed("text-"+id, says, `{"name":"`+name+`","phone":9731423166}`, also...)
}
