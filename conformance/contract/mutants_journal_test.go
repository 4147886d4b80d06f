package contract_test

import (
	"net/http"
	"strings"
)

func journalMutants() []mutant {
	return []mutant{
		bug("journal-loses-removals", `journal/record/(?:complete|standing)`, `journal/filter/(?:user|type)`, `journal/stream/(?:live|user)`),
		bug("journal-loses-some", `journal/record/(?:complete|many|order|standing)`),
		bug("journal-doubles", `journal/record/(?:complete|nothing|many|order)`, `journal/filter/user`, `journal/stream/(?:live|same|resume)`),
		bug("journal-swaps", `journal/record/(?:complete|many|order|standing)`, `journal/page/(?:cursor|link|default)`),
		bug("journal-tells-of-nothing", `journal/record/nothing`),
		bug("journal-tells-nothing-of-users", `journal/record/complete`, `journal/filter/(?:user|spelling|type|from-to)`, `journal/stream/live`),
		bug("journal-counts-removals", `journal/record/complete`),
		bug("journal-forgets-requests", `journal/record/complete`),
		bug("journal-has-no-envelope", `journal/record/complete`, `journal/one/found`, `journal/stream/live`),
		bug("journal-forgets", `journal/record/(?:complete|many|standing|order)`),
		bug("journal-newest-first", `journal/record/.*`, `journal/page/(?:cursor|grown)`),
		bug("journal-one-off", `journal/one/found`),
		bug("journal-has-everything", `journal/one/missing`),
		bug("journal-ignores-user", `journal/filter/(?:user|nobody)`, `journal/stream/user`),
		bug("journal-ignores-type", `journal/filter/type`, `journal/stream/type`),
		bug("journal-ignores-from", `journal/filter/from-to`),
		bug("journal-ignores-to", `journal/filter/from-to`),
		bug("journal-bounds", `journal/filter/from-to`),
		bug("journal-repeats", `journal/page/(?:cursor|link|grown)`),
		bug("journal-stands-still", `journal/page/grown`),
		spoil("has another length of the journal for HEAD", func(r *http.Request, a *answer) {
			if r.Method == http.MethodHead {
				a.header.Set("Content-Length", "0")
			}
		}, `journal/page/head`, `journal/one/head`),
		spoil("answers an empty journal with 404", func(r *http.Request, a *answer) {
			if strings.Contains(string(a.body), `"events":[]`) {
				*a = problem("event-not-found", http.StatusNotFound)
			}
		}, `journal/filter/nobody`),
		spoil("has pages of forty", func(r *http.Request, a *answer) {
			if strings.HasPrefix(r.RequestURI, "/journal?user=") && !strings.Contains(r.RequestURI, "limit") {
				*a = problem("unavailable", http.StatusServiceUnavailable)
			}
		}, `journal/page/default`),
	}
}

func streamMutants() []mutant {
	return []mutant{
		spoil("streams plain text", func(_ *http.Request, a *answer) {
			if a.stream != nil {
				a.header.Set("Content-Type", "text/plain")
			}
		}, `journal/stream/(?:live|same|user|type|resume|resume-while-writing|from-now|head)`),
		bug("stream-ends", `journal/stream/(?:live|same|user|type|resume|resume-while-writing)`),
		bug("stream-has-ids-of-events", `journal/stream/(?:live|same|resume)`),
		bug("stream-has-messages", `journal/stream/live`),
		bug("stream-has-other-data", `journal/stream/same`),
		bug("stream-from-the-first", `journal/stream/from-now`),
		bug("stream-knows-no-last-id", `journal/stream/(?:resume|bad-id)`),
		bug("stream-takes-any-id", `journal/stream/bad-id`),
		bug("stream-repeats", `journal/stream/(?:resume|resume-while-writing)`),
		bug("stream-skips", `journal/stream/(?:resume|resume-while-writing)`),
	}
}
