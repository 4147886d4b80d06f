package safety

import "strings"

// clientTiming are clients that are slow, or leave.
func clientTiming() []Case {
	const (
		slow = "a client that takes its time, or never comes to an end, must not hold what others need"
		gone = "a client that leaves leaves no half of a request on a connection that others use"
	)
	head := post + "Content-Length: 10\r\n\r\n"
	return []Case{
		{Name: "byte by byte: GET", Why: "framing does not depend on packets", Reach: exactly(gotGet),
			Client: Script{drip(get + "\r\n"), answered(gotGet), kept()}},
		{Name: "byte by byte: Content-Length", Why: "framing does not depend on packets", Reach: exactly(gotHello),
			Client: Script{drip(post + "Content-Length: 5\r\n\r\nhello"), answered(gotPost), kept()}},
		{Name: "byte by byte: chunked, with a trailer", Why: "framing does not depend on packets", Reach: exactly(gotHello),
			Client: Script{drip(chunkedPost + hello + "0\r\nX: y\r\n\r\n"), answered(gotPost), kept()}},
		{Name: "byte by byte: CL.TE", Why: bothWhy, Reach: nothing(),
			Client: Script{drip(post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"), answer(400), closed()}},
		{Name: "byte by byte: a bare LF", Why: lineWhy, Reach: nothing(),
			Client: Script{drip("GET /case/x HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"), answer(400), closed()}},
		{Name: "a chunk's CRLF in two packets", Why: chunkWhy, Reach: exactly(gotHello), Client: Script{
			send(chunkedPost + "5\r"), awaits("POST /case/x"), send("\nhello\r"), awaits("hello"), send("\n0\r\n\r"), send("\n"),
			answered(gotPost), kept()}},
		{Name: "slowloris: half a request line", Why: slow, Reach: nothing(),
			Client: Script{send("GET /case"), answeredOrGone(400, 408), closed()}},
		{Name: "slowloris: half a head", Why: slow, Reach: nothing(), Client: Script{send(get + "X: "), answeredOrGone(400, 408), closed()}},
		{Name: "slowloris: a head that goes on and on", Why: slow, Reach: nothing(), Client: Script{send(get), trickle("X: y\r\n")}},
		{Name: "slowloris: half a body", Why: slow, Late: true, Reach: unfinished(),
			Client: Script{send(head + "hello"), answeredOrGone(400, 408, 504), closed()}},
		{Name: "slowloris: no body", Why: slow, Late: true, Reach: unfinished(),
			Client: Script{send(head), answeredOrGone(400, 408, 504), closed()}},
		{Name: "slowloris: half a chunk", Why: slow, Late: true, Reach: unfinished(),
			Client: Script{send(chunkedPost + "a\r\nhello"), answeredOrGone(400, 408, 504), closed()}},
		{Name: "slowloris: a body of one byte every 200 ms", Why: slow, Late: true, Reach: unfinished(),
			Client: Script{send(post + "Content-Length: 1000\r\n\r\n"), trickle("x")}},
		{Name: "leaves in the request line", Why: gone, Reach: nothing(), Client: Script{send("GET /ca"), leave()}},
		{Name: "leaves in the head", Why: gone, Reach: nothing(), Client: Script{send(get + "X: y\r\n"), leave()}},
		{Name: "leaves in the body", Why: gone, Reach: unfinished(), Client: Script{send(head), send("hello"), leave()}},
		{Name: "resets in the body", Why: gone, Reach: unfinished(), Client: Script{send(head + "hello"), abort()}},
		{Name: "leaves in a chunk", Why: gone, Reach: unfinished(), Client: Script{send(chunkedPost + "a\r\nhello"), leave()}},
		{Name: "leaves before the last chunk", Why: gone, Reach: unfinished(), Client: Script{send(chunkedPost + hello), leave()}},
		{Name: "leaves before the empty line after the last chunk", Why: gone, Reach: unfinished(),
			Client: Script{send(chunkedPost + hello + "0\r\n"), leave()}},
		{Name: "ends its direction in the body", Why: "RFC 9112, 8: an incomplete request is refused", Reach: unfinished(),
			Client: Script{send(head + "hello"), halfClose(), answeredOrGone(400, 408, 499), closed()}},
		{Name: "ends its direction before the last chunk", Why: "RFC 9112, 8: an incomplete request is refused", Reach: unfinished(),
			Client: Script{send(chunkedPost + hello), halfClose(), answeredOrGone(400, 408, 499), closed()}},
		{Name: "leaves before the answer", Why: gone, Serve: silent(), Reach: anything(),
			Client: Script{send(get + "\r\n"), awaits("GET /case/x"), leave()}},
		{Name: "resets before the answer", Why: gone, Serve: silent(), Reach: anything(),
			Client: Script{send(post + "Content-Length: 5\r\n\r\nhello"), awaits("hello"), abort()}},
		{Name: "leaves within the answer", Why: gone, Reach: anything(),
			Serve:  answers("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + strings.Repeat("x", 1<<20)),
			Client: Script{send(get + "\r\n"), awaits("GET /case/x"), leave()}},
	}
}

func expectations() []Case {
	const (
		why  = "RFC 9110, 10.1.1: 100-continue lets a client send its body when it is wanted; whoever answers it, the body is framed as ever"
		head = post + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
	)
	return []Case{
		{Name: "100-continue", Why: why, Reach: exactly(gotHello),
			Client: Script{send(head), interim(100), send("hello"), answered(gotPost), kept()}},
		{Name: "100-continue, chunked", Why: why, Reach: exactly(gotHello), Client: Script{
			send(post + "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"), interim(100), send(hello + end), answered(gotPost), kept()}},
		{Name: "100-continue, but the body comes at once", Why: why, Reach: exactly(gotHello),
			Client: Script{send(head + "hello"), skipInterim(), answered(gotPost), kept()}},
		{Name: "100-continue in capitals", Why: why, Reach: exactly(gotHello),
			Client: Script{send(post + "Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n"), interim(100), send("hello"), answered(gotPost), kept()}},
		{Name: "100-continue in HTTP/1.0", Why: "RFC 9110, 10.1.1: ignored", Reach: exactly(gotHello), Client: Script{
			send("POST /case/x HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"), answered(gotPost), closed()}},
		{Name: "100-continue, and the upstream refuses", Why: why, Reach: unfinished(),
			Serve:  answersEarly("HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false),
			Client: Script{send(head), skipInterim(), send("hello"), answer(417, 502)}},
		{Name: "100-continue with a body above the limit", Why: why, Reach: nothing(),
			Client: Script{send(post + "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n"), answer(413, 417), closed()}},
		{Name: "100-continue without a body", Why: "RFC 9110, 10.1.1: a client must not; whatever it gets, the connection stays in step",
			Reach: atMost(gotGet), Client: Script{send(get + "Expect: 100-continue\r\n\r\n"), skipInterim(), answer(200, 400, 417), settled()}},
		{Name: "100-continue, and the client goes silent", Why: "a client that never sends its body holds nothing for long", Late: true,
			Reach: unfinished(), Client: Script{send(head), skipInterim(), answeredOrGone(400, 408, 504), closed()}},
		{Name: "an unknown expectation", Why: "RFC 9110, 10.1.1: 417, or ignored", Reach: atMost(gotHello),
			Client: Script{send(post + "Expect: tea\r\nContent-Length: 5\r\n\r\nhello"), answer(200, 400, 417), settled()}},
	}
}

func pipelines() []Case {
	const why = "RFC 9112, 9.3.2: answers come in the order of the requests, each its own"
	second := "GET /case/second HTTP/1.1\r\nHost: h\r\n\r\n"
	return []Case{
		{Name: "two requests in one packet", Why: why, Reach: exactly(sequence(gotGet, "GET /case/second")),
			Client: Script{send(get + "\r\n" + second), answered(gotGet), answered("GET /case/second"), kept()}},
		{Name: "ten requests in one packet", Why: why, Reach: exactly(sequence(slicesOf("GET /case/second", 10)...)),
			Client: append(append(Script{send(strings.Repeat(second, 10))}, stepsOf(answered("GET /case/second"), 10)...), kept())},
		{Name: "a bad request after a good one", Why: why, Reach: exactly(gotGet), Client: Script{
			send(get + "\r\n" + "GET /case/second HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n"), answered(gotGet), answer(400), closed()}},
		{Name: "a good request after a bad one", Why: "after a refusal nobody knows where the next request begins", Reach: nothing(),
			Client: Script{send("GET /case/x HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n" + second), answer(400), closed()}},
		{Name: "a good request after CL.TE", Why: bothWhy, Reach: nothing(), Client: Script{
			send(post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + end + second), answer(400), closed()}},
		{Name: "a request after Connection: close", Why: "RFC 9112, 9.6: no further request is processed", Reach: exactly(gotGet),
			Client: Script{send(get + "Connection: close\r\n\r\n" + second), answered(gotGet), closed()}},
		{Name: "a request after one that has no route", Why: why, Reach: atMost("GET /case/second"),
			Client: Script{send("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n"), answer(404), send(second), answered("GET /case/second"), kept()}},
		{Name: "a body that nobody reads, then a request", Why: "a body to a path without a route is read or the connection closed; it is " +
			"never the next request", Reach: nothing(), Client: Script{
			send("POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 64\r\n\r\n" + smuggle), answer(404, 413), send(strings.Repeat("x", 19)),
			leave()}},
		{Name: "HEAD, then GET", Why: "RFC 9110, 9.3.2: the answer to HEAD has no body, whatever its Content-Length says",
			Reach: exactly(sequence("HEAD /case/x", "GET /case/second")), Client: Script{
				send("HEAD /case/x HTTP/1.1\r\nHost: h\r\n\r\n"), answerTo("HEAD", 200), send(second), answered("GET /case/second"), kept()}},
	}
}

func slicesOf(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

func stepsOf(s Step, n int) []Step {
	all := make([]Step, n)
	for i := range all {
		all[i] = s
	}
	return all
}

func protocols() []Case {
	const why = "RFC 9110, 7.8: an upgrade that is forwarded turns the connection into a tunnel past every policy (CVE-2020-1695 and its " +
		"like); here it is left out"
	tunnel := func(name, raw string) Case {
		return Case{Name: name, Why: "RFC 9110, 9.3.6: a gateway is no tunnel; what follows a refusal is a request like any other",
			Reach:  atMost("GET /case/smuggled"),
			Client: Script{send(raw + smuggle), answer(400, 404, 405, 501)}}
	}
	return []Case{
		forwarded("upgrade to WebSocket", why, get+"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: "+
			"dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", gotGet, without("Upgrade"), without("Connection")),
		forwarded("upgrade to cleartext HTTP/2", why, get+"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "+
			"AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", gotGet, without("Upgrade"), without("HTTP2-Settings")),
		forwarded("upgrade without Connection", why, get+"Upgrade: websocket\r\n\r\n", gotGet, without("Upgrade")),
		{Name: "the upstream switches protocols unasked", Why: "RFC 9110, 15.2.2: it must not; 502, never a tunnel", Reach: exactly(gotPost),
			Serve:  answers("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
			Client: Script{send(post + "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n"), answer(502)}},
		{Name: "HTTP/2 with prior knowledge", Why: "RFC 9113, 3.4: a server of HTTP/1.1 refuses the preface", Reach: nothing(),
			Client: Script{send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"), answeredOrGone(400, 404, 405, 501, 505), closed()}},
		tunnel("CONNECT to an authority", "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n"),
		tunnel("CONNECT to a path", "CONNECT /case/x HTTP/1.1\r\nHost: h\r\n\r\n"),
		tunnel("CONNECT in absolute form", "CONNECT http://h/case/x HTTP/1.1\r\nHost: h\r\n\r\n"),
	}
}

// forwarding is what must not pass even where the framing is clear.
func forwarding() []Case {
	const why = "RFC 9110, 7.6.1: fields of the connection stay on it, those that Connection names included"
	return []Case{
		forwarded("fields that Connection names", why, get+"Connection: keep-alive, X-Secret\r\nX-Secret: forged\r\n\r\n", gotGet, withoutValue("forged")),
		forwarded("Connection names the request's id", "a client must not make the gateway take away what the gateway adds",
			get+"Connection: X-Request-Id, X-Forwarded-For\r\n\r\n", gotGet, without("Connection")),
		forwarded("Keep-Alive, TE and Proxy-Connection", why,
			get+"Keep-Alive: timeout=forged\r\nTE: trailers, forged\r\nProxy-Connection: forged\r\n\r\n", gotGet, withoutValue("forged")),
		forwarded("forged identity", "Ums- headers are the gateway's to services", get+"Ums-Actor: forged\r\nums-scopes: forged\r\n\r\n",
			gotGet, withoutValue("forged")),
		forwarded("forged identity with an underscore", "CGI and WSGI read it as the same header", get+"Ums_Actor: forged\r\n\r\n", gotGet,
			withoutValue("forged")),
		forwarded("forged client address", "only the gateway tells services who the client is",
			get+"X-Forwarded-For: 203.0.113.1\r\nX-Real-IP: 203.0.113.1\r\nForwarded: for=203.0.113.1\r\n\r\n", gotGet, withoutValue("203.0.113.1")),
		forwarded("Proxy", "CGI reads it as HTTP_PROXY (CVE-2016-5385)", get+"Proxy: http://forged\r\n\r\n", gotGet, without("Proxy")),
	}
}
