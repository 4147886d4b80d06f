// Package compress has answers go out as gzip to clients that want it (RFC 9110, section 8.4).
package compress

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
)

// Compressor compresses answers. It is safe for concurrent use.
type Compressor struct {
	least   int64 // bytes of a body that is worth it
	writers sync.Pool
}

// New returns a Compressor, or nil where the configuration switches compression off.
func New(c config.Compression) *Compressor {
	if c.Level == 0 {
		return nil
	}
	return &Compressor{least: c.Min, writers: sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, c.Level)
		if err != nil {
			panic(err) // the configuration has none but levels that there are
		}
		return w
	}}}
}

// Wrap has the answer to a request go through the Compressor until unwrap is called, which is to be done in any case.
func (c *Compressor) Wrap(x *exchange.Exchange) (unwrap func()) {
	inner := x.Client
	a := &answer{Client: inner, compressor: c, head: x.Method == http.MethodHead, wanted: Accepts(x.Fields)}
	x.Client = a
	return func() {
		x.Client = inner
		if a.gzip != nil {
			a.gzip.Reset(io.Discard)
			c.writers.Put(a.gzip)
		}
	}
}

// answer is an exchange's Client that compresses what is written to it.
type answer struct {
	exchange.Client

	compressor *Compressor
	head       bool // the request's method is HEAD
	wanted     bool
	gzip       *gzip.Writer // nil unless this answer is compressed
}

// Begin implements exchange.Client.
func (a *answer) Begin(status int, fields []exchange.Field, length int64) error {
	if !a.suits(status, fields, length) {
		return a.Client.Begin(status, fields, length)
	}
	fields = append(fields, exchange.Field{Name: "Vary", Value: "Accept-Encoding"})
	if !a.wanted || a.head { // the answer to HEAD need not say how long that to GET would be
		return a.Client.Begin(status, fields, length)
	}
	a.gzip, _ = a.compressor.writers.Get().(*gzip.Writer)
	a.gzip.Reset(a.Client)
	fields = append(fields, exchange.Field{Name: "Content-Encoding", Value: "gzip"})
	return a.Client.Begin(status, fields, exchange.Unknown)
}

// suits reports whether an answer is one that would be compressed for whoever wants it. One with a strong entity tag is not,
// as the tag names its very bytes, and a client may send it back with If-Match (RFC 9110, section 8.8.1).
func (a *answer) suits(status int, fields []exchange.Field, length int64) bool {
	if status != http.StatusOK || length != exchange.Unknown && length < a.compressor.least {
		return false
	}
	text := false
	for i := range fields {
		switch f := &fields[i]; {
		case http1.EqualFold(f.Name, "Content-Type"):
			text = isText(f.Value)
		case http1.EqualFold(f.Name, "Content-Encoding"), http1.EqualFold(f.Name, "Content-Digest"),
			http1.EqualFold(f.Name, "Etag") && !strings.HasPrefix(f.Value, "W/"),
			http1.EqualFold(f.Name, "Cache-Control") && http1.HasToken(f.Value, "no-transform"):
			return false
		}
	}
	return text
}

// isText reports whether a media type is one of texts. Events that a client waits for are left alone.
func isText(media string) bool {
	media, _, _ = strings.Cut(media, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	switch media {
	case "text/event-stream":
		return false
	case "application/json", "application/x-ndjson", "application/yaml", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml")
}

// Write implements exchange.Client.
func (a *answer) Write(p []byte) (int, error) {
	if a.gzip == nil {
		return a.Client.Write(p)
	}
	return a.gzip.Write(p)
}

// Flush implements exchange.Client.
func (a *answer) Flush() error {
	if a.gzip != nil {
		if err := a.gzip.Flush(); err != nil {
			return err
		}
	}
	return a.Client.Flush()
}

// End implements exchange.Client.
func (a *answer) End() error {
	if a.gzip != nil {
		if err := a.gzip.Close(); err != nil {
			return err
		}
	}
	return a.Client.End()
}
