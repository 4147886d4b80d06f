package contract

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Media types of bodies.
const (
	mediaJSON       = "application/json"
	mediaMergePatch = "application/merge-patch+json"
	mediaProblem    = "application/problem+json"
)

// request is one request as a clause means it: its path goes out byte for byte.
type request struct {
	side    Slot // Add for the address that writes, any other for the one that reads
	method  string
	path    string // raw, percent-encoded where the clause wants it so
	header  http.Header
	body    *string
	chunked bool   // the body is sent without telling its length before
	raw     string // if not "", what follows the request line, instead of what is built of header and body
	wire    bool   // over a connection of its own, where every byte that comes back is seen
}

// post asks for a user to be added.
func post(body string) request {
	return request{side: Add, method: http.MethodPost, path: "/user"}.with("Content-Type", mediaJSON).carrying(body)
}

// get asks for a user.
func get(name string) request { return getPath(userPath(name)) }

// getPath asks the find slot for a raw path.
func getPath(path string) request { return request{side: Find, method: http.MethodGet, path: path} }

// getProbe asks one side for a probe.
func getProbe(side Slot, path string) request {
	return request{side: side, method: http.MethodGet, path: path}
}

// patch asks for a user to be changed.
func patch(name, body string) request { return patchPath(userPath(name), body) }

func patchPath(path, body string) request {
	return request{side: Add, method: http.MethodPatch, path: path}.with("Content-Type", mediaJSON).carrying(body)
}

// remove asks for a user to be removed.
func remove(name string) request { return removePath(userPath(name)) }

func removePath(path string) request {
	return request{side: Add, method: http.MethodDelete, path: path}
}

// with returns the request with one more header line.
func (r request) with(key, value string) request {
	r.header = r.header.Clone()
	if r.header == nil {
		r.header = make(http.Header)
	}
	r.header.Add(key, value)
	return r
}

// without returns the request without a header.
func (r request) without(key string) request {
	r.header = r.header.Clone()
	r.header.Del(key)
	return r
}

// as returns the request with another media type.
func (r request) as(mediaType string) request {
	return r.without("Content-Type").with("Content-Type", mediaType)
}

func (r request) carrying(body string) request {
	r.body = &body
	return r
}

// asHead returns the request as HEAD.
func (r request) asHead() request {
	r.method = http.MethodHead
	return r
}

// onWire returns the request to be sent over a connection of its own.
func (r request) onWire() request {
	r.wire = true
	return r
}

// spelled returns the request with these bytes behind its request line.
func (r request) spelled(raw string) request {
	r.raw = raw
	return r.onWire()
}

// String tells the request in one line, for a person.
func (r request) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.method, shorten(r.path))
	keys := make([]string, 0, len(r.header))
	for key := range r.header {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		for _, value := range r.header[key] {
			fmt.Fprintf(&b, " [%s: %s]", key, quote(value))
		}
	}
	if r.raw != "" {
		fmt.Fprintf(&b, " followed by %s", quote(r.raw))
	}
	if r.body != nil {
		fmt.Fprintf(&b, " with the body %s", quote(*r.body))
		if r.chunked {
			b.WriteString(" (chunked)")
		}
	}
	return b.String()
}

// draft returns the body that adds a user.
func draft(name string, phone uint64) string {
	return fmt.Sprintf(`{"name":%s,"phone":%d}`, jsonString(name), phone)
}

// change returns the body that changes a user's phone number.
func change(phone uint64) string { return fmt.Sprintf(`{"phone":%d}`, phone) }

// quotedBytes is how much of a text is shown.
const quotedBytes = 240

// shorten shows the beginning of a long text.
func shorten(s string) string {
	if len(s) > quotedBytes {
		return fmt.Sprintf("%s… (%d bytes)", s[:quotedBytes], len(s))
	}
	return s
}

// quote shows bytes in one line: as they are if all of them are printable ASCII, else escaped; and shortened.
func quote(s string) string {
	tail := ""
	if len(s) > quotedBytes {
		s, tail = s[:quotedBytes], fmt.Sprintf("… (%d bytes)", len(s))
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			s = strings.Trim(strconv.QuoteToASCII(s), `"`)
			break
		}
	}
	return "‹" + s + "›" + tail
}
