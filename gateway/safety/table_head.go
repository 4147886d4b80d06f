package safety

import (
	"slices"
	"strings"
)

const (
	lineWhy = "RFC 9112, 2.2: lines end in CRLF. A server may take a bare LF for an end, and then one sees two fields where another " +
		"sees one: so here it is refused. A bare CR must be"
	fieldWhy = "RFC 9112, 5.1: no white space between name and colon: must be refused with 400, as servers differ in whether such a " +
		"line is the field, another, or none"
	foldWhy  = "RFC 9112, 5.2: a folded line must be refused or unfolded; servers that do neither see a field of its own"
	bytesWhy = "RFC 9110, 5.5: CR, LF and NUL in a field's value are invalid and dangerous, and so may other control characters be"
)

// lineEnds are heads whose lines do not end in CRLF.
func lineEnds() []Case {
	return slices.Concat(
		each(func(name, raw string) Case { return refused(name, lineWhy, raw) }, "line ends:", "", "",
			"GET /case/x HTTP/1.1\nHost: h\r\n\r\n", "GET /case/x HTTP/1.1\r\nHost: h\n\r\n", "GET /case/x HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
			"GET /case/x HTTP/1.1\r\nHost: h\r\n\n", "GET /case/x HTTP/1.1\nHost: h\n\n", "GET /case/x HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
			"GET /case/x HTTP/1.1\rHost: h\r\n\r\n", "GET /case/x HTTP/1.1\r\nHost: h\r\nX: a\r\r\n\r\n",
			"GET /case/x HTTP/1.1\r\r\nHost: h\r\n\r\n", "GET /case/x HTTP/1.1\r\nHost: h\r\nX: a\nContent-Length: 5\r\n\r\nhello"),
		each(func(name, raw string) Case { return refused(name, foldWhy, raw) }, "folded line:", get, "\r\n\r\n",
			"X: a\r\n b", "X: a\r\n\tb", "X: a\r\n ", "X:\r\n a", "Content-Length:\r\n 5"),
		each(func(name, raw string) Case {
			return refused(name, "RFC 9112, 2.2: white space between the request line and the first field: must be refused, or the "+
				"line left out", raw)
		}, "white space before the first field:", "GET /case/x HTTP/1.1\r\n", "Host: h\r\n\r\n", " ", "\t", " X: y\r\n", " \r\n"),
		each(func(name, raw string) Case {
			return either(name, "RFC 9112, 2.2: a server should ignore an empty line before the request line", raw, gotGet)
		}, "before the request line", "", get+"\r\n", "\r\n", "\r\n\r\n", "\n"),
		each(func(name, raw string) Case {
			return refused(name, "RFC 9112, 3: a request line begins with the method", raw, 400, 405, 501)
		}, "before the request line", "", get+"\r\n", " ", "\t", "\x00", "\r", "\xef\xbb\xbf"),
	)
}

// fieldSyntax are field lines that parsers split in several ways.
func fieldSyntax() []Case {
	return slices.Concat(
		each(func(name, raw string) Case { return refused(name, fieldWhy, raw) }, "field name:", get, "\r\n\r\n",
			"X : y", "X\t: y", ": y", "X", "X Y: z", "X\x00: y", "X\x01: y", "X\x7f: y", "X\xff: y", "X/Y: z", "(X): y", "X,Y: z", "X=Y: z",
			"\"X\": y", "X\x0b: y", "@: y"),
		each(func(name, raw string) Case { return refused(name, fieldWhy, raw) }, "length's name:", post, "\r\n\r\nhello",
			"Content-Length : 5", "Content-Length\t: 5", "Content Length: 5\r\nContent-Length: 5", "Content-Length\x00: 5",
			"Content-Length\xa0: 5", "\x0bContent-Length: 5"),
		each(func(name, raw string) Case { return refused(name, bytesWhy, raw) }, "field value:", get, "\r\n\r\n",
			"X: a\x00b", "X: \x00", "X: a\x01b", "X: a\x0bb", "X: a\x0cb", "X: a\x1fb", "X: a\x7fb", "X: a\x08"),
		[]Case{
			forwarded("bytes above ASCII in a value", "RFC 9110, 5.5: opaque data; it frames nothing", get+"X: \xc3\xa9\xff\r\n\r\n", gotGet),
			forwarded("a tab within a value", "RFC 9110, 5.5: it is white space like any other", get+"X: a\tb\r\n\r\n", gotGet),
			forwarded("an empty value", "RFC 9110, 5.5: it is one", get+"X:\r\n\r\n", gotGet),
			refused("NUL alone", bytesWhy, "\x00\r\n\r\n"),
			refused("what is no HTTP", "RFC 9112, 2.2: refused", "hello\r\n\r\n"),
			refused("TLS on the cleartext port, or once more within TLS", "RFC 9112, 2.2: refused",
				"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
		},
	)
}

// overlong are heads without measure.
func overlong() []Case {
	const why = "RFC 9110, 5.4 and 15.5.15; RFC 6585, 5: refused with 414 or 431 before it fills the memory. The client may still be " +
		"sending, so that the answer can be lost in a reset"
	tooLong := func(name, raw string) Case {
		return Case{Name: name, Why: why, Client: Script{send(raw), answeredOrGone(400, 413, 414, 431, 501), closed()}, Reach: nothing()}
	}
	return []Case{
		tooLong("a target of 64 KiB", "GET /case/"+strings.Repeat("x", 64<<10)+" HTTP/1.1\r\nHost: h\r\n\r\n"),
		tooLong("a method of 64 KiB", strings.Repeat("X", 64<<10)+" /case/x HTTP/1.1\r\nHost: h\r\n\r\n"),
		tooLong("a field of 64 KiB", get+"X: "+strings.Repeat("x", 64<<10)+"\r\n\r\n"),
		tooLong("a field name of 64 KiB", get+strings.Repeat("x", 64<<10)+": x\r\n\r\n"),
		tooLong("10,000 fields", get+strings.Repeat("X: y\r\n", 10000)+"\r\n"),
		tooLong("a line that does not end", "GET /case/"+strings.Repeat("x", 1<<20)),
		tooLong("fields that do not end", get+strings.Repeat("X-Field: 0123456789\r\n", 50000)),
		tooLong("white space that does not end", get+"X:"+strings.Repeat(" ", 1<<20)),
		tooLong("empty lines that do not end", strings.Repeat("\r\n", 1<<19)),
		forwarded("a field of 8 KiB", "RFC 9110, 5.4: what clients really send, such as tokens, passes",
			get+"Authorization: Bearer "+strings.Repeat("x", 8000)+"\r\n\r\n", gotGet),
	}
}
