package openapitest

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// Watch returns a transport that fails tb for each answer from the address, in the form "127.0.0.1:8080", that is not as
// the document promises. What next answers arrives unchanged, streams as they come: of them it is the header alone that
// is checked.
func (d *Document) Watch(tb testing.TB, address string, next http.RoundTripper) http.RoundTripper {
	tb.Helper()
	return watcher{document: d, tb: tb, address: address, next: next}
}

// MustLoad is [Load] for a document that the test cannot do without.
func MustLoad(tb testing.TB, data []byte) *Document {
	tb.Helper()
	d, err := Load(data)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

type watcher struct {
	document *Document
	tb       testing.TB
	address  string
	next     http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (w watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != w.address {
		return w.next.RoundTrip(r)
	}
	exchange := Exchange{Method: r.Method, Target: r.URL.RequestURI(), RequestHeader: r.Header.Clone(), RequestBody: bodyOf(r)}
	response, err := w.next.RoundTrip(r)
	if err != nil {
		return response, err
	}
	exchange.Status, exchange.Header = response.StatusCode, response.Header.Clone()
	if mediaType(response.Header) != "text/event-stream" {
		var whole bool
		if exchange.Body, whole = take(response); !whole {
			return response, nil
		}
	}
	if err := w.document.Check(exchange); err != nil {
		w.tb.Errorf("not as the OpenAPI document promises: %v", err)
	}
	return response, nil
}

// bodyOf returns a copy of the body that is about to be sent, or nil where that cannot be had.
func bodyOf(r *http.Request) []byte {
	if r.GetBody == nil {
		return nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(body)
	if err != nil {
		return nil
	}
	return data
}

// take reads the body of an answer and puts it back, with the error that it may end in; whole is false then.
func take(response *http.Response) (body []byte, whole bool) {
	body, err := io.ReadAll(response.Body)
	rest := io.Reader(bytes.NewReader(body))
	if err != nil {
		rest = io.MultiReader(rest, failing{err})
	}
	response.Body = readCloser{Reader: rest, Closer: response.Body}
	return body, err == nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type readCloser struct {
	io.Reader
	io.Closer
}
