package exchange

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Respond has an http.Handler answer. It is for small answers of the gateway's own: they are gathered, and sent in one
// piece. The fields of Fresh are part of the answer; the handler sees them, and may change them.
func (x *Exchange) Respond(h http.Handler) {
	w := &writer{header: make(http.Header)}
	for _, f := range x.Fresh {
		w.header.Add(f.Name, f.Value)
	}
	x.Fresh = x.Fresh[:0]
	h.ServeHTTP(w, x.httpRequest())
	w.send(x)
}

// httpRequest is the request as net/http tells it, without the body, which no handler of the gateway's own reads.
func (x *Exchange) httpRequest() *http.Request {
	u, err := url.ParseRequestURI(x.Target)
	if err != nil {
		path, query, _ := strings.Cut(x.Target, "?")
		u = &url.URL{Path: path, RawQuery: query}
	}
	r := &http.Request{
		Method: x.Method, URL: u, RequestURI: x.Target, Host: x.Host, RemoteAddr: x.RemoteAddr,
		Proto: "HTTP/1.1", ProtoMajor: x.Major, ProtoMinor: x.Minor, Header: make(http.Header, len(x.Fields)), Body: http.NoBody,
	}
	for _, f := range x.Fields {
		r.Header.Add(f.Name, f.Value)
	}
	return r.WithContext(x.Client.Context())
}

// writer gathers an answer.
type writer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
}

func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *writer) send(x *Exchange) {
	w.WriteHeader(http.StatusOK)
	names := make([]string, 0, len(w.header))
	for name := range w.header {
		names = append(names, name)
	}
	slices.Sort(names)
	length := int64(w.body.Len())
	for _, name := range names {
		switch name {
		case "Content-Length":
			if x.Method == http.MethodHead {
				length = parseLength(w.header.Get(name), length)
			}
		case "Transfer-Encoding":
		case "Connection":
			if slices.Contains(w.header[name], "close") {
				x.Client.CloseAfter()
			}
		default:
			for _, value := range w.header[name] {
				x.Fresh = append(x.Fresh, Field{Name: name, Value: value})
			}
		}
	}
	if x.Begin(w.status, x.Fresh, length) != nil {
		return
	}
	if x.Method != http.MethodHead && w.status != http.StatusNoContent && w.status != http.StatusNotModified {
		if _, err := x.Write(w.body.Bytes()); err != nil {
			return
		}
	}
	_ = x.Client.End()
}

// parseLength returns the length that a handler says in answer to HEAD, or what it has written.
func parseLength(said string, written int64) int64 {
	if n, err := strconv.ParseInt(said, 10, 64); err == nil && n >= 0 {
		return n
	}
	return written
}
