package usertest

import (
	"strings"
)

// malformedDocuments are no JSON objects, or more than one; good is one.
func malformedDocuments(good string) []Case {
	body := good[:len(good)-1] // without the brace at its end
	return []Case{
		malformed("empty", ""),
		malformed("white space alone", " \r\n\t"),
		malformed("null", "null"),
		malformed("true", "true"),
		malformed("a number", phone),
		malformed("a string", quote(good)),
		malformed("an array", "["+good+"]"),
		malformed("an empty array", "[]"),
		malformed("a form", "name=KrishnaMohan&phone=9731423166"),
		malformed("XML", "<user><name>KrishnaMohan</name></user>"),
		malformed("cut", body),
		malformed("cut in a field", body[:8]),
		malformed("cut after a field", `{"name"`),
		malformed("cut after a comma", body+","),
		malformed("a comma too many", body+",}"),
		malformed("a brace too many", good+"}"),
		malformed("trailing garbage", good+"x"),
		malformed("trailing NUL", good+"\x00"),
		malformed("two documents", good+good),
		malformed("two documents on two lines", good+"\n"+good),
		malformed("a comment", good+"// the user"),
		malformed("no quotes", "{phone:9731423166}"),
		malformed("single quotes", "{'phone':9731423166}"),
		malformed("a field that is no string", "{1:9731423166}"),
		malformed("a byte order mark", "\uFEFF"+good),
		malformed("UTF-16", utf16(good)),
		malformed("gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00"),
		malformed("a tab in a string", body+",\"x\":\"\t\"}"),
		malformed("NUL in a string", body+",\"x\":\"\x00\"}"),
		malformed("NUL between fields", body+"\x00,\"x\":0}"),
		malformed("an unknown escape", body+`,"x":"\x41"}`),
		malformed("a cut escape", body+`,"x":"\u00"}`),
		malformed("invalid UTF-8 in a value", body+",\"x\":\"\xFF\"}"),
		malformed("invalid UTF-8 in a field", body+",\"\xFF\":0}"),
		malformed("a lone surrogate", body+`,"x":"\uD83D"}`),
		malformed("a lone low surrogate", body+`,"x":"\uDE00"}`),
		malformed("a lone surrogate in a field", body+`,"\uD83D":0}`),
		malformed("surrogates in the wrong order", body+`,"x":"\uDE00\uD83D"}`),
		malformed("deep, open", strings.Repeat("[", 8000)),
		malformed("deep below a field, open", `{"x":`+strings.Repeat(`{"x":`, 3000)),
		malformed("deeper than a parser goes", body+`,"x":`+strings.Repeat("[", 12_000)+"}"),
	}
}

// utf16 returns ASCII text in UTF-16, little-endian.
func utf16(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		b.WriteByte(0)
	}
	return b.String()
}

// mediaTypes are a good body under a wrong Content-Type.
func mediaTypes(good string) []Case {
	return []Case{
		mediaType("no Content-Type", "", good),
		mediaType("no Content-Type and no body", "", ""),
		mediaType("text", "text/plain", good),
		mediaType("a form's Content-Type", "application/x-www-form-urlencoded", good),
		mediaType("a problem", "application/problem+json", good),
		mediaType("text/json", "text/json", good),
		mediaType("a longer name", "application/jsonp", good),
		mediaType("a list", "application/json, application/json", good),
		mediaType("a range", "application/*", good),
		mediaType("half a type", "application", good),
		mediaType("a parameter without a value", "application/json; charset", good),
		mediaType("Latin-1", "application/json; charset=iso-8859-1", good),
		mediaType("UTF-16 by charset", "application/json; charset=utf-16", good),
	}
}

// largeBodies are one byte, and much, above the limit.
func largeBodies(good string) []Case {
	return []Case{
		tooLarge("one byte above the limit", padded(good, MaxBody+1)),
		tooLarge("one byte above the limit, before the document", strings.Repeat(" ", MaxBody+1-len(good))+good),
		tooLarge("1 MiB of white space", padded(good, 1<<20)),
		tooLarge("1 MiB of name", draft(`"`+strings.Repeat("K", 1<<20)+`"`, phone)),
		tooLarge("1 MiB of depth", strings.Repeat("[", 1<<20)),
		tooLarge("1 MiB of garbage", strings.Repeat("\xFF", 1<<20)),
	}
}

// padded returns document with white space after it, size bytes long.
func padded(document string, size int) string {
	return document + strings.Repeat(" ", size-len(document))
}
