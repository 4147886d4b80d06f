package search_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/user"
)

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
}

// send makes a request and returns the answer to it.
func (s *service) send(tb testing.TB, method, target string) answer {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, s.url+target, nil)
	if err != nil {
		tb.Fatal(err)
	}
	response, err := s.transport.RoundTrip(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}

// get asks for a list. The query's parameters are pairs of name and value.
func (s *service) get(tb testing.TB, parameters ...string) answer {
	tb.Helper()
	return s.send(tb, http.MethodGet, "/user?"+encode(parameters...))
}

func encode(parameters ...string) string {
	values := url.Values{}
	for pair := range slices.Chunk(parameters, 2) {
		values.Add(pair[0], pair[1])
	}
	return values.Encode()
}

// page is the body of an answer.
type page struct {
	Users []user.UserRecord `json:"users"`
	Next  *string           `json:"next"`
}

// page reads the answer as a page of users, strictly.
func (a answer) page(tb testing.TB) page {
	tb.Helper()
	if a.status != http.StatusOK {
		tb.Fatalf("status = %d, want 200: %s", a.status, a.body)
	}
	if media := a.header.Get("Content-Type"); media != "application/json" {
		tb.Errorf("Content-Type = %q", media)
	}
	var p page
	decoder := json.NewDecoder(strings.NewReader(a.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil || p.Users == nil {
		tb.Fatalf("the page cannot be read (%v): %s", err, a.body)
	}
	return p
}

// names of a page's users, in order.
func (p page) names() []string {
	names := make([]string, len(p.Users))
	for i, u := range p.Users {
		names[i] = u.Name
	}
	return names
}

// list goes through all pages of a list and returns its users.
func (s *service) list(tb testing.TB, parameters ...string) []user.UserRecord {
	tb.Helper()
	var users []user.UserRecord
	for cursor := ""; ; {
		query := parameters
		if cursor != "" {
			query = append(slices.Clip(parameters), "cursor", cursor)
		}
		got := s.get(tb, query...).page(tb)
		users = append(users, got.Users...)
		if got.Next == nil {
			return users
		}
		if *got.Next == cursor {
			tb.Fatalf("the cursor does not move: %s", cursor)
		}
		cursor = *got.Next
	}
}

// wantProblem fails tb unless the answer is this problem, complete and discreet. It returns what is wrong with which
// parameter, as in "#/limit too-large".
func (a answer) wantProblem(tb testing.TB, want problem.Type) []string {
	tb.Helper()
	got := servicetest.WantProblem(tb, a.status, a.header, a.body, want, phonePrefix)
	if got.Instance != "/user" {
		tb.Errorf("the problem's instance is %q, want /user", got.Instance)
	}
	faults := make([]string, len(got.Errors))
	for i, e := range got.Errors {
		faults[i] = e.Pointer + " " + e.Code
	}
	return faults
}
