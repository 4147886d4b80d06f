package contract_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
)

func readMutants() []mutant {
	return []mutant{
		bug("stale", `find/fresh/(?:add|add-again|change|remove|loop|readers)`, `find/read/etag`, `find/conditional/(?:changed|add-again)`),
		bug("flickers", `find/fresh/no-way-back`),
		bug("stale-negative", `find/fresh/(?:add|add-again|loop|readers)`),
		bug("stale-positive", `find/fresh/(?:change|remove|loop|readers)`),
		bug("if-none-match-strong", `find/conditional/(?:weak|list-comma)`),
		spoil("ignores If-None-Match", func(_ *http.Request, a *answer) {
			if a.status == http.StatusNotModified {
				a.status, a.body = http.StatusOK, []byte("{}")
			}
		}, `find/conditional/(?:strong|weak|star|list|list-comma|lines)`),
		spoil("finds everything unchanged", func(r *http.Request, a *answer) {
			if r.Header.Get("If-None-Match") != "" && a.status < 500 {
				a.status, a.body = http.StatusNotModified, nil
			}
		}, `find/conditional/(?:other|changed|add-again|missing)`),
		spoil("sends 304 without ETag", func(_ *http.Request, a *answer) {
			if a.status == http.StatusNotModified {
				a.header.Del("Etag")
			}
		}, `find/conditional/(?:strong|weak|star|list|list-comma|lines)`),
		spoil("sends 304 with a body", func(_ *http.Request, a *answer) {
			if a.status == http.StatusNotModified {
				a.body, a.surplus = []byte("{}"), true
			}
		}, `find/conditional/(?:strong|weak|star|list|list-comma|lines)`),
		spoil("is cached by everybody", func(_ *http.Request, a *answer) {
			if a.header.Get("Cache-Control") != "" {
				a.header.Set("Cache-Control", "max-age=60")
			}
		}, `find/read/(?:cache-control|head)`, `find/conditional/(?:strong|star)`),
		spoil("finds nobody", func(r *http.Request, a *answer) {
			if r.Method == http.MethodGet && strings.HasPrefix(r.RequestURI, "/user/") {
				*a = problem("user-not-found", http.StatusNotFound)
			}
		}, `find/read/(?:found|bytes|etag|cache-control|head)`, `find/spelling/.*`, `find/distinct/.*`, `find/opaque/.*`, `find/fresh/.*`),
		spoil("finds nobody the second time", secondTime(func(a *answer) { a.status = http.StatusNoContent; a.body = nil }),
			`find/read/missing`),
		spoil("gives up under load", everySeventh(func(a *answer) { *a = problem("unavailable", http.StatusServiceUnavailable) }),
			`find/read/many.*`),
		spoil("has no HEAD", func(r *http.Request, a *answer) {
			if r.Method == http.MethodHead {
				*a = problem("method-not-allowed", http.StatusMethodNotAllowed)
			}
		}, `find/read/head.*`, `(?:add|find|search|journal)/probe/.*`, `find/conditional/strong`, `(?:add|find|search|journal)/problem/head`),
		spoil("sends a body with HEAD", func(r *http.Request, a *answer) { a.surplus = r.Method == http.MethodHead },
			`find/read/head.*`, `(?:add|find|search|journal)/probe/.*`, `(?:add|find|search|journal)/problem/head`),
		spoil("has no length for HEAD", func(r *http.Request, a *answer) {
			if r.Method == http.MethodHead {
				a.header.Set("Content-Length", "0")
			}
		}, `find/read/head`),
		bug("believes-clients", `all/internal/deadline`),
		spoil("has no probes", func(r *http.Request, a *answer) {
			if isProbe(r) {
				*a = problem("route-not-found", http.StatusNotFound)
			}
		}, `(?:add|find|search|journal)/probe/.*`),
		spoil("lets what probes say be kept", func(r *http.Request, a *answer) {
			if isProbe(r) {
				a.header.Del("Cache-Control")
			}
		}, `(?:add|find|search|journal)/probe/.*`),
		spoil("lets what probes say to HEAD be kept", func(r *http.Request, a *answer) {
			if isProbe(r) && r.Method == http.MethodHead {
				a.header.Del("Cache-Control")
			}
		}, `(?:add|find|search|journal)/probe/.*`),
		spoil("says no more than 200 to probes", func(r *http.Request, a *answer) {
			if isProbe(r) {
				a.body = nil
			}
		}, `(?:add|find|search|journal)/probe/.*`),
		spoil("tells probes more than that all is well", func(r *http.Request, a *answer) {
			if isProbe(r) {
				a.body = []byte(`{"status":"ok","database":"up"}`)
			}
		}, `(?:add|find|search|journal)/probe/.*`),
		spoil("answers probes in plain text", func(r *http.Request, a *answer) {
			if isProbe(r) {
				a.header.Set("Content-Type", "text/plain")
			}
		}, `(?:add|find|search|journal)/probe/.*`),
		spoil("lists no methods", func(_ *http.Request, a *answer) { a.header.Del("Allow") }, `(?:add|find|search|journal)/method/.*`, `all/allow/.*`),
		spoil("lists the methods of one slot", func(_ *http.Request, a *answer) {
			if a.header.Get("Allow") != "" {
				a.header.Set("Allow", "GET, HEAD")
			}
		}, `add/method/.*`, `all/allow/.*`),
		spoil("lists the method that it refuses", func(r *http.Request, a *answer) {
			if a.header.Get("Allow") != "" {
				a.header.Set("Allow", a.header.Get("Allow")+", "+r.Method)
			}
		}, `(?:add|find|search|journal)/method/.*`, `all/allow/.*`),
	}
}

// everySeventh spoils each seventh answer.
func everySeventh(change func(a *answer)) func(*http.Request, *answer) {
	var n atomic.Int64
	return func(_ *http.Request, a *answer) {
		if n.Add(1)%7 == 0 {
			change(a)
		}
	}
}

// secondTime spoils the second and later answers 404 for one path.
func secondTime(change func(a *answer)) func(*http.Request, *answer) {
	asked := make(chan map[string]int, 1)
	asked <- map[string]int{}
	return func(r *http.Request, a *answer) {
		paths := <-asked
		if a.status == http.StatusNotFound {
			if paths[r.RequestURI]++; paths[r.RequestURI] > 1 {
				change(a)
			}
		}
		asked <- paths
	}
}

func isProbe(r *http.Request) bool { return r.RequestURI == "/livez" || r.RequestURI == "/readyz" }

// encodedAlphanumeric is a letter or a digit that is written as an escape, which nobody has to do but anybody may (RFC 3986, 2.3).
// Every opaque name of the suite has some.
var encodedAlphanumeric = regexp.MustCompile(`%(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])`)

func pathMutants() []mutant {
	const clean = `(?:double-slash|leading-slashes|dot|dot-dot|dot-dot-front|dot-dot-encoded|trailing-slash|no-name)`
	return []mutant{
		bug("plus-is-space", `(?:add|find)/distinct/plus`, `(?:add|find)/opaque/(?:plus|sub-delims)`),
		bug("decodes-twice", `(?:add|find)/distinct/escape`, `(?:add|find)/opaque/percent-escape`),
		bug("redirect-path", `(?:add|find)/target/`+clean),
		bug("clean-path", `(?:add|find)/target/(?:double-slash|leading-slashes|dot|dot-dot|dot-dot-front|dot-dot-encoded|trailing-slash)`),
		bug("plain-refusal", `(?:add|find)/target/malformed-escape.*`, `all/refused/.*`),
		spoil("decodes a path before routing", func(r *http.Request, a *answer) {
			if lower := strings.ToLower(r.RequestURI); strings.Contains(lower, "%2f") {
				*a = problem("route-not-found", http.StatusNotFound)
			}
		}, `(?:add|find)/opaque/(?:slash|slashes|dot-dot|slash-dot-dot|html|at-colon|overview)`, `(?:add|find)/distinct/escape`),
		spoil("knows only names of letters", func(r *http.Request, a *answer) {
			if strings.HasPrefix(r.RequestURI, "/user/") && strings.ContainsAny(r.RequestURI, "%") && a.status < 400 {
				*a = problem("user-not-found", http.StatusNotFound)
			}
		}, `(?:add|find)/opaque/.*`),
		spoil("keeps what it need not decode", func(r *http.Request, a *answer) {
			if encodedAlphanumeric.MatchString(r.RequestURI) {
				*a = problem("user-not-found", http.StatusNotFound)
			}
		}, `(?:add|find)/opaque/.*`),
		spoil("looks for names that are none", func(_ *http.Request, a *answer) {
			if strings.Contains(string(a.body), "#invalid-name") {
				*a = problem("user-not-found", http.StatusNotFound)
			}
		}, `(?:add|find)/bad-name/.*`),
		spoil("serves every path below /user", func(r *http.Request, a *answer) {
			if strings.Contains(string(a.body), "#route-not-found") && strings.HasPrefix(strings.ToLower(r.RequestURI), "/user/") {
				*a = answer{status: http.StatusOK, header: a.header, body: []byte("{}")}
			}
		}, `(?:add|find)/target/(?:extra-segment|raw-slash|other-case|no-name|trailing-slash|dot-dot-slash-encoded)`),
		spoil("has a fall-back page", func(_ *http.Request, a *answer) {
			if a.status == http.StatusNotFound || a.status == http.StatusBadRequest {
				*a = answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/html"}}, body: []byte("<html>")}
			}
		}, `(?:add|find|search|journal)/problem/(?:no-route|head)`, `(?:add|find)/target/dot-dot-name`, `find/read/(?:missing|head-missing)`,
			`find/conditional/missing`),
	}
}

func problemMutants() []mutant {
	const everywhere = `add/(?:body|media|bad-name|target|method)/.*|find/(?:read/missing|bad-name/.*|target/.*|method/.*)|` +
		`(?:add|find|search|journal)/problem/no-route|all/allow/.*`
	onProblem := func(says string, change func(a *answer), kills ...string) mutant {
		return spoil(says, func(_ *http.Request, a *answer) {
			if a.status >= 400 {
				change(a)
			}
		}, kills...)
	}
	replace := func(from, to string) func(*answer) {
		return func(a *answer) { a.body = []byte(strings.Replace(string(a.body), from, to, 1)) }
	}
	return []mutant{
		onProblem("calls problems JSON", func(a *answer) { a.header.Set("Content-Type", "application/json") }, everywhere,
			`(?:add|find|search|journal)/problem/head`, `find/read/head-missing`),
		onProblem("lets problems be kept", func(a *answer) { a.header.Del("Cache-Control") }, everywhere, `all/refused/.*`,
			`(?:add|find|search|journal)/problem/head`, `find/read/head-missing`),
		onProblem("lets browsers guess what a problem is", func(a *answer) { a.header.Del("X-Content-Type-Options") }, everywhere,
			`all/refused/.*`, `(?:add|find|search|journal)/problem/head`, `find/read/head-missing`),
		onProblem("answers with another type", replace("problems.md#", "problems.md#some-"), everywhere),
		onProblem("answers with a relative type", replace("https://github.com/", ""), everywhere),
		onProblem("has no title", replace(`"title"`, `"headline"`), everywhere),
		onProblem("has no status in the body", replace(`"status"`, `"code"`), everywhere),
		onProblem("has another status in the body", replace(`"status":4`, `"status":5`), everywhere),
		onProblem("has no request id in the body", replace(`"request_id"`, `"id"`), everywhere),
		onProblem("has another request id in the body", replace(`"request_id":"`, `"request_id":"x`), everywhere),
		onProblem("tells of its insides", replace(`"detail":"`, `"detail":"dial tcp 10.0.0.7:3306: `), everywhere),
		onProblem("answers 500", func(a *answer) { a.status = http.StatusInternalServerError }, everywhere),
		spoil("takes methods that it does not know for no HTTP", func(r *http.Request, a *answer) {
			if r.Method == "CONFORM" {
				*a = answer{status: http.StatusBadRequest, header: http.Header{}}
			}
		}, `(?:add|find|search)/method/unknown-.*`),
		spoil("sends no request id", func(_ *http.Request, a *answer) { a.header.Del("X-Request-Id") },
			everywhere, `(?:add|find|search|journal)/problem/request-id`),
		spoil("sends one request id", func(_ *http.Request, a *answer) { a.header.Set("X-Request-Id", "1") },
			`(?:add|find|search|journal)/problem/request-id`),
	}
}
