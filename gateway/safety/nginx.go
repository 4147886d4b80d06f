package safety

import "strings"

// difference is why nginx does something else than the table asks in the cases whose name begins in one of these ways. A more
// particular one stands before a more general one.
type difference struct {
	names []string
	why   string
}

// differences are those of nginx 1.22, as bench/gateways configures it.
func differences() []difference {
	return []difference{
		{[]string{"Content-Length with white space around it"},
			"nginx takes a tab for a part of the value and refuses: stricter than RFC 9110, 5.5, and safe"},
		{[]string{"a body where the route takes none", "a chunked body where the route takes none"},
			"nginx has a limit of the body for all methods, and forwards bodies of GET well framed; here a route without `body` takes none"},
		{[]string{"chunk size", "chunk line", "chunk extension", "end of a chunk", "end of the body", "trailers of 128 KiB"},
			"nginx skips what follows a chunk's size up to LF, takes LF for CRLF, and skips trailers unread and unmeasured; it frames the " +
				"body anew, so that its own upstream is not misled, but a server in front of it that reads strictly is"},
		{[]string{"trailers that a head is needed for"},
			"nginx 1.22 passes on what an answer announces as its trailers, whatever that is, and none of the trailers"},
		{[]string{"line ends", "byte by byte: a bare LF", `before the request line "\r"`},
			"nginx takes LF alone for the end of a line, as RFC 9112, 2.2 allows, and ignores some CRs; it writes the head anew"},
		{[]string{"field name", "length's name"},
			"nginx drops a line whose name it does not understand (ignore_invalid_headers) and forwards the rest; RFC 9112, 5.1 asks for 400 " +
				"only where white space comes before the colon, which nginx refuses"},
		{[]string{"field value"},
			"nginx refuses NUL alone and forwards other control characters, so that the next parser decides; here that parser, in Go, refuses"},
		{[]string{"request line", "version"},
			"nginx skips spaces around the target and leading zeros of versions, takes any 1.x for 1.1, and answers a line without a version " +
				"as HTTP/0.9, without a head"},
		{[]string{"HTTP/0.9"}, "nginx still speaks HTTP/0.9"},
		{[]string{"an unknown method", "a method in small letters", "TRACE"}, "nginx forwards methods that it does not know; here a route lists its methods"},
		{[]string{"host"}, "nginx checks a host's dots, slashes and control characters, and forwards its own upstream's name in any case"},
		{[]string{"absolute form of another scheme", "absolute form with dot segments"},
			"nginx takes any scheme, chooses the location by the resolved path, and forwards the path unresolved"},
		{[]string{"target"},
			"nginx decodes and resolves a path to choose its location, and forwards it unresolved (proxy_pass without a path): what policy " +
				"looked at and what the upstream reads differ. A location is a prefix, so that more segments pass; fragments pass, too"},
		{[]string{"slowloris: a body of one byte"},
			"client_body_timeout is between two reads: a body may take as long as it likes. Here the route's timeout holds for all of it"},
		{[]string{"slowloris"}, "nginx closes without an answer, or lets the upstream wait"},
		{[]string{"leaves", "resets", "ends its direction"}, "nginx finishes what it has begun for a client that left, unless told otherwise"},
		{[]string{"a forged X-Forwarded-Host", "forged", "Proxy"},
			"nginx forwards what it was not told to remove: which fields are trusted is its operator's to say"},
		{[]string{"upgrade", "fields that Connection names", "Keep-Alive, TE and Proxy-Connection", "fields of the connection", "Connection names"},
			"nginx removes Connection, Keep-Alive and Upgrade by name, and not what Connection names"},
		{[]string{"the upstream switches protocols unasked"}, "nginx forwards 101, which makes the connection a tunnel"},
		{[]string{"100-continue", "an unknown expectation"}, "nginx answers 100-continue itself, always, and ignores other expectations"},
		{[]string{`answer "HTTP/2.0`, `answer "HTTP/1.1 099`, `answer "HTTP/1.1 000`},
			"nginx takes any version and any three digits of a status line and passes the code on"},
		{[]string{`answer "HTTP/1.1`, `answer "HTP`, `answer "hello`, `answer ""`, `answer "HTTP/11`, "answer's status line", "answer with lines"},
			"nginx takes an answer without a status line for one of HTTP/0.9 and passes its bytes on as they are"},
		{[]string{"answer's field"}, "nginx passes on bytes of a field that it does not read itself"},
		{[]string{`answer "Content-Length`},
			"nginx drops a length that it cannot read and forwards until the upstream closes; the client is told that the answer broke off"},
		{[]string{`answer "Transfer-Encoding`}, "nginx looks for the word chunked within the field and reads chunks"},
		{[]string{"half a", "chunks without", "a chunk", "an answer", "204", "304", "HEAD with", "205", "garbage"},
			"nginx ends or keeps the client's connection by rules of its own for an answer that does not end where it says"},
		{[]string{"103", "100 that", "102", "100,000 interim", "only an interim"},
			"nginx 1.22 takes an interim answer for the answer: it came to know 103 in 1.29"},
		{[]string{"early answer", "the upstream closes without an answer"}, "nginx sends the rest of a body on, or gives up with the upstream's connection"},
		{[]string{"CONNECT", "OPTIONS"}, "nginx answers by itself"},
		{[]string{"coding in a field", "Content-Length in a field"}, "nginx drops names with an underscore (underscores_in_headers)"},
	}
}

// explain says of each case why nginx would differ.
func explain(cases []Case) []Case {
	all := differences()
	for i := range cases {
		cases[i].Nginx = explanation(all, cases[i].Name)
	}
	return cases
}

func explanation(all []difference, name string) string {
	for _, d := range all {
		for _, begin := range d.names {
			if strings.HasPrefix(name, begin) {
				return d.why
			}
		}
	}
	return ""
}
