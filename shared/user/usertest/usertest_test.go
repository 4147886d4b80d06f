package usertest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
)

// answer returns what a handler that writes p sends.
func answer(p problem.Problem) (status int, header http.Header, body []byte) {
	w := httptest.NewRecorder()
	problem.Write(w, httptest.NewRequest(http.MethodPost, "/user", nil), p)
	return w.Code, w.Header(), w.Body.Bytes()
}

func TestCheck(t *testing.T) {
	t.Parallel()
	c := usertest.Case{
		Status: http.StatusBadRequest, Problem: problem.Validation,
		Errors: []usertest.Error{{Pointer: "#/name", Code: user.CodeTooShort}},
	}
	right := problem.FieldError{Pointer: "#/name", Code: user.CodeTooShort, Detail: "any words"}
	for name, tc := range map[string]struct {
		p    problem.Problem
		good bool
	}{
		"right":           {p: problem.New(problem.Validation, "", right), good: true},
		"another status":  {p: problem.New(problem.UserExists, "", right)},
		"another type":    {p: problem.New(problem.MalformedJSON, "", right)},
		"no errors":       {p: problem.New(problem.Validation, "")},
		"an error more":   {p: problem.New(problem.Validation, "", right, right)},
		"another code":    {p: problem.New(problem.Validation, "", problem.FieldError{Pointer: "#/name", Code: user.CodeTooLong})},
		"another pointer": {p: problem.New(problem.Validation, "", problem.FieldError{Pointer: "/name", Code: user.CodeTooShort})},
	} {
		if err := c.Check(answer(tc.p)); (err == nil) != tc.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	status, header, body := answer(problem.New(problem.Validation, "", right))
	header.Set("Content-Type", "application/json")
	if c.Check(status, header, body) == nil {
		t.Error("another media type passes")
	}
	header.Set("Content-Type", problem.ContentType)
	if c.Check(status, header, body[1:]) == nil {
		t.Error("a body that is not JSON passes")
	}
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	n := usertest.BadName{Raw: "Krishna", Code: user.CodeTooShort}
	for code, good := range map[string]bool{user.CodeTooShort: true, user.CodeTooLong: false} {
		p := problem.New(problem.InvalidName, "", problem.FieldError{Code: code})
		if err := n.Check(answer(p)); (err == nil) != good {
			t.Errorf("%s: %v", code, err)
		}
	}
	if n.Check(answer(problem.New(problem.UserNotFound, ""))) == nil {
		t.Error("another problem passes")
	}
}

// TestTables holds what tests take for granted of the tables.
func TestTables(t *testing.T) {
	t.Parallel()
	for what, cases := range map[string][]usertest.Case{"draft": usertest.BadDrafts(), "change": usertest.BadChanges()} {
		seen := map[string]bool{}
		for _, c := range cases {
			if seen[c.Name] {
				t.Errorf("%s: there are two cases %q", what, c.Name)
			}
			seen[c.Name] = true
			if c.Status != c.Problem.Status() {
				t.Errorf("%s %s: status %d, but that of %s is %d", what, c.Name, c.Status, c.Problem, c.Problem.Status())
			}
			if size := len(c.Body); size > usertest.MaxBody && !c.HTTPOnly {
				t.Errorf("%s %s: %d bytes would not be decoded at all", what, c.Name, size)
			}
			r, err := c.NewRequest(t.Context(), http.MethodPost, "http://localhost/user")
			if err != nil {
				t.Fatal(err)
			}
			if body, _ := io.ReadAll(r.Body); string(body) != string(c.Body) || r.Header.Get("Content-Type") != c.ContentType {
				t.Errorf("%s %s: the request does not send the case", what, c.Name)
			}
		}
	}
	for _, g := range append(usertest.GoodDrafts(), usertest.GoodChanges()...) {
		if len(g.Body) > usertest.MaxBody || g.ContentType == "" || g.WantName == "" || g.WantPhone == 0 {
			t.Errorf("%s: %d bytes of %q for %q, %d", g.Name, len(g.Body), g.ContentType, g.WantName, g.WantPhone)
		}
	}
	for _, n := range usertest.GoodNames() {
		for raw, segment := range map[string]string{n.Raw: n.Segment(), n.Want: n.WantSegment()} {
			if got, err := url.PathUnescape(segment); err != nil || got != raw {
				t.Errorf("%s: the segment %s means %q, %v", n.Name, segment, got, err)
			}
		}
	}
	for _, n := range usertest.BadNames() {
		if got, err := url.PathUnescape(n.Segment()); err != nil || got != n.Raw {
			t.Errorf("%s: the segment %s means %q, %v", n.Name, n.Segment(), got, err)
		}
	}
}
