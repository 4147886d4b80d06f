package userhttp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gorilla/mux"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
	"github.com/glarimy/ums/shared/userhttp"
)

// nameOf returns what a handler reads of a request to the path of a user.
func nameOf(t *testing.T, segment string) (name user.Name, err error) {
	t.Helper()
	router := userhttp.NewRouter()
	reached := false
	router.HandleFunc("/user/{name}", func(_ http.ResponseWriter, r *http.Request) {
		reached = true
		name, err = userhttp.Name(r)
	})
	router.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/user/"+segment, nil))
	if !reached {
		t.Fatalf("the route does not take the segment %s", segment)
	}
	return name, err
}

func TestName(t *testing.T) {
	t.Parallel()
	for _, n := range usertest.GoodNames() {
		for _, segment := range []string{n.Segment(), n.WantSegment(), everyByte(n.Raw)} {
			got, err := nameOf(t, segment)
			if err != nil || got.String() != n.Want {
				t.Errorf("%s as %s: %q, %v, want %q", n.Name, segment, got, err, n.Want)
			}
		}
		name, err := user.NewName(n.Want)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := userhttp.Path(name), "/user/"+n.WantSegment(); got != want {
			t.Errorf("%s: path %s, want %s", n.Name, got, want)
		}
	}
	for _, n := range usertest.BadNames() {
		_, err := nameOf(t, n.Segment())
		if refused, ok := errors.AsType[*userhttp.NameError](err); !ok || refused.Reason.Code != n.Code {
			t.Errorf("%s: error = %v, want a NameError with the code %s", n.Name, err, n.Code)
		}
	}
}

// TestNameOfABadEscape has what net/http itself refuses come from another server.
func TestNameOfABadEscape(t *testing.T) {
	t.Parallel()
	r := mux.SetURLVars(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), map[string]string{"name": "Krishna%zz"})
	_, err := userhttp.Name(r)
	if refused, ok := errors.AsType[*userhttp.NameError](err); !ok || refused.Reason.Code != user.CodeEncoding {
		t.Errorf("error = %v, want a NameError with the code %s", err, user.CodeEncoding)
	}
}

// everyByte percent-encodes all of s, as a client may.
func everyByte(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[i])
	}
	return b.String()
}

func FuzzPath(f *testing.F) {
	f.Add("KrishnaMohan")
	f.Add("../../livez")
	f.Add("100% Krishna")
	f.Fuzz(func(t *testing.T, text string) {
		name, err := user.NewName(text)
		if err != nil {
			return
		}
		got, err := nameOf(t, strings.TrimPrefix(userhttp.Path(name), "/user/"))
		if err != nil || got != name {
			t.Errorf("the path %s leads to %q, %v, want %q", userhttp.Path(name), got, err, name)
		}
	})
}

func TestBody(t *testing.T) {
	t.Parallel()
	const (
		json  = "application/json"
		patch = "application/merge-patch+json"
	)
	full := strings.Repeat("x", userhttp.MaxBody)
	for _, tc := range []struct {
		name, contentType string
		body              io.Reader
		want              error
	}{
		{"none", json, strings.NewReader(""), nil},
		{"plain", json, strings.NewReader("{}"), nil},
		{"as the second of the types", patch, strings.NewReader("{}"), nil},
		{"with parameters", `Application/JSON; Charset="UTF-8"; v=1`, strings.NewReader("{}"), nil},
		{"full", json, strings.NewReader(full), nil},
		{"a byte more", json, strings.NewReader(full + "x"), userhttp.ErrTooLarge},
		{"a byte more, in pieces", json, iotest.HalfReader(strings.NewReader(full + "x")), userhttp.ErrTooLarge},
		{"cut", json, io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrUnexpectedEOF)), userhttp.ErrIncomplete},
		{"no type", "", strings.NewReader("{}"), userhttp.ErrMediaType},
		{"no type that can be read", "a/b/c", strings.NewReader("{}"), userhttp.ErrMediaType},
		{"another type", "text/json", strings.NewReader("{}"), userhttp.ErrMediaType},
		{"another charset", json + "; charset=latin1", strings.NewReader("{}"), userhttp.ErrMediaType},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/user", tc.body)
			r.Header.Set("Content-Type", tc.contentType)
			var sent bytes.Buffer
			r.Body = io.NopCloser(io.TeeReader(r.Body, &sent))
			got, err := userhttp.Body(httptest.NewRecorder(), r, json, patch)
			if !errors.Is(err, tc.want) {
				t.Errorf("error = %v, want %v", err, tc.want)
			}
			if want := sent.String(); err == nil && string(got) != want || err != nil && got != nil {
				t.Errorf("body = %.40q, want %.40q", got, want)
			}
		})
	}
}
