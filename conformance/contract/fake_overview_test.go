package contract_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// overview puts together what the fake's own find and journal say.
func (f *fake) overview(r *http.Request, segment string) answer {
	return f.byMethod(r, map[string]func() answer{"GET": func() answer {
		user := f.user(&http.Request{Method: http.MethodGet, Header: r.Header}, segment)
		if user.status != http.StatusOK && !f.has("overview-without-user") {
			return user
		}
		var name string
		if f.has("overview-reads-query") {
			name, _ = url.QueryUnescape(segment) // as if the segment stood in the query as it is
		} else {
			name, _ = url.PathUnescape(segment)
		}
		h := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}}
		if f.has("overview-tagged") {
			h.Set("ETag", user.header.Get("ETag"))
		}
		return answer{status: http.StatusOK, header: h, body: f.overviewBody(user.body, f.activity(name))}
	}})
}

func (f *fake) activity(name string) []byte {
	events, _ := f.entries()
	events = slices.DeleteFunc(events, func(e fakeEvent) bool { return e.user.name != name && !f.has("overview-of-all") })
	if !f.has("overview-oldest-first") {
		slices.Reverse(events)
	}
	if !f.has("overview-unbounded") && len(events) > 20 {
		events = events[:20]
	}
	return f.journalPage(fakeJournal{}, events, "").body
}

func (f *fake) overviewBody(user, activity []byte) []byte {
	switch {
	case f.has("overview-without-user") && len(user) > 0 && user[0] == '{' && string(user[:7]) != `{"name"`:
		user = []byte("null")
	case f.has("overview-unordered"):
		return fmt.Appendf(nil, `{"activity":%s,"user":%s,"parts":{"user":{"status":200},"activity":{"status":200}}}`, activity, user)
	case f.has("overview-without-parts"):
		return fmt.Appendf(nil, `{"user":%s,"activity":%s,"parts":{}}`, user, activity)
	case f.has("overview-loses-activity"):
		return fmt.Appendf(nil, `{"user":%s,"activity":null,"parts":{"user":{"status":200},"activity":{"status":504}}}`, user)
	}
	return fmt.Appendf(nil, `{"user":%s,"activity":%s,"parts":{"user":{"status":200},"activity":{"status":200}}}`, user, activity)
}

func overviewMutants() []mutant {
	return []mutant{
		bug("overview-without-user", `all/overview/(?:missing|bad-name|head)`),
		bug("overview-reads-query", `all/overview/opaque`),
		bug("overview-tagged", `all/overview/found`),
		bug("overview-of-all", `all/overview/opaque`),
		bug("overview-oldest-first", `all/overview/(?:found|latest)`),
		bug("overview-unbounded", `all/overview/latest`),
		bug("overview-unordered", `all/overview/found`),
		bug("overview-without-parts", `all/overview/found`),
		bug("overview-loses-activity", `all/overview/(?:found|latest|head)`),
		spoil("has no overview", func(r *http.Request, a *answer) {
			if len(r.RequestURI) > 9 && r.RequestURI[len(r.RequestURI)-9:] == "/overview" {
				*a = problem("route-not-found", http.StatusNotFound)
			}
		}, `all/overview/.*`),
		spoil("has another length of an overview for HEAD", func(r *http.Request, a *answer) {
			if r.Method == http.MethodHead {
				a.header.Set("Content-Length", "0")
			}
		}, `all/overview/head`),
	}
}
