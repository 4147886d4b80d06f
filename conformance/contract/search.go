package contract

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// list asks the search slot for users. The parameters are pairs of name and value.
func list(parameters ...string) request { return listRaw(query(parameters...)) }

// listRaw asks the search slot for users with a raw query.
func listRaw(raw string) request {
	return request{side: Search, method: http.MethodGet, path: "/user?" + raw}
}

// query writes pairs of name and value as a query, everything but unreserved characters encoded.
func query(parameters ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(parameters); i += 2 {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(encode(parameters[i], upperHex, isUnreserved) + "=" + encode(parameters[i+1], upperHex, isUnreserved))
	}
	return b.String()
}

// page is one page of a list.
type page struct {
	users []record
	next  string // the cursor of the page behind it; "" on the last one
}

// parsePage reads a page. The complaint says what the contract wants instead.
func parsePage(body []byte) (p page, complaint string) {
	members, err := membersOf(body)
	if err != nil {
		return p, "a page as a JSON object (" + err.Error() + ")"
	}
	if members["users"] != 1 || members["next"] != 1 || len(members) != 2 {
		return p, "the members users and next once each, and no others"
	}
	var raw struct {
		Users []json.RawMessage `json:"users"`
		Next  *string           `json:"next"`
	}
	if err := json.Unmarshal(body, &raw); err != nil || raw.Users == nil {
		return p, "`users` as an array, also where nobody is in it, and `next` as a string or null"
	}
	if raw.Next != nil && *raw.Next == "" {
		return p, "`next` as null on the last page"
	}
	for i, each := range raw.Users {
		r, complaint := parseRecord(bytes.TrimSpace(each))
		if complaint != "" {
			return p, fmt.Sprintf("%s (at /users/%d)", complaint, i)
		}
		p.users = append(p.users, r)
	}
	if raw.Next != nil {
		p.next = *raw.Next
	}
	return p, ""
}

func (p page) names() []string {
	names := make([]string, len(p.users))
	for i, u := range p.users {
		names[i] = u.Name
	}
	return names
}

// isPage wants a page, and a Link to the next one exactly where there is one.
func isPage(r *response) string {
	if w := isStatus(http.StatusOK)(r); w != "" {
		return w
	}
	if w := hasMedia(mediaJSON)(r); w != "" {
		return w
	}
	p, complaint := parsePage(r.body)
	if complaint != "" {
		return complaint
	}
	return linksTo(p.next)(r)
}

// lists wants a page of these users, in this order.
func lists(names ...string) expectation {
	return func(r *response) string {
		p, complaint := parsePage(r.body)
		if complaint != "" {
			return complaint
		}
		if got := p.names(); !slices.Equal(got, names) {
			return fmt.Sprintf("the users %+q (they are %+q)", names, got)
		}
		return ""
	}
}

// nextLink is a link of a Link header with the relation next (RFC 8288, section 3).
var nextLink = regexp.MustCompile(`<([^<>]*)>(?:\s*;[^,<>]*)?;\s*rel="?next"?\s*(?:[;,]|$)`)

// linksTo wants a Link to the page of a cursor, or none where it is "".
func linksTo(cursor string) expectation {
	return func(r *response) string {
		found := nextLink.FindStringSubmatch(strings.Join(r.header.Values("Link"), ", "))
		switch {
		case cursor == "" && found != nil:
			return `no Link with rel="next", as this page is the last`
		case cursor == "":
			return ""
		case found == nil:
			return fmt.Sprintf(`a header Link: <…>; rel="next" (it is %q)`, r.header.Values("Link"))
		}
		path, complaint := r.resolve(found[1])
		if complaint != "" {
			return complaint
		}
		if _, raw, _ := strings.Cut(path, "?"); !hasParameter(raw, "cursor", cursor) {
			return "the cursor of `next` in the Link"
		}
		return ""
	}
}

// linksOn wants a Link to a next page, by whatever cursor: it need not be the same one each time.
func linksOn(r *response) string {
	if nextLink.MatchString(strings.Join(r.header.Values("Link"), ", ")) {
		return ""
	}
	return fmt.Sprintf(`a header Link: <…>; rel="next" (it is %q)`, r.header.Values("Link"))
}

// headOf checks HEAD of a page that has another behind it, and of the last one, whose length is the same each time.
func (c *Client) headOf(ctx context.Context, first, last request) error {
	_, err := c.send(ctx, first.asHead().onWire(), isStatus(http.StatusOK), hasMedia(mediaJSON), linksOn, hasNoBody)
	if err != nil {
		return err
	}
	got, err := c.send(ctx, last, isStatus(http.StatusOK), linksTo(""))
	if err != nil {
		return err
	}
	_, err = c.send(ctx, last.asHead().onWire(), isStatus(http.StatusOK), hasMedia(mediaJSON), hasLength(len(got.body)),
		linksTo(""), hasNoBody)
	return err
}

func hasParameter(raw, name, value string) bool {
	values, err := url.ParseQuery(raw)
	return err == nil && slices.Contains(values[name], value)
}

// resolve returns the path, below the base address, that a link in the answer leads to (RFC 3986, section 5).
func (r *response) resolve(link string) (path, complaint string) {
	reference, err := url.Parse(link)
	if err != nil {
		return "", "a URL in the Link"
	}
	raw, query, _ := strings.Cut(target(r.base, r.request.path), "?")
	from := url.URL{Scheme: r.base.Scheme, Host: r.base.Host, Path: raw, RawPath: raw, RawQuery: query}
	to := from.ResolveReference(reference)
	prefix := strings.TrimSuffix(r.base.EscapedPath(), "/")
	if to.Scheme != from.Scheme || to.Host != from.Host || to.EscapedPath() != from.EscapedPath() {
		return "", "a Link that leads to where the first page came from"
	}
	return strings.TrimPrefix(to.EscapedPath(), prefix) + "?" + to.RawQuery, ""
}

// order compares two users of a list. It is never zero for two different users.
type order func(a, b record) int

func byName(a, b record) int { return strings.Compare(a.Name, b.Name) } // of UTF-8: by code points

func byPhone(a, b record) int { return cmp.Or(cmp.Compare(a.Phone, b.Phone), byName(a, b)) }

func bySince(a, b record) int {
	first, _ := a.sinceMicros() // parseRecord has seen to it
	second, _ := b.sinceMicros()
	return cmp.Or(cmp.Compare(first, second), byName(a, b))
}

// continues wants users in strict order behind the last one, which nil says there is none of: so nobody is there twice.
func continues(by order, last *record) expectation {
	return func(r *response) string {
		p, complaint := parsePage(r.body)
		if complaint != "" {
			return complaint
		}
		for i := range p.users {
			if last != nil && by(*last, p.users[i]) >= 0 {
				return fmt.Sprintf("%+q to come before %+q, and nobody twice", p.users[i].Name, last.Name)
			}
			last = &p.users[i]
		}
		return ""
	}
}

// holdsAtMost wants a page of no more than limit users, and of at least one where there is another page.
func holdsAtMost(limit int) expectation {
	return func(r *response) string {
		p, complaint := parsePage(r.body)
		switch {
		case complaint != "":
			return complaint
		case len(p.users) > limit:
			return fmt.Sprintf("at most %d users (there are %d)", limit, len(p.users))
		case len(p.users) == 0 && p.next != "":
			return "no cursor behind a page on which nobody is"
		}
		return ""
	}
}

// mostPages is how far a walk goes.
const mostPages = 500

// walk goes through all pages of a list by their cursors, until one is the last or enough says so.
func (c *Client) walk(ctx context.Context, by order, limit int, enough func(page) bool, parameters ...string) ([]record, error) {
	var (
		all  []record
		last *record
	)
	parameters = append(slices.Clip(parameters), "limit", strconv.Itoa(limit))
	req := list(parameters...)
	for range mostPages {
		res, err := c.send(ctx, req, isPage, holdsAtMost(limit), continues(by, last))
		if err != nil {
			return all, err
		}
		p, _ := parsePage(res.body) // isPage has seen to it
		all = append(all, p.users...)
		if p.next == "" || enough(p) {
			return all, nil
		}
		last = &all[len(all)-1]
		req = list(append(slices.Clip(parameters), "cursor", p.next)...)
	}
	return all, fmt.Errorf("sent %s; after %d pages there is still another", req, mostPages)
}

// toTheEnd is a walk's enough that never has enough.
func toTheEnd(page) bool { return false }

// readList asks for a list that has to show what the last acknowledged changes have come to, within a second.
func (c *Client) readList(ctx context.Context, req request, want ...expectation) error {
	return within(ctx, c.settle, func() error {
		_, err := c.send(ctx, req, append([]expectation{isPage}, want...)...)
		return err
	})
}

// addUsers adds users with these names, in this order.
func (c *Client) addUsers(ctx context.Context, names []string) error {
	for _, name := range names {
		if _, err := c.addUser(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
