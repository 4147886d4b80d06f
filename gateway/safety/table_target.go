package safety

import (
	"fmt"
	"slices"
	"strings"
)

const (
	lineSyntaxWhy = "RFC 9112, 3: method SP target SP version, no more and no less. It may be split at any white space; where two " +
		"servers split in two ways, they see two targets"
	versionWhy = "RFC 9112, 2.3: the version is HTTP/1.1 or HTTP/1.0, in this spelling; another is 505 or 400"
	hostWhy    = "RFC 9112, 3.2: a request of HTTP/1.1 without Host, with more than one, or with an invalid one must be refused with " +
		"400; otherwise one server routes by the first, the next by the second"
	dotsWhy = "what a server resolves after the gateway has chosen a route and a policy leads to another route. RFC 3986, 6.2.2.3: " +
		"so dot segments, plain or encoded, are refused, never resolved"
	opaqueWhy = "a segment is opaque and goes upstream byte for byte (RFC 3986, 2.2: a decoded %2F is another path)"
)

func requestLines() []Case {
	return slices.Concat(
		each(func(name, raw string) Case { return refused(name, lineSyntaxWhy, raw, 400, 405, 501, 505) },
			"request line", "", "\r\nHost: h\r\n\r\n",
			"GET  /case/x HTTP/1.1", "GET\t/case/x\tHTTP/1.1", "GET /case/x  HTTP/1.1", "GET /case/x HTTP/1.1 ", "GET /case/x",
			"GET /case/x ", "GET", "/case/x HTTP/1.1", " /case/x HTTP/1.1", "GET HTTP/1.1", "GET /case/x HTTP/1.1 HTTP/1.1",
			"GET /case/x y HTTP/1.1", "GET /case/x\x0bHTTP/1.1", "GET\x00 /case/x HTTP/1.1", "G(T /case/x HTTP/1.1", "G\xc3T /case/x HTTP/1.1",
			"GET /case/x\x00 HTTP/1.1", "GET /case/\x01 HTTP/1.1", "GET /case/\x7f HTTP/1.1"),
		each(func(name, raw string) Case { return refused(name, versionWhy, raw, 400, 505) },
			"version", "GET /case/x ", "\r\nHost: h\r\n\r\n",
			"HTTP/1.1x", "HTTP/1.", "HTTP/1", "HTTP/11", "HTTP/01.1", "HTTP/1.01", "HTTP/1.10", "HTTP/1,1", "HTTP/2.0", "HTTP/0.9", "HTTP/9.9",
			"HTTP /1.1", "http/1.1", "HTTPS/1.1", "HTTP/-1.1", "HTTP/1.-1", "ICY/1.1", "HTTP/+1.1"),
		[]Case{
			either("version 1.2", "RFC 9110, 2.5: a higher minor version is handled as the highest that is known; forwarded, the version "+
				"is the gateway's own", "GET /case/x HTTP/1.2\r\nHost: h\r\n\r\n", gotGet, 400, 505),
			{
				Name: "HTTP/0.9", Why: "RFC 9112, Appendix C: it has no framing at all, and is refused",
				Client: Script{send("GET /case/x\r\n"), halfClose(), answeredOrGone(400, 505), closed()}, Reach: nothing(),
			},
			{
				Name: "a method in small letters", Why: "RFC 9110, 9.1: methods are compared with regard to case, so that this is none " +
					"of the route's", Client: Script{send("get /case/x HTTP/1.1\r\nHost: h\r\n\r\n"), answer(400, 405, 501)}, Reach: nothing(),
			},
			{
				Name: "an unknown method", Why: "RFC 9110, 9.1: 405 or 501",
				Client: Script{send("SMUGGLE /case/x HTTP/1.1\r\nHost: h\r\n\r\n"), answer(400, 405, 501)}, Reach: nothing(),
			},
			{
				Name: "TRACE", Why: "RFC 9110, 9.3.8: it would show a client what the gateway adds",
				Client: Script{send("TRACE /case/x HTTP/1.1\r\nHost: h\r\n\r\n"), answer(400, 405, 501)}, Reach: nothing(),
			},
		},
	)
}

func hosts() []Case {
	line := "GET /case/x HTTP/1.1\r\n"
	return slices.Concat(
		each(func(name, raw string) Case { return refused(name, hostWhy, raw) }, "host:", line, "\r\n\r\n",
			"X: y", "Host: a\r\nHost: b", "Host: a\r\nHost: a", "Host: a\r\nX: y\r\nhost: b", "Host: a b", "Host: a/b", "Host: u@a",
			"Host: a, b", "Host: a\x00", "Host: a#b", "Host: a?b", "Host: a\\b", "Host : a\r\nHost: b", "Host: a\r\n Host: b"),
		[]Case{
			either("host: a port that is none", hostWhy, line+"Host: a:b:c\r\n\r\n", gotGet),
			either("host: empty", "RFC 9112, 3.2: a target without authority may have an empty Host; forwarded, it is the upstream's own",
				line+"Host:\r\n\r\n", gotGet),
			{
				Name: "HTTP/1.0 without Host", Why: "RFC 9112, 3.2: it needs none; forwarded, it has the upstream's",
				Client: Script{send("GET /case/x HTTP/1.0\r\n\r\n"), answer(200, 400), closed()}, Reach: atMost(gotGet),
			},
			{
				Name: "HTTP/1.0 closes", Why: "RFC 9112, 9.3: without keep-alive the connection ends with the answer",
				Client: Script{send("GET /case/x HTTP/1.0\r\nHost: h\r\n\r\n"), answer(200), closed()}, Reach: exactly(gotGet),
			},
			forwarded("a forged X-Forwarded-Host", "only the gateway tells services what a client asked for",
				get+"X-Forwarded-Host: forged\r\n\r\n", gotGet, withoutValue("forged")),
		},
	)
}

// forms are request targets that are no path.
func forms() []Case {
	refuse := func(name, why, target string) Case {
		return Case{Name: name, Why: why, Reach: nothing(),
			Client: Script{send("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"), answer(400, 404, 405, 421, 501)}}
	}
	const absolute = "RFC 9112, 3.2.2: a server must take the absolute form; its authority stands above Host, and upstream goes the path"
	return []Case{
		forwarded("absolute form", absolute, "GET http://h/case/x HTTP/1.1\r\nHost: h\r\n\r\n", gotGet),
		forwarded("absolute form, HTTPS", absolute, "GET https://h/case/x HTTP/1.1\r\nHost: h\r\n\r\n", gotGet),
		forwarded("absolute form, capitals", absolute, "GET HTTP://H/case/x?y HTTP/1.1\r\nHost: h\r\n\r\n", "GET /case/x?y"),
		{
			Name: "absolute form, another authority than Host", Why: "RFC 9112, 3.2.2: the Host field is ignored, so that no service sees it",
			Client: Script{send("GET http://a/case/x HTTP/1.1\r\nHost: other\r\n\r\n"), answer(200, 400, 421), settled()},
			Reach:  atMost(gotGet, withoutValue("other")),
		},
		refused("absolute form without Host", hostWhy, "GET http://h/case/x HTTP/1.1\r\n\r\n"),
		refused("absolute form with two Hosts", hostWhy, "GET http://h/case/x HTTP/1.1\r\nHost: h\r\nHost: a\r\n\r\n"),
		refuse("absolute form without authority", "RFC 9110, 4.2.1: an http URI with an empty host is invalid", "http:///case/x"),
		refuse("absolute form of another scheme", "RFC 9110, 4.2: it is not for this server", "ftp://h/case/x"),
		refuse("absolute form with dot segments", dotsWhy, "http://h/case/../case/x"),
		refuse("authority form on GET", "RFC 9112, 3.2.3: it is CONNECT's alone", "h:80"),
		refuse("asterisk form on GET", "RFC 9112, 3.2.4: it is that of OPTIONS alone", "*"),
		refuse("a path without a slash", "RFC 9112, 3.2.1: a path begins with one", "case/x"),
		{
			Name: "OPTIONS *", Why: "RFC 9110, 9.3.7: it is about the server itself, and goes no further",
			Client: Script{send("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), answer(200, 204, 400, 404, 405, 501)}, Reach: nothing(),
		},
	}
}

// targets are paths that some servers rewrite.
func targets() []Case {
	all := []Case{}
	for _, target := range []string{
		"/case/..%2fx", "/case/%2f", "/case/a%2Fb", "/case/%2e%2e%2fx", "/case/a%252fb", "/case/%61", "/case/a;b=c",
		"/case/...", "/case/.a", "/case/a..", "/case/x%20y", "/case/x?a=/../b&c=%2e%2e", "/case/x?", "/case/x??", "/case/x?a=b;c",
		"/case/%C3%A9", "/case/a+b", "/case/a:b@c", "/case/x!$&'()*,=~", "/case/%7Ex",
	} {
		all = append(all, forwarded("target "+target, opaqueWhy, "GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n", "GET "+target))
	}
	for _, t := range []struct{ target, encoded string }{
		{"/case/x|y", "/case/x%7Cy"},
		{`/case/"x"`, "/case/%22x%22"},
		{"/case/<x>", "/case/%3Cx%3E"},
		{"/case/x^`{}", "/case/x%5E%60%7B%7D"},
		{"/case/é", "/case/%C3%A9"},
	} {
		all = append(all, Case{
			Name: "target " + t.target, Why: "RFC 3986, 2: not in a URI: as it is, percent-encoded, or refused, never something else",
			Client: Script{send("GET " + t.target + " HTTP/1.1\r\nHost: h\r\n\r\n"), answer(200, 400, 404), settled()},
			Reach:  anyOf(atMost("GET "+t.target), exactly("GET "+t.encoded)),
		})
	}
	for _, target := range []string{"/case/x[]", "/case/%00", "/case/x%0d%0aX:y"} {
		all = append(all, either("target "+target, "RFC 3986, 2: not in a URI, or decoded dangerous: as it is, or refused, never "+
			"something else", "GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n", "GET "+target, 400, 404))
	}
	for _, target := range []string{
		"/case/../x", "/case/..", "/case/.", "/./case/x", "/case/%2e%2e", "/case/%2E%2e/x", "/case/.%2e", "/case/%2e", "/x/../case/x",
		"/case/x/..", "/case/x/../x", "//case/x", "/case//x", "/case/x/", "/case/x/y", "/case", "/case/", "/case\\x", "/case/x\\..\\y",
		"/case/%", "/case/%zz", "/case/%2", "/case/%u002f", "/case/x#fragment", "/case/x?a#b", "/CASE/x", "/%2fcase/x", "/case%2fx",
		"///case/x", "/\\case/x", "/case/x HTTP/1.1/../y",
	} {
		all = append(all, Case{
			Name: "target " + target, Why: dotsWhy, Reach: nothing(),
			Client: Script{send(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: h\r\n\r\n", strings.ReplaceAll(target, "CASE", "Case"))), answer(400, 404)},
		})
	}
	return all
}
