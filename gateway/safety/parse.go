package safety

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Request is a request as an upstream received it.
type Request struct {
	Method, Target string
	Fields         []Field
	Body           []byte
	Trailers       []Field
}

// Field is one line of a header.
type Field struct{ Name, Value string }

// String returns "METHOD target body".
func (r Request) String() string {
	return strings.TrimRight(r.Method+" "+r.Target+" "+string(r.Body), " ")
}

// Values returns the values of a field, in order.
func (r Request) Values(name string) []string { return values(r.Fields, name) }

func values(fields []Field, name string) []string {
	var all []string
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			all = append(all, f.Value)
		}
	}
	return all
}

// ErrUnfinished tells that bytes are the beginning of a message, but not all of it.
var ErrUnfinished = errors.New("the message is not complete")

// isToken reports whether s may be a method or the name of a field (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		isLetter := 'a' <= r|0x20 && r|0x20 <= 'z'
		return !(isLetter || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

// isText reports whether s holds no control character but a tab.
func isText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// ParseRequest reads the request that b begins with and returns what follows it. It takes only what no two parsers read in
// two ways: every line ends in CRLF, there is one Host, at most one of Content-Length and Transfer-Encoding, once, and no
// chunk extension. The error is ErrUnfinished if more bytes could make it a request.
func ParseRequest(b []byte) (Request, []byte, error) {
	line, fields, rest, err := parseHead(b)
	if err != nil {
		return Request{}, b, err
	}
	parts := strings.Split(line, " ")
	if len(parts) != 3 || !isToken(parts[0]) || parts[1] == "" || parts[2] != "HTTP/1.1" ||
		!isText(line) || strings.Contains(line, "\t") {
		return Request{}, b, fmt.Errorf("the request line is %q", line)
	}
	r := Request{Method: parts[0], Target: parts[1], Fields: fields}
	if hosts := r.Values("Host"); len(hosts) != 1 {
		return Request{}, b, fmt.Errorf("the request has %d Host fields", len(hosts))
	}
	length, err := framing(fields)
	if err != nil {
		return Request{}, b, err
	}
	if length != chunked {
		if int64(len(rest)) < length {
			return r, b, ErrUnfinished
		}
		r.Body = rest[:length]
		return r, rest[length:], nil
	}
	r.Body, r.Trailers, rest, err = parseChunks(rest)
	return r, rest, err
}

// CheckAnswer tells what a client may misread in the head of an answer.
func CheckAnswer(head []byte) error {
	line, fields, _, err := parseHead(head)
	if err != nil {
		return err
	}
	rest, found := strings.CutPrefix(line, "HTTP/1.1 ")
	if code, reason, _ := strings.Cut(rest, " "); !found || len(code) != 3 || strings.Trim(code, "0123456789") != "" ||
		code[0] == '0' || !isText(reason) || len(rest) == 3 {
		return fmt.Errorf("the status line is %q", line)
	}
	_, err = framing(fields)
	return err
}

// parseHead splits what ends with an empty line into its first line and its fields.
func parseHead(b []byte) (line string, fields []Field, rest []byte, err error) {
	head, rest, found := bytes.Cut(b, []byte("\r\n\r\n"))
	if !found {
		return "", nil, nil, ErrUnfinished
	}
	lines := strings.Split(string(head), "\r\n")
	fields, err = parseFields(lines[1:])
	return lines[0], fields, rest, err
}

func parseFields(lines []string) ([]Field, error) {
	fields := make([]Field, 0, len(lines))
	for _, line := range lines {
		name, value, found := strings.Cut(line, ":")
		if !found || !isToken(name) || !isText(value) {
			return nil, fmt.Errorf("the field line is %q", line)
		}
		fields = append(fields, Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	return fields, nil
}

// chunked is the length of a body that says itself where it ends.
const chunked = -1

// framing returns the length of a body.
func framing(fields []Field) (int64, error) {
	lengths, codings := values(fields, "Content-Length"), values(fields, "Transfer-Encoding")
	switch {
	case len(lengths)+len(codings) == 0:
		return 0, nil
	case len(lengths)+len(codings) > 1:
		return 0, fmt.Errorf("the framing is said %d times: Content-Length %q, Transfer-Encoding %q",
			len(lengths)+len(codings), lengths, codings)
	case len(codings) == 1 && codings[0] == "chunked":
		return chunked, nil
	case len(codings) == 1:
		return 0, fmt.Errorf("the Transfer-Encoding is %q", codings[0])
	}
	n, err := strconv.ParseUint(lengths[0], 10, 63)
	if err != nil {
		return 0, fmt.Errorf("the Content-Length is %q", lengths[0])
	}
	return int64(n), nil
}

func parseChunks(b []byte) (body []byte, trailers []Field, rest []byte, err error) {
	for {
		size, after, found := bytes.Cut(b, []byte("\r\n"))
		if !found {
			return nil, nil, nil, ErrUnfinished
		}
		n, err := strconv.ParseUint(string(size), 16, 31) // takes digits alone: no sign, no 0x
		if err != nil {
			return nil, nil, nil, fmt.Errorf("the size of a chunk is %q", size)
		}
		if n == 0 {
			if rest, found := bytes.CutPrefix(after, []byte("\r\n")); found {
				return body, nil, rest, nil
			}
			section, rest, found := bytes.Cut(after, []byte("\r\n\r\n"))
			if !found {
				return nil, nil, nil, ErrUnfinished
			}
			trailers, err := parseFields(strings.Split(string(section), "\r\n"))
			return body, trailers, rest, err
		}
		if uint64(len(after)) < n+2 {
			return nil, nil, nil, ErrUnfinished
		}
		if string(after[n:n+2]) != "\r\n" {
			return nil, nil, nil, fmt.Errorf("a chunk is followed by %q", after[n:n+2])
		}
		body, b = append(body, after[:n]...), after[n+2:]
	}
}
