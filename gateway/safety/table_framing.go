package safety

import "slices"

const (
	bothWhy = "RFC 9112, 6.3: Content-Length beside Transfer-Encoding ought to be handled as an error; one of two servers takes " +
		"the one, the other the other, and what is between them becomes somebody's next request"
	codingWhy = "RFC 9112, 6.1 and 6.3: a transfer coding that is not understood, or whose last is not chunked, leaves the length " +
		"of the body unknown: 400 or 501, and the connection is closed. Servers that read it as chunked, or as nothing, disagree"
	lengthWhy = "RFC 9110, 8.6; RFC 9112, 6.3: Content-Length is digits alone; anything else is an unrecoverable error, because " +
		"parsers of integers differ in what they let pass"
	lengthsWhy = "RFC 9112, 6.3: different lengths are an unrecoverable error: 400, and the connection is closed"
)

// lengthAndCoding are requests that have both ways to say where their body ends.
func lengthAndCoding() []Case {
	return []Case{
		refused("CL.TE: the body ends in a smuggled beginning", bothWhy,
			post+"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"+end+"G"),
		refused("CL.TE: the body ends in a smuggled request", bothWhy,
			post+"Content-Length: 64\r\nTransfer-Encoding: chunked\r\n\r\n"+end+smuggle),
		refused("TE.CL: a smuggled request within a chunk", bothWhy,
			post+"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n2e\r\n"+"GET /smuggled HTTP/1.1\r\nHost: h\r\nX: 0123456789\r\n\r\n"+end),
		refused("Content-Length: 0 and chunked", bothWhy,
			post+"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"+hello+end),
		refused("both, and they agree", bothWhy,
			post+"Content-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n"+hello+end),
		refused("both on GET", bothWhy,
			get+"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"+end, 400, 413),
		refused("chunked in HTTP/1.0", "RFC 9112, 6.1: a Transfer-Encoding in HTTP/1.0 means faulty framing, since a proxy of that "+
			"version does not know it",
			"POST /case/x HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"+hello+end),
		refused("both in HTTP/1.0", bothWhy,
			"POST /case/x HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"+hello+end),
	}
}

// codings are TE.TE: transfer codings that only one of two servers takes for chunked.
func codings() []Case {
	refuse := func(name, raw string) Case { return refused(name, codingWhy, raw, 400, 501) }
	return slices.Concat(
		each(refuse, "TE.TE:", post, "\r\nContent-Length: 4\r\n\r\n"+end,
			"Transfer-Encoding: xchunked", "Transfer-Encoding : chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
			"Transfer-Encoding: x\r\nTransfer-Encoding: chunked", "Transfer-Encoding: identity", "Transfer-Encoding: ",
			"Transfer-Encoding\r\n: chunked", "Transfer-Encoding:\r\n chunked", " Transfer-Encoding: chunked",
			"X: x\nTransfer-Encoding: chunked", "X: x\rTransfer-Encoding: chunked", "Transfer-Encoding: chun\x00ked",
		),
		each(refuse, "coding", post, "\r\n\r\n"+hello+end,
			"Transfer-Encoding: \x0bchunked", "Transfer-Encoding: chunked\x0b", "Transfer-Encoding: chunked, identity",
			"Transfer-Encoding: identity, chunked", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: gzip, chunked",
			"Transfer-Encoding: chunked, gzip", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked;q=1",
			"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunke", "Transfer-Encoding: x",
			"Transfer-Encoding\x00: chunked", "Transfer-Encoding: \xef\xbc\xa3hunked",
		),
		each(func(name, raw string) Case {
			return either(name, "RFC 9110, 5.6.1 and RFC 9112, 7: codings are compared without regard to case, white space around "+
				"them and empty elements mean nothing; forwarded, the field is the gateway's own", raw, gotHello, 501)
		}, "coding", post, "\r\n\r\n"+hello+end,
			"Transfer-Encoding: Chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding:chunked \t", "transfer-encoding: CHUNKED",
			"Transfer-Encoding: chunked,", "Transfer-Encoding: , chunked"),
		[]Case{
			forwarded("coding in a field of another name", "only Transfer-Encoding frames; what servers behind CGI take for it must not "+
				"reach them", post+"Content-Length: 5\r\nTransfer_Encoding: chunked\r\n\r\nhello", gotHello, without("Transfer_Encoding")),
		},
	)
}

// lengths are Content-Lengths that parsers of integers read in several ways.
func lengths() []Case {
	return slices.Concat(
		each(func(name, raw string) Case { return refused(name, lengthWhy, raw, 400, 413) },
			"Content-Length", post+"Content-Length:", "\r\n\r\nhello",
			" +5", " -5", " -1", " 0x5", " 5.0", " 5e0", " 5 5", " 5_", " 5;", " five", "", " ", " 5\x00", " 5\x0b", "\x0c5",
			" \"5\"", " \u0665", " 9223372036854775808", " 18446744073709551621", " 99999999999999999999999999"),
		each(func(name, raw string) Case { return refused(name, lengthsWhy, raw) },
			"Content-Length", post+"Content-Length: ", "\r\n\r\nhello",
			"5\r\nContent-Length: 6", "6\r\nContent-Length: 5", "5, 6", "5, 5, 6", "5,", ",5", "0\r\nContent-Length: 5",
			"5\r\nContent-Length: +5", "5\r\nContent-Length: 05"),
		each(func(name, raw string) Case {
			return either(name, "RFC 9112, 6.3: the same length said again may be taken for one or refused; forwarded, it is said once",
				raw, gotHello)
		}, "Content-Length", post+"Content-Length: ", "\r\n\r\nhello",
			"5\r\nContent-Length: 5", "5, 5", "05", "0000000000000000000000005"),
		[]Case{
			forwarded("Content-Length with white space around it", "RFC 9110, 5.5: it is no part of the value",
				post+"Content-Length:\t 5 \t\r\n\r\nhello", gotHello),
			forwarded("Content-Length in a field of another name", "only Content-Length frames; what servers behind CGI take for it "+
				"must not reach them", post+"Content-Length: 5\r\nContent_Length: 500\r\n\r\nhello", gotHello, without("Content_Length")),
			forwarded("Connection names Content-Length", "RFC 9110, 7.6.1: a sender must not list it; removed, the body would be "+
				"the next request", post+"Content-Length: 5\r\nConnection: keep-alive, content-length\r\n\r\nhello", gotHello),
			refused("a body where the route takes none", "RFC 9110, 9.3.1: a body of GET may be refused, because of request smuggling",
				get+"Content-Length: 38\r\n\r\nGET /case/smuggled HTTP/1.1\r\nHost: h\r\n\r\n", 400, 413),
			refused("a chunked body where the route takes none", "RFC 9110, 9.3.1: a body of GET may be refused, because of request "+
				"smuggling", get+"Transfer-Encoding: chunked\r\n\r\n"+hello+end, 400, 411, 413),
			refused("a body above the limit", "RFC 9110, 15.5.14: 413; the rest may be on its way, so the connection is closed",
				post+"Content-Length: 65537\r\n\r\nhello", 413),
			{
				Name: "a request after a body", Why: "RFC 9112, 9.3.2: what follows the body is the next request, and no byte earlier",
				Client: Script{send(post + "Content-Length: 5\r\n\r\nhello" + "GET /case/second HTTP/1.1\r\nHost: h\r\n\r\n"),
					answered("POST /case/x"), answered("GET /case/second"), kept()},
				Reach: exactly(sequence(gotHello, "GET /case/second")),
			},
			{
				Name: "garbage after a body", Why: "RFC 9112, 2.2: what is no request is refused; it was no part of the one before",
				Client: Script{send(post + "Content-Length: 5\r\n\r\nhello" + "0123456789\r\n\r\n"),
					answered("POST /case/x"), answer(400), closed()},
				Reach: exactly(gotHello),
			},
		},
	)
}
