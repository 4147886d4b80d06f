package http1

import (
	"strconv"
	"strings"
)

// maxFields bounds the number of fields of one head.
const maxFields = 128

// Field is one header field, its name as it was sent.
type Field struct {
	Name, Value string
}

// Unknown is the length of a body whose end only its framing tells.
const Unknown = -1

// Request is the head of a request.
type Request struct {
	Method string
	Target string // as it was sent
	Minor  int    // of the version, whose major number is 1
	Host   string // the value of Host; "" without one
	Fields []Field
	Length int64 // of the body in bytes; Unknown if it is chunked
	Expect bool  // the client waits for 100 (Continue) before it sends the body
	Close  bool  // the client wants the connection closed after the answer
}

// Response is the head of an answer.
type Response struct {
	Status  int
	Minor   int
	Fields  []Field
	Length  int64 // as it was said, whether or not a body follows; Unknown without Content-Length
	Chunked bool
	Close   bool // the connection ends after this answer
}

// framing is what a head says of the message as a whole.
type framing struct {
	length    int64 // Unknown without Content-Length
	chunked   bool
	host      string
	hosts     int
	expect    bool
	close     bool
	keepAlive bool
}

// Parse reads the head of a request, which Reader.Take has returned. It reuses the space of r.Fields. Every error is a
// *SyntaxError.
func (r *Request) Parse(head string) error {
	line, rest, _ := strings.Cut(head, "\r\n")
	if err := r.parseLine(line); err != nil {
		return err
	}
	var f framing
	var err error
	if r.Fields, err = parseFields(rest, r.Fields[:0], &f); err != nil {
		return err
	}
	switch {
	case f.chunked && r.Minor == 0:
		return malformed("HTTP/1.0 knows no transfer codings")
	case f.hosts == 0 && r.Minor == 1:
		return malformed("there is no Host")
	case !IsHost(f.host):
		return malformed("the value of Host is no host and port")
	}
	r.Host, r.Expect = f.host, f.expect && r.Minor == 1
	r.Close = f.close || r.Minor == 0 && !f.keepAlive
	r.Length = max(f.length, 0)
	if f.chunked {
		r.Length = Unknown
	}
	return nil
}

func (r *Request) parseLine(line string) error {
	method, rest, ok := strings.Cut(line, " ")
	target, version, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 || !IsToken(method) || target == "" {
		return malformed("the request line is not METHOD TARGET VERSION")
	}
	for i := range len(target) {
		if target[i] <= ' ' || target[i] == 0x7f {
			return malformed("the request target holds a control character")
		}
	}
	switch {
	case version == "HTTP/1.1":
		r.Minor = 1
	case version == "HTTP/1.0":
		r.Minor = 0
	case isVersion(version):
		return &SyntaxError{Fault: UnknownVersion, Reason: "the versions understood are HTTP/1.0 and HTTP/1.1"}
	default:
		return malformed("the request line does not end with a version of HTTP")
	}
	r.Method, r.Target = method, target
	return nil
}

// Parse reads the head of an answer, which Reader.Take has returned. It reuses the space of r.Fields. Every error is a
// *SyntaxError.
func (r *Response) Parse(head string) error {
	line, rest, _ := strings.Cut(head, "\r\n")
	if err := r.parseLine(line); err != nil {
		return err
	}
	var f framing
	var err error
	if r.Fields, err = parseFields(rest, r.Fields[:0], &f); err != nil {
		return err
	}
	if f.chunked && r.Minor == 0 {
		return malformed("HTTP/1.0 knows no transfer codings")
	}
	r.Length, r.Chunked = f.length, f.chunked
	r.Close = f.close || r.Minor == 0 && !f.keepAlive
	return nil
}

func (r *Response) parseLine(line string) error {
	const version = len("HTTP/1.1 ")
	if len(line) < version+3 || len(line) > version+3 && line[version+3] != ' ' || !isValue(line) {
		return malformed("the status line is not VERSION STATUS REASON")
	}
	switch line[:version] {
	case "HTTP/1.1 ":
		r.Minor = 1
	case "HTTP/1.0 ":
		r.Minor = 0
	default:
		return malformed("the status line does not begin with HTTP/1.0 or HTTP/1.1")
	}
	r.Status = 0
	for _, c := range []byte(line[version : version+3]) {
		if c < '0' || c > '9' {
			return malformed("the status is no number")
		}
		r.Status = 10*r.Status + int(c-'0')
	}
	if r.Status < 100 || r.Status > 599 {
		return malformed("the status is outside 100 to 599")
	}
	return nil
}

func isVersion(s string) bool {
	return len(s) == len("HTTP/1.1") && s[:5] == "HTTP/" && isDigit(s[5]) && s[6] == '.' && isDigit(s[7])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// parseFields reads lines up to the empty one, which is there.
func parseFields(lines string, fields []Field, f *framing) ([]Field, error) {
	f.length = Unknown
	for {
		end := strings.Index(lines, "\r\n")
		if end <= 0 {
			break
		}
		line := lines[:end]
		lines = lines[end+2:]
		colon := strings.IndexByte(line, ':')
		if colon < 0 || !IsToken(line[:colon]) {
			return fields, malformed("a header line is not NAME: VALUE")
		}
		field := Field{Name: line[:colon], Value: trim(line[colon+1:])}
		if !isValue(field.Value) {
			return fields, malformed("a header field holds a control character")
		}
		if len(fields) == maxFields {
			return fields, &SyntaxError{Fault: TooLong, Reason: "there are too many header fields"}
		}
		fields = append(fields, field)
		if err := f.see(field); err != nil {
			return fields, err
		}
	}
	if f.chunked && f.length != Unknown {
		return fields, malformed("there are both Content-Length and Transfer-Encoding")
	}
	return fields, nil
}

// see notes what a field says of the message.
func (f *framing) see(field Field) error {
	switch len(field.Name) { // few names are as long as one that matters
	case len("Host"):
		if EqualFold(field.Name, "Host") {
			f.host = field.Value
			if f.hosts++; f.hosts > 1 {
				return malformed("there is more than one Host")
			}
		}
	case len("Expect"):
		if EqualFold(field.Name, "Expect") {
			f.expect = true
			if !EqualFold(field.Value, "100-continue") {
				return &SyntaxError{Fault: UnmetExpectation, Reason: "the only expectation that can be met is 100-continue"}
			}
		}
	case len("Connection"):
		if EqualFold(field.Name, "Connection") {
			f.close = f.close || HasToken(field.Value, "close")
			f.keepAlive = f.keepAlive || HasToken(field.Value, "keep-alive")
		}
	case len("Content-Length"):
		if EqualFold(field.Name, "Content-Length") {
			return f.seeLength(field.Value)
		}
	case len("Transfer-Encoding"):
		if EqualFold(field.Name, "Transfer-Encoding") {
			return f.seeCoding(field.Value)
		}
	}
	return nil
}

func (f *framing) seeLength(value string) error {
	if f.length != Unknown {
		return malformed("there is more than one Content-Length")
	}
	if len(value) == 0 || len(value) > 18 { // so that it cannot overflow
		return malformed("the value of Content-Length is no length")
	}
	for i := range len(value) {
		if !isDigit(value[i]) {
			return malformed("the value of Content-Length is no length")
		}
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return malformed("the value of Content-Length is no length")
	}
	f.length = n
	return nil
}

func (f *framing) seeCoding(value string) error {
	if f.chunked {
		return malformed("there is more than one Transfer-Encoding")
	}
	if !EqualFold(value, "chunked") {
		return &SyntaxError{Fault: UnknownCoding, Reason: "the only transfer coding understood is chunked"}
	}
	f.chunked = true
	return nil
}
