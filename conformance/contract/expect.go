package contract

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// response is one answer, read to its end.
type response struct {
	request request
	base    *url.URL
	status  int
	header  http.Header
	body    []byte
	surplus []byte // what followed the answer on the wire, if that was looked at
}

// String tells the answer in one line, for a person.
func (r *response) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", r.status)
	if text := http.StatusText(r.status); text != "" {
		b.WriteString(" " + text)
	}
	if r.header.Get("Content-Type") != "" {
		fmt.Fprintf(&b, " [Content-Type: %s]", r.header.Get("Content-Type"))
	}
	for _, key := range []string{"ETag", "Location", "Allow", "Link", "Idempotent-Replayed"} {
		for _, value := range r.header.Values(key) {
			fmt.Fprintf(&b, " [%s: %s]", key, quote(value))
		}
	}
	if len(r.body) > 0 {
		fmt.Fprintf(&b, " with the body %s", quote(string(r.body)))
	}
	if len(r.surplus) > 0 {
		fmt.Fprintf(&b, " and after its end %s", quote(string(r.surplus)))
	}
	return b.String()
}

// expectation looks at one side of an answer. It returns "" if that is as the contract wants it, and otherwise what
// the contract wants, in words that follow "the contract wants".
type expectation func(*response) string

// failure is a promise that was not kept.
type failure struct {
	sent, got string
	want      []string
	unfilled  bool
}

func (f *failure) Error() string {
	if f.unfilled {
		return fmt.Sprintf("nothing fills this slot: %s is answered 501 not-implemented", f.sent)
	}
	return fmt.Sprintf("sent %s; got %s; the contract wants %s", f.sent, f.got, strings.Join(f.want, ", and "))
}

// check returns a *failure if one of the expectations is not met.
func (r *response) check(want ...expectation) error {
	var wants []string
	for _, e := range want {
		if w := e(r); w != "" {
			wants = append(wants, w)
		}
	}
	if len(wants) == 0 {
		return nil
	}
	return &failure{sent: r.request.String(), got: r.String(), want: wants, unfilled: isUnfilled(r)}
}

// isUnfilled reports whether the answer says that there is no service behind the path.
func isUnfilled(r *response) bool {
	return r.status == http.StatusNotImplemented && isProblem(notImplemented)(r) == ""
}

func isStatus(status int) expectation {
	return func(r *response) string {
		if r.status == status {
			return ""
		}
		return fmt.Sprintf("the status %d %s", status, http.StatusText(status))
	}
}

// isNoRedirect is met by every answer that does not send the client elsewhere.
func isNoRedirect(r *response) string {
	if r.status < 300 || r.status > 399 || r.status == http.StatusNotModified {
		return ""
	}
	return "no redirect: a path is taken as it was sent"
}

// either is met where all of one list's expectations are.
func either(lists ...[]expectation) expectation {
	return func(r *response) string {
		var wants []string
		for _, list := range lists {
			err := r.check(list...)
			if err == nil {
				return ""
			}
			wants = append(wants, strings.Join(err.(*failure).want, " and ")) //nolint:errorlint,forcetypeassert // check's only type
		}
		return "either " + strings.Join(wants, ", or ")
	}
}

// hasHeader wants a header exactly once, with this value.
func hasHeader(key, value string) expectation {
	return func(r *response) string {
		if got := r.header.Values(key); len(got) == 1 && got[0] == value {
			return ""
		}
		if len(r.header.Values(key)) == 0 {
			return fmt.Sprintf("the header %s: %s (there is none)", key, value)
		}
		return fmt.Sprintf("the header %s: %s (it is %q)", key, value, r.header.Values(key))
	}
}

func hasNoHeader(key string) expectation {
	return func(r *response) string {
		if got := r.header.Values(key); len(got) > 0 {
			return fmt.Sprintf("no header %s (it is %q)", key, got)
		}
		return ""
	}
}

// hasMedia wants a media type; parameters are let pass.
func hasMedia(media string) expectation {
	return func(r *response) string {
		got, _, err := mime.ParseMediaType(r.header.Get("Content-Type"))
		if err == nil && got == media {
			return ""
		}
		return "the header Content-Type: " + media
	}
}

// hasNoBody wants nothing after the header. It only sees everything if the request went out over the wire.
func hasNoBody(r *response) string {
	if len(r.body)+len(r.surplus) == 0 {
		return ""
	}
	return "no byte of a body"
}

// hasLength wants the Content-Length of n bytes.
func hasLength(n int) expectation { return hasHeader("Content-Length", strconv.Itoa(n)) }

// allows wants an Allow header with all of the methods, and without the one that was refused.
func allows(methods ...string) expectation {
	return func(r *response) string {
		var listed []string
		for _, line := range r.header.Values("Allow") {
			for method := range strings.SplitSeq(line, ",") {
				listed = append(listed, strings.TrimSpace(method))
			}
		}
		for _, method := range methods {
			if !slices.Contains(listed, method) {
				return fmt.Sprintf("the header Allow with %s in it (it is %q)", method, r.header.Values("Allow"))
			}
		}
		if slices.Contains(listed, r.request.method) {
			return "the header Allow without " + r.request.method + ", which was refused"
		}
		return ""
	}
}
