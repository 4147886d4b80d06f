// Package document serves a document that does not change while it is served: an API's description, a page.
package document

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"strconv"

	"github.com/glarimy/ums/shared/etag"
	"github.com/glarimy/ums/shared/problem"
)

// Document is an [http.Handler] that answers GET and HEAD with one document, and the methods beside them with 405. It is
// safe for concurrent use.
type Document struct {
	mediaType string
	body      []byte
	tag       string
	header    http.Header // beside those that every document has
}

// New returns a handler for body, which must not change afterwards. Its entity tag is made of the body alone, so that it
// is the same in every replica. Answers that are the document, or say that it is the same, also have the headers given,
// whose names are canonical.
func New(mediaType string, body []byte, headers ...http.Header) *Document {
	const enough = 16 // bytes of SHA-256; nobody gains anything by a collision
	sum := sha256.Sum256(body)
	d := &Document{mediaType: mediaType, body: body, tag: `"` + hex.EncodeToString(sum[:enough]) + `"`, header: http.Header{}}
	for _, more := range headers {
		maps.Copy(d.header, more)
	}
	return d
}

// ServeHTTP implements [http.Handler].
func (d *Document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		problem.Write(w, r, problem.New(problem.MethodNotAllowed, "This path takes GET, HEAD."))
		return
	}
	var has etag.List
	if lines := r.Header.Values("If-None-Match"); len(lines) > 0 {
		var err error
		if has, err = etag.Parse(lines); err != nil {
			problem.Write(w, r, problem.New(problem.InvalidPrecondition, "If-None-Match: "+err.Error()+"."))
			return
		}
	}
	header := w.Header()
	maps.Copy(header, d.header)
	header.Set("Etag", d.tag)
	header.Set("Cache-Control", "no-cache") // kept by clients, but asked for again
	header.Set("X-Content-Type-Options", "nosniff")
	if has.MatchWeak(d.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", d.mediaType)
	header.Set("Content-Length", strconv.Itoa(len(d.body)))
	_, _ = w.Write(d.body) // a client that went away cannot be told anything more
}

// Path is where a service tells its OpenAPI document, on its own address.
const Path = "/openapi.yaml"

// Describe lets next answer everything but the request for the service's OpenAPI document, which needs nothing else of
// the service.
func Describe(openapi string, next http.Handler) http.Handler {
	d := New("application/yaml", []byte(openapi))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == Path {
			d.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
