package policy

import (
	"net/http"
	"strings"

	"github.com/glarimy/ums/shared/header"
)

// How the gateway names itself in Via, by the version of HTTP that a request came in; a host name would tell too much.
const (
	via10 = "1.0 ums-gateway"
	via11 = "1.1 ums-gateway"
	via2  = "2 ums-gateway"
)

// Stripped reports whether a client's header stays behind, because only the gateway may say what it says: the names
// that begin with Ums-, and those by which proxies tell who the client is.
//
// An underscore counts as a hyphen: CGI, WSGI and their like hand both to a program under one name, so that a client's
// Ums_Actor would otherwise reach a service written for one of them as the gateway's Ums-Actor. The name is expected in
// its canonical form (see http.CanonicalHeaderKey).
func Stripped(name string) bool {
	switch name[:min(1, len(name))] {
	case "F", "U", "X": // the others, nearly all, are through at once
	default:
		return false
	}
	if strings.Contains(name, "_") {
		name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
		if name == header.RequestID {
			return true
		}
	}
	return strings.HasPrefix(name, header.InternalPrefix) ||
		strings.HasPrefix(name, "X-Forwarded-") || name == "X-Forwarded" || name == "X-Real-Ip" || name == "Forwarded"
}

// StripRequest removes from a request's headers what its client may not say: all that Stripped names. It also removes
// what concerns only the connection to the client and survives the data path's own removal of hop-by-hop headers
// (RFC 9110, section 7.6.1), so that no upstream is asked to switch protocols; and Proxy, which programs behind CGI
// take for the environment variable HTTP_PROXY (CVE-2016-5385).
func StripRequest(h http.Header) {
	for name := range h {
		if Stripped(name) {
			delete(h, name)
		}
	}
	delete(h, "Connection")
	delete(h, "Te")
	delete(h, "Upgrade")
	delete(h, "Http2-Settings")
	delete(h, "Proxy")
}

// StripResponse removes from an answer's headers what is between the gateway and its services: names that begin with
// Ums-, and the request's id, which the gateway has set already.
func StripResponse(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, header.InternalPrefix) {
			delete(h, name)
		}
	}
	delete(h, header.RequestID)
}

// AddVia appends the gateway to the Via header, as RFC 9110, section 7.6.3, asks of every gateway.
func AddVia(h http.Header, major, minor int) {
	via := via11
	switch {
	case major == 1 && minor == 0:
		via = via10
	case major == 2:
		via = via2
	}
	if prior := h["Via"]; len(prior) > 0 {
		via = strings.Join(prior, ", ") + ", " + via
	}
	h["Via"] = []string{via}
}
