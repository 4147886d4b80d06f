package safety

import (
	"slices"
	"strings"
)

// asked is a case in which the upstream answers a good request badly.
func asked(name, why string, serve Behavior, after ...Step) Case {
	return Case{Name: name, Why: why, Serve: serve, Reach: exactly(gotHello),
		Client: append(Script{send(post + "Content-Length: 5\r\n\r\nhello")}, after...)}
}

// trailed is a case in which a client that says something of trailers gets an answer that announces some and has some.
func trailed(name, says, announced, trailer string, want ...string) Case {
	return Case{
		Name: name, Reach: exactly(gotGet),
		Why:    "RFC 9110, 6.5 and 10.1.4: a trailer goes to who asks for it, announced, and with nothing that frames, routes or authenticates",
		Serve:  answers(ok + "Transfer-Encoding: chunked\r\nTrailer: " + announced + "\r\n\r\n" + hello + "0\r\n" + trailer + "\r\n\r\n"),
		Client: Script{send(get + says + "\r\n\r\n"), answerTrailing(want...), kept()},
	}
}

const (
	ok        = "HTTP/1.1 200 OK\r\n"
	injectWhy = "RFC 9112, 2.2 and 11.1: an answer's head that clients may split in two ways is 502, or made unambiguous"
	queueWhy  = "what an upstream sends beyond an answer must never be the answer to somebody's next request (response queue poisoning)"
	poison    = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned"
)

// answerHeads are heads of answers that are none, or that clients read in several ways.
func answerHeads() []Case {
	return slices.Concat(
		each(func(name, raw string) Case {
			return asked(name, "RFC 9112, 4: no status line, no answer: 502", answersAndCloses(raw), answer(502))
		}, "answer", "", "\r\nContent-Length: 2\r\n\r\nok",
			"HTTP/1.1 abc OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1", "HTP/1.1 200 OK", "HTTP/2.0 200 OK", "HTTP/1.1200 OK",
			"HTTP/1.1 099 OK", "HTTP/1.1 -200 OK", "hello", "", "HTTP/1.1 000 OK", "HTTP/1.1 +20 OK", "HTTP/11 200 OK"),
		each(func(name, raw string) Case {
			return asked(name, injectWhy, answersAndCloses(raw), answer(200, 502))
		}, "answer's field", ok, "\r\nContent-Length: 2\r\n\r\nok",
			"X: a\rSet-Cookie: b", "X: a\nSet-Cookie: b", "X: a\x00b", "X : a", "X: a\r\n b", "X", ": a", "X Y: a", "X\x00: a", "X: a\x7f", "X\xff: a",
			"Content-Length : 2\r\nX: y"),
		each(func(name, raw string) Case {
			return asked(name, injectWhy, answersAndCloses(raw), answer(200, 502))
		}, "answer's status line", "HTTP/1.1 200", "\r\nContent-Length: 2\r\n\r\nok", "", " ", " O\x00K", " O\rK", " O\nK", " \xff", "  OK"),
		[]Case{
			asked("answer of nothing", "RFC 9112, 8: 502", answersAndCloses(""), answer(502)),
			asked("answer of half a head", "RFC 9112, 8: 502", answersAndCloses("HTTP/1.1 200 OK\r\nContent-Le"), answer(502)),
			asked("answer with a head of 1 MiB", "a head is limited: 502",
				answersAndCloses(ok+"X: "+strings.Repeat("x", 1<<20)+"\r\nContent-Length: 2\r\n\r\nok"), answer(502)),
			asked("answer with 100,000 fields", "a head is limited: 502",
				answersAndCloses(ok+strings.Repeat("X: y\r\n", 100000)+"Content-Length: 2\r\n\r\nok"), answer(502)),
			asked("answer with lines of LF alone", injectWhy, answersAndCloses("HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), answer(200, 502)),
			{Name: "no answer", Why: "a deadline holds: 504", Late: true, Serve: silent(), Reach: exactly(gotGet),
				Client: Script{send(get + "\r\n"), answer(504)}},
		},
	)
}

// answerFraming are answers whose end is said in no way, or in two.
func answerFraming() []Case {
	return slices.Concat(
		each(func(name, raw string) Case {
			return asked(name, "RFC 9112, 6.3: an answer with an invalid or contradictory length: 502, and the upstream's connection is closed",
				answers(raw), answer(502))
		}, "answer", ok, "\r\n\r\nhello",
			"Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5, 6", "Content-Length: +5", "Content-Length: -5", "Content-Length: 5x",
			"Content-Length: 0x5", "Content-Length: ", "Content-Length: 99999999999999999999"),
		each(func(name, raw string) Case {
			return asked(name, "RFC 9112, 6.1 and 6.3: a coding that is not understood, or beside a length: 502, or chunked alone counts and "+
				"the upstream's connection is closed", answersAndCloses(raw), answer(200, 502))
		}, "answer", ok, "\r\n\r\n"+hello+end,
			"Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 500",
			"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
		each(func(name, raw string) Case {
			return asked(name, "RFC 9112, 6.1 and 6.3: a coding that is not understood: 502", answersAndCloses(raw), answer(502))
		}, "answer", ok, "\r\n\r\n"+hello+end,
			"Transfer-Encoding: gzip, chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding: identity, chunked", "Transfer-Encoding: chun\x00ked"),
		each(func(name, raw string) Case {
			return asked(name, "RFC 9112, 6.3: the same length said again may be taken for one, or is 502", answers(raw), answer(200, 502))
		}, "answer", ok, "\r\n\r\nhello", "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5, 5"),
	)
}

// answerBodies are answers that end early, or go on.
func answerBodies() []Case {
	const endWhy = "RFC 9112, 8: an incomplete answer must look incomplete to the client: neither its length nor its last chunk is made up"
	beyond := func(name, raw string) Case {
		return asked(name, queueWhy, answers(raw), answer(200, 502), settledAfterAnswer())
	}
	return []Case{
		asked("half a body", endWhy, answersAndCloses(ok+"Content-Length: 10\r\n\r\nhello"), broken(502)),
		asked("half a chunk", endWhy, answersAndCloses(ok+"Transfer-Encoding: chunked\r\n\r\na\r\nhello"), broken(502)),
		asked("chunks without the last", endWhy, answersAndCloses(ok+"Transfer-Encoding: chunked\r\n\r\n"+hello), broken(502)),
		asked("chunks without the empty line", endWhy, answersAndCloses(ok+"Transfer-Encoding: chunked\r\n\r\n"+hello+"0\r\n"), broken(200, 502)),
		asked("a chunk of a wrong size", endWhy, answersAndCloses(ok+"Transfer-Encoding: chunked\r\n\r\n"+hello+"x\r\nhello\r\n"+end), broken(502)),
		asked("a chunk size that overflows", endWhy,
			answersAndCloses(ok+"Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n"+end), broken(502)),
		asked("a chunk that ends wrongly", endWhy, answersAndCloses(ok+"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloxx0\r\n\r\n"), broken(502)),
		asked("a chunk extension", "RFC 9112, 7.1.1: ignored", answers(ok+"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n"+end),
			answer(200, 502), settledAfterAnswer()),
		asked("a trailer", "RFC 9110, 6.5: no header field of it is made up", answers(ok+"Transfer-Encoding: chunked\r\n\r\n"+hello+
			"0\r\nX: y\r\n\r\n"), answer(200), kept()),
		trailed("a trailer for a client that asks for trailers", "TE: trailers", "X-Sum", "X-Sum: 1", "X-Sum"),
		trailed("a trailer for a client that does not ask", "X: y", "X-Sum", "X-Sum: 1"),
		trailed("a trailer that was not announced", "TE: trailers", "X-Other", "X-Sum: 1"),
		trailed("trailers that a head is needed for", "TE: trailers",
			"Content-Length, Transfer-Encoding, Set-Cookie, Content-Type, Location, Cache-Control, Connection, Ums-Actor, X-Request-Id, Host, X-Sum",
			"Content-Length: 500\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=b\r\nContent-Type: text/html\r\nLocation: /\r\n"+
				"Cache-Control: public\r\nConnection: close\r\nUms-Actor: root\r\nX-Request-Id: other\r\nHost: other\r\nX-Sum: 1", "X-Sum"),
		asked("until the connection ends", "RFC 9112, 6.3: an answer without length lasts until then", answersAndCloses(ok+"\r\nhello"),
			answer(200)),
		asked("HTTP/1.0 until the connection ends", "RFC 9112, 6.3: an answer without length lasts until then",
			answersAndCloses("HTTP/1.0 200 OK\r\n\r\nhello"), answer(200)),
		beyond("an answer after the answer", ok+"Content-Length: 2\r\n\r\nok"+poison),
		beyond("garbage after the answer", ok+"Content-Length: 2\r\n\r\nokgarbage"),
		beyond("CRLF after the answer", ok+"Content-Length: 2\r\n\r\nok\r\n"),
		beyond("an answer after the last chunk", ok+"Transfer-Encoding: chunked\r\n\r\n"+hello+end+poison),
		asked("an answer 50 ms after the answer", queueWhy, waitsThen(ok+"Content-Length: 2\r\n\r\nok", poison),
			answer(200), pause(), kept()),
		asked("204 with a body", queueWhy, answers("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"), answer(204, 502), settledAfterAnswer()),
		asked("204 with an answer as its body", queueWhy, answers("HTTP/1.1 204 No Content\r\n\r\n"+poison), answer(204, 502), settledAfterAnswer()),
		asked("204 with chunks", queueWhy, answers("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"+hello+end), answer(204, 502),
			settledAfterAnswer()),
		asked("304 with a body", queueWhy, answers("HTTP/1.1 304 Not Modified\r\nContent-Length: 51\r\n\r\n"+poison), answer(304, 502),
			settledAfterAnswer()),
		asked("304 with a Content-Length", "RFC 9110, 8.6: it says what 200 would have had, and no body follows",
			answers("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), answer(304), kept()),
		asked("205 with a body", "RFC 9110, 15.3.6: framed as any answer", answers("HTTP/1.1 205 Reset\r\nContent-Length: 5\r\n\r\nhello"),
			answer(205, 502), settledAfterAnswer()),
		{Name: "HEAD with a body", Why: queueWhy, Reach: exactly("HEAD /case/x"), Serve: answers(ok + "Content-Length: 8\r\n\r\n" + poison),
			Client: Script{send("HEAD /case/x HTTP/1.1\r\nHost: h\r\n\r\n"), answerTo("HEAD", 200, 502), settledAfterAnswer()}},
		asked("fields of the connection", "RFC 9110, 7.6.1: they are between the upstream and the gateway",
			answers(ok+"Connection: close, X-Secret\r\nX-Secret: s\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok"),
			answerWithout("X-Secret", "Keep-Alive"), kept()),
	}
}

func interimAnswers() []Case {
	const why = "RFC 9110, 15.2: an interim answer is forwarded or dropped, and is not the answer"
	const last = ok + "Content-Length: 2\r\n\r\nok"
	return []Case{
		asked("103 before the answer", why, answers("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"+last), skipInterim(), answer(200), kept()),
		asked("100 that nobody has asked for", why, answers("HTTP/1.1 100 Continue\r\n\r\n"+last), skipInterim(), answer(200), kept()),
		asked("102, 103, 100, 199", why, answers("HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 199 X\r\n\r\n"+last),
			skipInterim(), answer(200, 502), settledAfterAnswer()),
		asked("103 with a Content-Length", "RFC 9110, 15.2: an interim answer has no body, so that what follows is the next answer",
			answers("HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n"+last), skipInterim(), answer(200, 502), settledAfterAnswer()),
		asked("100,000 interim answers", "they are limited, as a head is: 502, or all of them",
			answersAndCloses(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100000)+last), skipInterim(), answer(200, 502)),
		asked("only an interim answer", "RFC 9110, 15.2: it is not the answer: 502", answersAndCloses("HTTP/1.1 103 Early Hints\r\n\r\n"),
			skipInterim(), answer(502)),
	}
}

// earlyAnswers come before the request has ended.
func earlyAnswers() []Case {
	const (
		why  = "RFC 9112, 9.3 and 9.5: an answer may come before the request has ended; the rest of the body is then never a request"
		head = post + "Content-Length: 60000\r\n\r\n"
		no   = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
	)
	rest := strings.Repeat("x", 60000-5)
	early := func(name string, serve Behavior, after ...Step) Case {
		return Case{Name: name, Why: why, Serve: serve, Reach: anything(),
			Client: append(Script{send(head + "hello"), awaits("POST /case/x")}, after...)}
	}
	closing := strings.Replace(no, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)
	return []Case{
		early("early answer, the upstream reads on", answersEarly(no, true), answer(403), send(rest)),
		early("early answer, and the upstream closes", answersEarly(closing, false), answer(403, 502), send(rest)),
		early("early answer, and the upstream closes without a word", answersEarly(no, false), answer(403, 502), send(rest)),
		early("early answer, and the client never goes on", answersEarly(no, true), answer(403, 502), leave()),
		early("early answer, and the rest holds a request", answersEarly(no, true), answer(403), send(smuggle+rest[len(smuggle):])),
		early("the upstream closes without an answer", Behavior{Says: "closes on the request's head", serve: func(*Exchange) bool { return false }},
			answeredOrGone(502)),
		early("early answer in two parts", Behavior{Says: "answers half of a body early, and the rest when the request has ended",
			serve: func(x *Exchange) bool {
				x.Answer(ok + "Content-Length: 4\r\n\r\nha")
				whole := x.ReadBody()
				x.Answer("lf")
				return whole
			}}, send(rest), answer(200)),
	}
}
