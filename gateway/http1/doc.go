// Package http1 is the syntax of HTTP/1.1 messages (RFC 9112), for both sides of the gateway: what clients send and what
// services answer is read by the same code, which takes less than the specification allows and never repairs anything.
//
// Two parties that read one message differently are how requests are smuggled. So whatever is known to be read
// differently somewhere is an error here: a bare LF or CR, a folded line, a space before a colon, a control character, a
// length that is not plain digits or comes twice or beside a transfer coding, any transfer coding but one "chunked".
// A fuzz test holds the parser against net/http's: what is accepted here, both read alike.
package http1
