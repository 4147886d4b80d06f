package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// head is what the generator has to know of the header of an answer.
type head struct {
	length int // of the header itself, in bytes, the empty line included; 0 as long as it is not complete
	status int
	body   int // length of the body that follows, in bytes
}

const (
	lineEnd       = "\r\n"
	headEnd       = "\r\n\r\n"
	version       = "HTTP/1.1 "
	contentLength = "Content-Length:"
)

// parseHead reads the header that b begins with. It returns the zero head while b holds a part of it only. Of the ways
// to say where a body ends (RFC 9112, section 6.3) it knows Content-Length, which all answers of a known size have.
func parseHead(b []byte) (head, error) {
	end := bytes.Index(b, []byte(headEnd))
	if end < 0 {
		return head{}, nil
	}
	h := head{length: end + len(headEnd), body: -1}
	line, fields, _ := bytes.Cut(b[:end], []byte(lineEnd))
	var err error
	if h.status, err = parseStatus(line); err != nil {
		return head{}, err
	}
	for len(fields) > 0 {
		line, fields, _ = bytes.Cut(fields, []byte(lineEnd))
		if len(line) < len(contentLength) || !bytes.EqualFold(line[:len(contentLength)], []byte(contentLength)) {
			continue
		}
		value := bytes.TrimSpace(line[len(contentLength):])
		n, err := strconv.ParseUint(string(value), 10, 31)
		if err != nil {
			return head{}, fmt.Errorf("an answer has the Content-Length %q", value)
		}
		h.body = int(n)
	}
	if h.body < 0 {
		return head{}, errors.New("an answer has no Content-Length")
	}
	return h, nil
}

// parseStatus returns the code of a status line, such as "HTTP/1.1 200 OK".
func parseStatus(line []byte) (int, error) {
	code, ok := bytes.CutPrefix(line, []byte(version))
	if ok && len(code) >= 3 && (len(code) == 3 || code[3] == ' ') {
		if n, err := strconv.ParseUint(string(code[:3]), 10, 10); err == nil && n >= 100 {
			return int(n), nil
		}
	}
	return 0, fmt.Errorf("an answer begins with %.40q, which is not a status line of HTTP/1.1", line)
}
