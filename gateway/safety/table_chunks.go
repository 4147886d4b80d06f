package safety

import (
	"slices"
	"strings"
)

const chunkWhy = "RFC 9112, 7.1: a chunk is hexadecimal digits, CRLF, so many bytes, CRLF. Where two servers disagree about one of " +
	"these, the rest of the body is a request to one of them"

// chunkSyntax are chunks with something wrong in their first line.
func chunkSyntax() []Case {
	extension := func(name, raw string) Case {
		return eitherWhole(name, "RFC 9112, 7.1.1: a chunk extension that is not understood is ignored; it may be refused, and is not "+
			"forwarded, because servers differ in where it ends", raw, gotHello)
	}
	return slices.Concat(
		each(func(name, raw string) Case { return spoilt(name, chunkWhy, raw) },
			"chunk size", chunkedPost, "\r\nhello\r\n"+end,
			"0x5", "+5", "-5", " 5", "5_", "", "h5", "5 5", "5\x00", "5,", "\"5\"", "5.",
			"10000000000000005", "fffffffffffffffffffffff5"),
		each(func(name, raw string) Case { return spoilt(name, chunkWhy, raw) },
			"chunk line", chunkedPost, "hello\r\n"+end,
			"5\n", "5\r", "5;a\n", "5;\nxx\r\n", "5;a\rb\r\n", "5\n\r\n"),
		each(func(name, raw string) Case {
			return eitherWhole(name, "RFC 9112, 7.1: white space after the size, or zeros before it, are not in the grammar or mean "+
				"nothing; forwarded, the chunk is the gateway's own", raw, gotHello)
		}, "chunk size", chunkedPost, "\r\nhello\r\n"+end, "5 ", "5\t", "05", "0000000000000005", "00000000000000000000005"),
		each(extension, "chunk extension", chunkedPost, "\r\nhello\r\n"+end, ";a=b", "5;a", "5;a=b", "5;a=\"b\"", "5 ; a = b", "5;")[1:],
		[]Case{
			{
				Name: "a chunk of 2^64-1 bytes", Why: "RFC 9112, 7.1: a recipient must expect sizes that overflow its integers",
				Client: Script{send(chunkedPost + "FFFFFFFFFFFFFFFF\r\nhello\r\n" + end), answer(400, 408, 413), closed()}, Reach: unfinished(),
			},
			extension("chunk extension on the last chunk", chunkedPost+hello+"0;a=b\r\n\r\n"),
			spoilt("chunk extension of 64 KiB", "RFC 9112, 7.1.1: a recipient ought to limit extensions, which cost the sender little",
				chunkedPost+"5;a="+strings.Repeat("x", 64<<10)+"\r\nhello\r\n"+end, 400, 413),
			forwarded("chunked", "RFC 9112, 7.1: framed anew, or as it was", chunkedPost+hello+"6\r\n world\r\n"+end, "POST /case/x hello world"),
			forwarded("chunked, without a body", "RFC 9112, 7.1", chunkedPost+end, gotPost),
		},
	)
}

// chunkEnds are chunks, and bodies, with something wrong in their ends.
func chunkEnds() []Case {
	trailer := func(name, raw string) Case {
		return eitherWhole(name, "RFC 9110, 6.5.1: fields that frame, route or authenticate must not be taken from trailers", raw, gotHello)
	}
	return slices.Concat(
		each(func(name, raw string) Case { return spoilt(name, chunkWhy, raw) },
			"end of a chunk", chunkedPost+"5\r\nhello", end, "", "\n", "\r", "xx", "\n\r", "x\r\n"),
		each(func(name, raw string) Case { return spoilt(name, chunkWhy, raw) },
			"end of the body", chunkedPost+hello, smuggle, "0\r\nx\r\n\r\n", "0\n\r\n", "0\r\n\n", "0\r\r\n", "0\r\n: x\r\n\r\n", "0\r\nA : x\r\n\r\n",
			"0\r\nA: x\n\r\n", "0\r\nA: \x00\r\n\r\n"),
		each(trailer, "trailer", chunkedPost+hello+"0\r\n", "\r\n\r\n",
			"Content-Length: 500", "Transfer-Encoding: chunked", "Host: other", "Ums-Actor: root", "X-Forwarded-For: 1.2.3.4"),
		[]Case{
			forwarded("trailer", "RFC 9110, 6.5.1: a trailer may be forwarded or dropped, and is no header field",
				post+"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"+hello+"0\r\nX-Sum: 1\r\n\r\n", gotHello, without("X-Sum")),
			spoilt("trailers of 128 KiB", "RFC 9112, 7.1.2: they are limited as header fields are",
				chunkedPost+hello+"0\r\n"+strings.Repeat("X: "+strings.Repeat("x", 1020)+"\r\n", 128)+"\r\n", 400, 413, 431),
			{
				Name: "a chunked body above the limit", Why: "RFC 9110, 15.5.14: the limit holds however the body is framed",
				Client: Script{send(chunkedPost + "10001\r\n" + strings.Repeat("x", 65537) + "\r\n" + end), answer(413), closed()},
				Reach:  unfinished(),
			},
			forwarded("a chunked body of the limit", "the limit is what it says, however the body is framed",
				chunkedPost+"10000\r\n"+strings.Repeat("x", 65536)+"\r\n"+end, "POST /case/x "+strings.Repeat("x", 65536)),
			{
				Name: "a request after a chunked body", Why: "RFC 9112, 9.3.2: what follows the last chunk is the next request",
				Client: Script{send(chunkedPost + hello + end + "GET /case/second HTTP/1.1\r\nHost: h\r\n\r\n"),
					answered("POST /case/x"), answered("GET /case/second"), kept()},
				Reach: exactly(sequence(gotHello, "GET /case/second")),
			},
		},
	)
}
