package contract_test

import (
	"fmt"
	"net/http"
	"strings"
)

func writeMutants() []mutant {
	return []mutant{
		spoil("answers POST with 200", func(_ *http.Request, a *answer) {
			if a.status == http.StatusCreated {
				a.status = http.StatusOK
			}
		}, `add/create/.*`, `add/name/.*`),
		spoil("has no Location", onCreated(func(a *answer) { a.header.Del("Location") }),
			`add/create/location`, `add/name/.*`, `add/opaque/.*`, `add/key/replay`),
		spoil("has a Location elsewhere", onCreated(func(a *answer) {
			a.header.Set("Location", "http://add:8080"+a.header.Get("Location"))
		}), `add/create/location`),
		spoil("has a Location that is not encoded", onCreated(func(a *answer) {
			a.header.Set("Location", strings.NewReplacer("%2F", "/", "%3F", "?", "%23", "#", "%25", "%").Replace(a.header.Get("Location")))
		}), `add/opaque/(?:slash|slashes|dot-dot|question-mark|hash|percent-escape)`),
		spoil("has a Location that is encoded twice", onCreated(func(a *answer) {
			a.header.Set("Location", strings.ReplaceAll(a.header.Get("Location"), "%", "%25"))
		}), `add/opaque/(?:space|slash|emoji)`),
		bug("overwrites", `add/create/duplicate-.*`, `add/concurrent/one-name`, `add/key/other-key`, `add/key/not-burnt-by-409`),
		bug("check-then-act", `add/concurrent/(?:one-name|add-and-remove)`),
		bug("day-since", `add/create/since`, `add/remove/add-again`, `add/precondition/add-again`, `find/conditional/add-again`),
		bug("counts-same-number", `add/change/same-number`, `add/create/duplicate-name`),
		bug("tag-of-number", `add/change/(?:changed|merge-patch|back-and-forth)`, `find/read/etag`),
		bug("since-of-change", `add/change/changed`),
		bug("upserts", `add/change/(?:missing|after-remove)`),
		bug("change-race", `add/concurrent/if-match`),
		bug("delete-race", `add/concurrent/remove`),
		bug("delete-forgets", `add/remove/(?:removed|add-again)`, `add/key/replay-after-removal`, `find/fresh/remove`),
		spoil("answers DELETE with 200", func(r *http.Request, a *answer) {
			if r.Method == http.MethodDelete && a.status == http.StatusNoContent {
				a.status = http.StatusOK
			}
		}, `add/remove/removed`, `add/create/location`),
		spoil("sends a body with 204", func(_ *http.Request, a *answer) {
			if a.status == http.StatusNoContent {
				a.body, a.surplus = []byte("gone"), true
			}
		}, `add/remove/removed`),
		spoil("deletes twice", func(r *http.Request, a *answer) {
			if r.Method == http.MethodDelete && a.status == http.StatusNotFound {
				*a = answer{status: http.StatusNoContent, header: a.header}
				a.header.Del("Content-Type")
			}
		}, `add/remove/(?:removed|missing)`, `add/concurrent/remove`),
		spoil("answers 410 for who is not there", func(r *http.Request, a *answer) {
			if r.Method == http.MethodPatch && a.status == http.StatusNotFound {
				*a = problem("user-not-found", http.StatusGone)
			}
		}, `add/change/(?:missing|after-remove)`),
	}
}

func onCreated(change func(a *answer)) func(*http.Request, *answer) {
	return func(_ *http.Request, a *answer) {
		if a.status == http.StatusCreated {
			change(a)
		}
	}
}

func keyMutants() []mutant {
	return []mutant{
		bug("ignores-key", `add/key/(?:replay|replay-after-change|replay-after-removal|other-body|bad-.*)`,
			`add/concurrent/one-key`, `add/concurrent/one-key-two-bodies`),
		bug("key-hides-body", `add/key/other-body`),
		bug("key-burnt", `add/key/not-burnt-by-(?:400|409)`),
		bug("key-burnt-by-409", `add/key/not-burnt-by-409`),
		bug("key-burnt-by-415", `add/key/not-burnt-by-415`),
		bug("key-race", `add/concurrent/one-key`, `add/concurrent/one-key-two-bodies`),
		bug("any-key", `add/key/bad-.*`),
		bug("cuts-key", `add/key/longest`),
		bug("folds-key", `add/key/case`),
		bug("replay-of-now", `add/key/replay-after-change`),
		spoil("does not mark replays", func(_ *http.Request, a *answer) { a.header.Del("Idempotent-Replayed") },
			`add/key/(?:replay|replay-after-.*)`, `add/concurrent/one-key`),
		spoil("marks everything as replayed", func(_ *http.Request, a *answer) { a.header.Set("Idempotent-Replayed", "true") },
			`add/key/(?:replay|other-key|longest|case)`, `add/concurrent/one-key`),
		spoil("replays without headers", func(_ *http.Request, a *answer) {
			if a.header.Get("Idempotent-Replayed") != "" {
				a.header.Del("Location")
				a.header.Del("Etag")
			}
		}, `add/key/(?:replay|replay-after-.*)`),
		{
			bug: "slow-key", says: "answers 500 where a key is in use",
			tamper: func(_ *http.Request, a *answer) {
				if a.header.Get("Retry-After") != "" {
					a.status = http.StatusInternalServerError
				}
			}, kills: []string{`add/concurrent/one-key`},
		},
		{
			bug: "slow-key", says: "does not say when a key will be free",
			tamper: func(_ *http.Request, a *answer) { a.header.Del("Retry-After") },
			kills:  []string{`add/concurrent/one-key`},
		},
		spoil("takes no key of 255 characters", func(r *http.Request, a *answer) {
			if len(r.Header.Get("Idempotency-Key")) > 200 {
				*a = problem("invalid-idempotency-key", 400)
			}
		}, `add/key/longest`),
	}
}

func preconditionMutants() []mutant {
	const both = `add/precondition/(?:patch|delete)-`
	return []mutant{
		bug("ignores-if-match", both+`(?:former|foreign.*|weak.*|bad-.*)`, `add/precondition/add-again`, `add/concurrent/if-match`),
		bug("precondition-first", `add/precondition/missing-first`),
		bug("any-if-match", both+`bad-.*`),
		bug("if-match-weak", both+`weak.*`),
		bug("no-star", both+`star`, `find/conditional/star`),
		bug("quoted-star", both+`foreign-quoted-star`, `find/conditional/other`),
		bug("whole-field", both+`list.*`, both+`lines`, `find/conditional/(?:list.*|lines)`),
		bug("splits-commas", both+`list-comma`, `find/conditional/list-comma`),
		bug("first-line-only", both+`lines`, `find/conditional/lines`),
		bug("substring", both+`weak.*`, `find/conditional/other`),
		spoil("answers a failed precondition with 409", func(_ *http.Request, a *answer) {
			if a.status == http.StatusPreconditionFailed {
				*a = problem("user-exists", 409)
			}
		}, both+`(?:former|foreign.*|weak.*)`, `add/precondition/add-again`, `add/concurrent/if-match`),
		spoil("refuses what was right", func(r *http.Request, a *answer) {
			if r.Header.Get("If-Match") != "" && a.status < 300 {
				*a = problem("precondition-failed", 412)
			}
		}, both+`(?:present|star|list.*|lines)`, `add/change/same-number`),
	}
}

func recordMutants() []mutant {
	edit := func(says, from, to string, kills ...string) mutant {
		return spoil(says, func(_ *http.Request, a *answer) {
			if strings.HasPrefix(string(a.body), `{"name"`) {
				a.body = []byte(strings.Replace(string(a.body), from, to, 1))
			}
		}, kills...)
	}
	const anywhere = `add/create/(?:created|since|etag)`
	return []mutant{
		edit("adds a field", `,"since"`, `,"version":1,"since"`, anywhere, `find/read/found`),
		edit("repeats a field", `,"since"`, `,"phone":9000000000,"since"`, anywhere, `find/read/found`),
		edit("leaves out a field", `"since"`, `"joined"`, anywhere, `find/read/found`),
		edit("writes an offset", `Z"}`, `+00:00"}`, anywhere, `find/read/found`),
		edit("writes nanoseconds", `Z"}`, `000Z"}`, anywhere),
		edit("writes a space for the T", `T`, ` `, anywhere),
		edit("ends with a line feed", `Z"}`, "Z\"}\n", `find/read/bytes`, `find/opaque/space`),
		edit("writes spaces", `,"phone":`, `, "phone": `, `find/read/bytes`, `find/opaque/.*`),
		spoil("writes numbers as strings", func(_ *http.Request, a *answer) {
			var phone uint64
			if i := strings.Index(string(a.body), `"phone":`); i > 0 {
				if _, err := fmt.Sscanf(string(a.body)[i:], `"phone":%d`, &phone); err == nil {
					a.body = []byte(strings.Replace(string(a.body), fmt.Sprint(phone), fmt.Sprintf(`"%d"`, phone), 1))
				}
			}
		}, anywhere, `find/read/found`),
		spoil("calls a record text", func(_ *http.Request, a *answer) {
			if a.header.Get("Content-Type") == "application/json" {
				a.header.Set("Content-Type", "text/plain")
			}
		}, `add/create/created`, `find/read/(?:found|head)`),
		spoil("has no ETag", func(_ *http.Request, a *answer) { a.header.Del("Etag") },
			`add/create/etag`, `add/change/changed`, `find/read/etag`, `find/conditional/(?:strong|weak|star|list|lines)`),
		spoil("has a weak ETag", func(_ *http.Request, a *answer) {
			if tag := a.header.Get("Etag"); tag != "" {
				a.header.Set("Etag", "W/"+tag)
			}
		}, `add/create/etag`, `add/change/(?:changed|merge-patch|back-and-forth)`, `find/read/etag`),
	}
}
