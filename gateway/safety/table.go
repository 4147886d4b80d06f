package safety

import "slices"

// Cases returns the table.
func Cases() []Case {
	return explain(slices.Concat(
		lengthAndCoding(), codings(), lengths(), chunkSyntax(), chunkEnds(),
		lineEnds(), fieldSyntax(), requestLines(), hosts(), forms(), targets(), overlong(),
		clientTiming(), expectations(), pipelines(), protocols(), forwarding(),
		answerHeads(), answerFraming(), answerBodies(), interimAnswers(), earlyAnswers(),
	))
}

// How requests begin: every line but the empty one.
const (
	get     = "GET /case/x HTTP/1.1\r\nHost: h\r\n"
	post    = "POST /case/x HTTP/1.1\r\nHost: h\r\n"
	smuggle = "GET /case/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

	chunkedPost = post + "Transfer-Encoding: chunked\r\n\r\n"
	hello       = "5\r\nhello\r\n"
	end         = "0\r\n\r\n"
)

// Requests as an upstream gets them.
const (
	gotGet   = "GET /case/x"
	gotPost  = "POST /case/x"
	gotHello = "POST /case/x hello"
)

// refused is a case in which one request must be refused with a status, 400 if none is given, and the connection closed.
func refused(name, why, raw string, statuses ...int) Case {
	if len(statuses) == 0 {
		statuses = []int{400}
	}
	return Case{Name: name, Why: why, Client: Script{send(raw), answer(statuses...), closed()}, Reach: nothing()}
}

// forwarded is a case in which one request must reach the upstream, framed by the gateway itself, and the connection is kept.
func forwarded(name, why, raw, want string, demands ...demand) Case {
	return Case{Name: name, Why: why, Client: Script{send(raw), answer(200), kept()}, Reach: exactly(want, demands...)}
}

// either is a case that RFCs leave open: the request is forwarded, or it is refused and the connection closed.
func either(name, why, raw, want string, statuses ...int) Case {
	if len(statuses) == 0 {
		statuses = []int{400}
	}
	return Case{Name: name, Why: why,
		Client: Script{send(raw), answer(append([]int{200}, statuses...)...), settled()}, Reach: atMost(want)}
}

// spoilt is a case whose fault shows only after a part of the body: it must not reach the upstream as a whole request.
func spoilt(name, why, raw string, statuses ...int) Case {
	if len(statuses) == 0 {
		statuses = []int{400}
	}
	return Case{Name: name, Why: why, Client: Script{send(raw), answer(statuses...), closed()}, Reach: unfinished()}
}

// eitherWhole is either, but what is refused may have begun to reach the upstream, as its fault stands in the body.
func eitherWhole(name, why, raw, want string, statuses ...int) Case {
	c := either(name, why, raw, want, statuses...)
	c.Reach = wholeOr(c.Reach, unfinished())
	return c
}

// each makes one case of each variant: what is sent is before + variant + after.
func each(build func(name, raw string) Case, name, before, after string, variants ...string) []Case {
	cases := make([]Case, len(variants))
	for i, v := range variants {
		cases[i] = build(name+" "+quote(v), before+v+after)
	}
	return cases
}
