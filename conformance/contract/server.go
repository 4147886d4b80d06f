package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// probeClauses are about the probes, which gateway and services answer alike.
func probeClauses(slot Slot) []Clause {
	probe := func(path, says string) Clause {
		return Clause{ID: idOf(slot, "probe", path[1:]), Says: says, Run: func(ctx context.Context, c *Client) error {
			if _, err := c.send(ctx, getProbe(slot, path), isHealthy, saysOK); err != nil {
				return err
			}
			_, err := c.send(ctx, getProbe(slot, path).asHead().onWire(), isHealthy, hasNoBody)
			return err
		}}
	}
	return []Clause{
		probe("/livez", "/livez answers 200 while the process lives"),
		probe("/readyz", "/readyz answers 200 while it wants requests"),
	}
}

// isHealthy wants a probe's 200, which is true of this moment alone. Any other status is all there is to tell of it.
func isHealthy(r *response) string {
	if want := isStatus(http.StatusOK)(r); want != "" {
		return want
	}
	if want := hasMedia(mediaJSON)(r); want != "" {
		return want
	}
	if want := hasHeader("Cache-Control", "no-store")(r); want != "" {
		return "the 200 of a probe to have " + want
	}
	return ""
}

// saysOK wants a probe's body where it has a 200.
func saysOK(r *response) string {
	var members map[string]any
	if r.status != http.StatusOK || json.Unmarshal(r.body, &members) == nil && len(members) == 1 && members["status"] == "ok" {
		return ""
	}
	return `the body {"status":"ok"}`
}

// unknownMethod is a method that nobody has heard of. Many HTTP libraries know the registered ones alone, and refuse others
// before any program of theirs sees them. That is no fault of a filling, as the gateway sends it none but its route's; of the
// gateway it would be one.
const unknownMethod = "CONFORM"

// methodClauses are about methods that a path does not take.
func methodClauses(slot Slot) []Clause {
	row := func(id, method, path string, allowed ...string) Clause {
		c := Clause{ID: idOf(slot, "method", id), Says: method + " answers 405 with an Allow that lists what the path takes"}
		req := request{side: slot, method: method, path: path}
		want := []expectation{isProblem(methodNotAllowed), allows(allowed...)}
		c.Run = func(ctx context.Context, c *Client) error {
			_, err := c.send(ctx, req, want...)
			return err
		}
		if method == unknownMethod {
			c.Says += "; a service that fills the slot itself may answer 400 or 501, as one to which that is not HTTP"
			c.Run = func(ctx context.Context, c *Client) error { return refusesUnknown(ctx, c, req, allowed, want) }
		}
		return c
	}
	user := userPath(newName())
	switch slot {
	case Find:
		return []Clause{
			row("put-user", "PUT", user, "GET", "HEAD"),
			row("post-user", "POST", user, "GET", "HEAD"),
			row("unknown-user", unknownMethod, user, "GET", "HEAD"),
		}
	case Search:
		return []Clause{
			row("put-users", "PUT", "/user", "GET", "HEAD"),
			row("unknown-users", unknownMethod, "/user?limit=1", "GET", "HEAD"),
		}
	case Journal:
		return []Clause{
			row("post-journal", "POST", "/journal", "GET", "HEAD"),
			row("delete-event", "DELETE", "/journal/01890a5d-ac96-774b-bcce-b302099a8057", "GET", "HEAD"),
			row("post-stream", "POST", "/journal/stream", "GET", "HEAD"),
		}
	case Add, All:
	}
	return []Clause{
		row("put-user", "PUT", user, "PATCH", "DELETE"),
		row("post-user", "POST", user, "PATCH", "DELETE"),
		row("unknown-user", unknownMethod, user, "PATCH", "DELETE"),
		row("put-users", "PUT", "/user", "POST"),
		row("patch-users", "PATCH", "/user", "POST"),
		row("delete-users", "DELETE", "/user", "POST"),
	}
}

// refusesUnknown is as strict as for every other method where more than one slot answers, which is the gateway. It tells that
// by the Allow of a method that no path takes.
func refusesUnknown(ctx context.Context, c *Client, req request, allowed []string, want []expectation) error {
	known := req
	known.method = http.MethodPut
	res, err := c.send(ctx, known, want...)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc([]string{"GET", "POST", "PATCH", "DELETE"}, func(method string) bool {
		return slices.Contains(allowed, method) || allows(method)(res) != ""
	})
	if len(others) == 0 {
		want = []expectation{either(want, []expectation{isStatus(http.StatusBadRequest)}, []expectation{isStatus(http.StatusNotImplemented)})}
	}
	_, err = c.send(ctx, req, want...)
	return err
}

// problemClauses are about the form of errors where no other clause is. Every clause that meets an error checks its
// headers, its members and its request id.
func problemClauses(slot Slot) []Clause {
	return []Clause{
		{
			ID: idOf(slot, "problem", "no-route"), Says: "a path that does not exist answers 404 route-not-found",
			Run: func(ctx context.Context, c *Client) error {
				for _, path := range []string{"/conformance-" + random(8), "/user/a/b/c", "/users"} {
					if _, err := c.send(ctx, getProbe(slot, path), isProblem(routeNotFound)); err != nil {
						return err
					}
				}
				return nil
			},
		},
		{
			ID: idOf(slot, "problem", "head"), Says: "HEAD of what is not there answers as GET does, without a body",
			Run: func(ctx context.Context, c *Client) error {
				req := getProbe(slot, "/conformance-"+random(8)).asHead().onWire()
				_, err := c.send(ctx, req, isHeadOfProblem(http.StatusNotFound), hasNoBody)
				return err
			},
		},
		{
			ID: idOf(slot, "problem", "request-id"), Says: "every answer carries an X-Request-Id of its own",
			Run: func(ctx context.Context, c *Client) error { return requestIDs(ctx, c, slot) },
		},
	}
}

// requestIDs asks nothing of an answer but its id, so that a filling keeps this clause before it can do anything.
func requestIDs(ctx context.Context, c *Client, slot Slot) error {
	u := user{name: newName(), phone: newPhone()}
	if slot != Add && slot != All {
		var err error
		if u, err = c.addUser(ctx, u.name); err != nil {
			return err
		}
	}
	var requests []request
	switch slot {
	case Add, All:
		requests = []request{
			post(draft(u.name, u.phone)), post(draft(u.name, u.phone)), patch(u.name, change(u.phone)), patch(u.name, `{}`),
			patch(newName(), change(u.phone)), remove(u.name),
		}
	case Find:
		requests = []request{
			get(u.name), get(u.name), get(newName()), get("x"), get(u.name).asHead(), get(u.name).with("If-None-Match", u.etag),
		}
	case Search:
		requests = []request{
			list("name", u.name), list("name", u.name), list("name", newName()), list("limit", "0"), list("name", u.name).asHead(),
		}
	case Journal:
		requests = []request{
			journal("user", u.name), journal("user", u.name), journal("limit", "0"), journalEvent("0"), journal("user", u.name).asHead(),
		}
	}
	seen := make(map[string]request)
	for _, req := range requests {
		if _, err := c.send(ctx, req, func(r *response) string {
			id := r.header.Get("X-Request-Id")
			if id == "" {
				return "the header X-Request-Id"
			}
			if former, again := seen[id]; again {
				return fmt.Sprintf("another X-Request-Id than %q, which %s was given", id, former)
			}
			seen[id] = req
			return ""
		}); err != nil {
			return err
		}
	}
	return nil
}

// wholeClauses are promises that only several slots behind one gateway can keep.
func wholeClauses() []Clause {
	row := func(id, path string, allowed ...string) Clause {
		return Clause{
			ID: "all/allow/" + id, Says: "405 lists the methods of every slot that serves the path",
			Run: func(ctx context.Context, c *Client) error {
				req := request{side: Find, method: http.MethodPut, path: path}
				_, err := c.send(ctx, req, isProblem(methodNotAllowed), allows(allowed...))
				return err
			},
		}
	}
	return slices.Concat([]Clause{
		row("user", userPath(newName()), "GET", "HEAD", "PATCH", "DELETE"),
		row("users", "/user", "GET", "HEAD", "POST"),
		{
			ID: "all/internal/deadline", Says: "headers that gateway and services speak by are not taken from a client",
			Run: internalHeaders,
		},
	}, overviewClauses(), refusedClauses())
}

// internalHeaders sends what would end a request at once if a service believed it.
func internalHeaders(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	for _, left := range []string{"0", "-1", "1", "none"} {
		for _, req := range []request{get(u.name), patch(u.name, change(u.phone))} {
			if _, err := c.read(ctx, req.with("Ums-Deadline-Ms", left), isStatus(http.StatusOK), isRecord(u.name, u.phone)); err != nil {
				return err
			}
		}
	}
	return nil
}

// refusedClauses are about what is not HTTP. It is for the gateway to refuse, and most servers do so by themselves, in
// another form than that of every other error.
func refusedClauses() []Clause {
	row := func(id, says, raw string, status int) Clause {
		return Clause{
			ID: "all/refused/" + id, Says: fmt.Sprintf("%s is refused with %d as a problem", says, status),
			Run: func(ctx context.Context, c *Client) error {
				_, err := c.send(ctx, getPath(userPath(newName())).spelled(raw), isAnyProblem(status))
				return err
			},
		}
	}
	return []Clause{
		row("no-host", "a request without Host", "Accept: */*\r\n\r\n", http.StatusBadRequest),
		row("two-hosts", "a request with two Hosts", "Host: HOST\r\nHost: other\r\n\r\n", http.StatusBadRequest),
		row("header-line", "a header line without a colon", "Host: HOST\r\nconformance\r\n\r\n", http.StatusBadRequest),
		row("header-name", "a header name with a space", "Host: HOST\r\nX Y: 1\r\n\r\n", http.StatusBadRequest),
		row("two-lengths", "a request with two lengths", "Host: HOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
			http.StatusBadRequest),
		row("bad-length", "a request with a length that is no number", "Host: HOST\r\nContent-Length: +1\r\n\r\nx", http.StatusBadRequest),
		row("huge-header", "a header of 2 MiB", "Host: HOST\r\nX-Huge: "+strings.Repeat("x", 2<<20)+"\r\n\r\n",
			http.StatusRequestHeaderFieldsTooLarge),
	}
}
