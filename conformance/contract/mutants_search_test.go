package contract_test

import (
	"net/http"
	"regexp"
	"strings"
)

func listMutants() []mutant {
	return []mutant{
		spoilLists("lists nobody", func(a *answer) { a.body = []byte(`{"users":[],"next":null}`); a.header.Del("Link") },
			`search/(?:list|name-prefix|phone|phone-prefix|since|names)/(?:all|record|head|found|whole|short|hundred|from|to|between|zone)`,
			`search/name-prefix/.*`, `search/fresh/(?:add|change)`, `search/page/(?:cursor|link|named|full)`),
		spoilLists("calls an empty list null", func(a *answer) {
			a.body = []byte(strings.Replace(string(a.body), `"users":[]`, `"users":null`, 1))
		}, `search/list/nobody`),
		spoilLists("leaves out next", func(a *answer) { a.body = []byte(strings.Replace(string(a.body), `"next":null,`, "", 1)) },
			`search/list/(?:nobody|record)`),
		spoilLists("tells versions", func(a *answer) {
			a.body = []byte(strings.ReplaceAll(string(a.body), `"phone":`, `"version":1,"phone":`))
		}, `search/list/record`, `search/names/found`),
		spoil("answers an empty list with 404", func(r *http.Request, a *answer) {
			if isList(r) && strings.Contains(string(a.body), `"users":[]`) {
				*a = problem("user-not-found", http.StatusNotFound)
			}
		}, `search/list/nobody`, `search/fresh/remove`),
		spoil("has no HEAD of lists", func(r *http.Request, a *answer) {
			if r.Method == http.MethodHead {
				a.header.Set("Content-Length", "0")
			}
		}, `search/list/head`),
		spoil("has another type of list", func(r *http.Request, a *answer) {
			if isList(r) && a.status == http.StatusOK {
				a.header.Set("Content-Type", "text/plain")
			}
		}, `search/list/(?:record|nobody|head)`),
		bug("lists-late", `search/fresh/.*`),
		bug("orders-by-age", `search/list/all`, `search/name-prefix/(?:found|backslash|astral)`, `search/names/found`, `search/phone/found`),
		bug("orders-without-case", `search/name-prefix/found`, `search/phone/found`, `search/names/found`),
		bug("orders-by-utf16", `search/name-prefix/astral`),
		bug("orders-digits-as-text", `search/phone-prefix/found`, `search/page/numbers`),
		bug("orders-since-by-name", `search/since/(?:between|zone|from)`),
		bug("pads", `search/name-prefix/space`),
		bug("prefix-anywhere", `search/name-prefix/found`),
		bug("prefix-without-case", `search/name-prefix/case`),
		bug("prefix-without-accents", `search/name-prefix/accent`),
		bug("prefix-is-pattern", `search/name-prefix/(?:percent|underscore|glob)`),
		bug("prefix-escapes", `search/name-prefix/backslash`),
		bug("prefix-ends-at-ffff", `search/name-prefix/astral`),
		bug("prefix-proper", `search/name-prefix/(?:whole|case|longest|astral-end)`),
		bug("prefix-not-nfc", `search/name-prefix/decomposed`),
		bug("prefix-not-trimmed", `search/name-prefix/space-before`, `search/cursor/same-list`),
		bug("prefix-is-a-name", `search/name-prefix/(?:short|longest)`),
		bug("plus-is-plus", `search/name-prefix/plus`),
		bug("phone-prefix-proper", `search/phone-prefix/.*`, `search/page/(?:equals|numbers)`),
		bug("ignores-since_from", `search/since/(?:from|between|zone)`),
		bug("ignores-since_to", `search/since/(?:to|between|zone)`),
		bug("since-inclusive", `search/since/(?:to|between|zone)`),
		bug("since-exclusive", `search/since/(?:from|between|zone)`),
		bug("rounds-moments", `search/since/(?:from|between|zone)`),
		bug("ignores-zones", `search/since/zone`),
		bug("first-name-only", `search/names/found`, `search/page/named`),
		bug("names-as-sent", `search/names/found`, `journal/filter/spelling`),
		bug("ten-names", `search/names/hundred`),
	}
}

// isList reports whether a request is for a list.
func isList(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasPrefix(r.RequestURI, "/user?")
}

// spoilLists spoils every list.
func spoilLists(says string, change func(a *answer), kills ...string) mutant {
	return spoil(says, func(r *http.Request, a *answer) {
		if isList(r) && a.status == http.StatusOK {
			change(a)
		}
	}, kills...)
}

// nextMember is the member next of a page.
var nextMember = regexp.MustCompile(`"next":"[^"]*"`)

func pageMutants() []mutant {
	return []mutant{
		spoil("has no link", func(_ *http.Request, a *answer) { a.header.Del("Link") }, `search/page/(?:link|cursor|full)`, `search/list/head`,
			`journal/page/(?:link|cursor|head|default|grown)`),
		spoilLists("links to itself", func(a *answer) {
			if a.header.Get("Link") != "" {
				a.header.Set("Link", `</user>; rel="next"`)
			}
		}, `search/page/link`),
		spoilLists("links to where nobody outside comes", func(a *answer) {
			a.header.Set("Link", strings.Replace(a.header.Get("Link"), "</user", "<http://search:8080/user", 1))
		}, `search/page/(?:link|cursor)`),
		bug("link-forgets", `search/page/link`, `journal/page/link`),
		bug("next-when-full", `search/page/full`, `journal/page/full`),
		bug("offset-cursor", `search/page/gone`, `search/page/while-writing`),
		bug("repeats-the-last", `search/page/(?:cursor|link|equals|numbers|named|other-limit|again)`, `search/cursor/same-list`),
		bug("skips-equals", `search/page/equals`),
		bug("loses-equals", `search/page/numbers`),
		bug("wants-the-last", `search/page/gone`),
		bug("limit-in-cursor", `search/page/other-limit`),
		bug("twenty-by-default", `search/page/default`),
		bug("cursor-once", `search/page/again`),
		spoilLists("ends at fifty", func(a *answer) {
			a.header.Del("Link")
			a.body = []byte(nextMember.ReplaceAllString(string(a.body), `"next":null`))
		}, `search/page/(?:default|cursor|link|full|other-limit|again|gone)`, `search/cursor/(?:altered|other-filter|same-list)`),
		spoil("takes a hundred at most", func(r *http.Request, a *answer) {
			if strings.Contains(r.RequestURI, "limit=500") {
				*a = problem("invalid-parameter", http.StatusBadRequest)
			}
		}, `search/page/largest`),
		bug("unsigned-cursors", `(?:search|journal)/cursor/(?:altered|other-filter)`),
		bug("cursor-for-all", `(?:search|journal)/cursor/other-filter`),
		bug("cursor-of-spelling", `search/cursor/same-list`),
		bug("begins-anew", `search/cursor/(?:altered|made-up)`, `journal/cursor/altered`),
	}
}

func parameterMutants() []mutant {
	return []mutant{
		bug("lists-anyway", `search/refused/[^t].*`, `journal/refused/.*`, `journal/stream/refused`),
		bug("first-parameter-only", `search/refused/several`),
		bug("ignores-unknown-parameter", `search/refused/(?:unknown|other-case|no-name|several)`, `journal/refused/unknown`,
			`journal/stream/refused`),
		bug("ignores-duplicate-parameter", `search/refused/.*-twice`, `journal/refused/twice`),
		bug("ignores-encoding", `search/refused/escape`),
		bug("repairs-escapes", `search/refused/escape`),
		bug("combines", `search/refused/two-filters`),
		spoil("names no parameter", func(_ *http.Request, a *answer) {
			a.body = []byte(strings.ReplaceAll(string(a.body), `"pointer":"#/`, `"pointer":"#/query/`))
		}, `search/refused/(?:unknown|limit-.*|prefix-.*|phone.*|since-.*|names?-.*|several)`),
		spoil("answers 422", func(r *http.Request, a *answer) {
			if isList(r) && a.status == http.StatusBadRequest {
				a.status = http.StatusUnprocessableEntity
			}
		}, `search/refused/.*`, `search/cursor/(?:altered|made-up|other-filter)`),
	}
}
