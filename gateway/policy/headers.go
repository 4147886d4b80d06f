package policy

import (
	"strings"

	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/shared/header"
)

// How the gateway names itself in Via, by the version of HTTP that a request came in; a host name would tell too much.
const (
	via10 = "1.0 ums-gateway"
	via11 = "1.1 ums-gateway"
	via2  = "2 ums-gateway"
)

// Passes reports whether a field of a client's request goes upstream as it is. What stays behind:
//
//   - what concerns only the connection to the client (RFC 9110, section 7.6.1), the message's framing included, and
//     whatever asks for another protocol;
//   - what only the gateway may say (see Stripped), and what it says itself: Host, Via, X-Request-Id;
//   - Proxy, which programs behind CGI take for the environment variable HTTP_PROXY (CVE-2016-5385).
//
// The case of the name does not matter, and an underscore counts as a hyphen: CGI, WSGI and their like hand both to a
// program under one name, so that a client's Ums_Actor or Content_Length would otherwise reach a service written for one of
// them as the gateway's Ums-Actor, or as the length of the body.
func Passes(name string) bool {
	if name == "" {
		return false
	}
	switch name[0] | 0x20 { // most names begin with another letter, and are through at once
	case 'c':
		return !readsAs(name, "Connection") && !readsAs(name, "Content-Length")
	case 'e':
		return !readsAs(name, "Expect")
	case 'f', 'u', 'x':
		return !Stripped(name) && !readsAs(name, "Upgrade") && !readsAs(name, header.RequestID)
	case 'h':
		return !readsAs(name, "Host") && !readsAs(name, "HTTP2-Settings")
	case 'k':
		return !readsAs(name, "Keep-Alive")
	case 'p':
		return !readsAs(name, "Proxy") && !readsAs(name, "Proxy-Connection") &&
			!readsAs(name, "Proxy-Authorization") && !readsAs(name, "Proxy-Authenticate")
	case 't':
		return !readsAs(name, "Te") && !readsAs(name, "Trailer") && !readsAs(name, "Transfer-Encoding")
	case 'v':
		return !readsAs(name, "Via")
	default:
		return true
	}
}

// PassesBack reports whether a field of an upstream's answer goes to the client as it is. What stays behind is what
// concerns only the connection to the upstream, what is between the gateway and its services, and the request's id, which
// the gateway says itself. The case of the name does not matter.
func PassesBack(name string) bool {
	if name == "" {
		return false
	}
	switch name[0] | 0x20 {
	case 'c':
		return !is(name, "Connection") && !is(name, "Content-Length")
	case 'k':
		return !is(name, "Keep-Alive")
	case 'p':
		return !is(name, "Proxy-Connection") && !is(name, "Proxy-Authenticate")
	case 't':
		return !is(name, "Te") && !is(name, "Trailer") && !is(name, "Transfer-Encoding")
	case 'u':
		return !is(name, "Upgrade") && !begins(name, header.InternalPrefix)
	case 'x':
		return !is(name, header.RequestID)
	default:
		return true
	}
}

// Stripped reports whether a client's field stays behind because only the gateway may say what it says: the names that
// begin with Ums-, those by which proxies tell who the client is, and what some programs take for X-Request-Id (which is
// itself checked elsewhere). Names count as for Passes.
func Stripped(name string) bool {
	return readsAs(name, header.RequestID) && !is(name, header.RequestID) ||
		readsAsPrefix(name, header.InternalPrefix) || readsAsPrefix(name, "X-Forwarded-") ||
		readsAs(name, "X-Forwarded") || readsAs(name, "X-Real-Ip") || readsAs(name, "Forwarded")
}

// Nominated reports whether a message's Connection fields name a field, which then stays behind too.
func Nominated(fields []http1.Field, name string) bool {
	for i := range fields {
		if is(fields[i].Name, "Connection") && http1.HasToken(fields[i].Value, name) {
			return true
		}
	}
	return false
}

// Nominates reports whether a message's Connection fields name any field that would otherwise pass.
func Nominates(fields []http1.Field) bool {
	nominates := false
	for i := range fields {
		if !is(fields[i].Name, "Connection") || is(fields[i].Value, "keep-alive") || is(fields[i].Value, "close") {
			continue
		}
		http1.EachToken(fields[i].Value, func(string) { nominates = true })
	}
	return nominates
}

// Via returns how the gateway names itself to an upstream, as RFC 9110, section 7.6.3, asks of every gateway, behind what
// the request says already.
func Via(fields []http1.Field, major, minor int) string {
	via := via11
	switch {
	case major == 1 && minor == 0:
		via = via10
	case major == 2:
		via = via2
	}
	var prior []string
	for i := range fields {
		if is(fields[i].Name, "Via") {
			prior = append(prior, fields[i].Value)
		}
	}
	if prior == nil {
		return via
	}
	return strings.Join(append(prior, via), ", ")
}

func is(name, other string) bool { return http1.EqualFold(name, other) }

// readsAs reports whether some program reads name as other.
func readsAs(name, other string) bool {
	return len(name) == len(other) && readsAsPrefix(name, other)
}

func readsAsPrefix(name, prefix string) bool {
	if len(name) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		a, b := name[i], prefix[i]
		if a == '_' {
			a = '-'
		}
		if a != b && (a|0x20 != b|0x20 || a|0x20 < 'a' || a|0x20 > 'z') {
			return false
		}
	}
	return true
}

func begins(name, prefix string) bool {
	return len(name) >= len(prefix) && http1.EqualFold(name[:len(prefix)], prefix)
}
