package exchange

import (
	"context"
	"io"
	"time"

	"github.com/glarimy/ums/gateway/http1"
)

// Field is one header field. In a request that came by HTTP/1.1 the name is spelt as the client spelt it.
type Field = http1.Field

// Unknown is the length of a body whose end only its framing tells.
const Unknown = http1.Unknown

// Handler answers requests. It is called concurrently, each time with another Exchange.
type Handler interface {
	Serve(x *Exchange)
}

// Exchange is one request and its answer. It belongs to the goroutine that serves it, and ends when Serve returns; its
// strings may be kept.
type Exchange struct {
	// The request.
	Method string
	Target string // as the client sent it
	Host   string // of the target if it names one, else of the field Host
	Major  int    // of HTTP's version
	Minor  int
	Fields []Field // all of them, hop-by-hop ones included
	Length int64   // of the body in bytes, or Unknown
	Expect bool    // the client waits for 100 (Continue) before it sends the body
	Body   Body

	// Of the connection.
	RemoteAddr string // address and port of whoever is at the other end
	RemoteIP   string // the address alone
	Secure     bool   // TLS

	Start  time.Time // when the head was there
	Client Client

	// AsksItself says that reading the body tells the client to continue: read no sooner than the upstream wants it.
	AsksItself bool

	// Answer is what has been answered so far.
	Answer Answer

	// ClientIP is the client's address: RemoteIP, or what a proxy that is trusted says of it. Proxied says that one does.
	ClientIP string
	Proxied  bool

	// RequestID is in the log, in every answer, and goes upstream.
	RequestID string
	// Fresh are the fields of the answer, while they are gathered: first those of the gateway, then the upstream's.
	Fresh []Field
	// Upstream are fields that go upstream beside those of the request. What a client sends by their names never does.
	Upstream []Field
}

// Body is a request's body on its way in.
type Body interface {
	io.Reader
	// Whole returns the body if all of it has arrived, without reading it: it is valid until the next read.
	Whole() ([]byte, bool)
	// Skip takes what Whole returned, which stays valid.
	Skip()
}

// Client is where the answer goes. Its errors mean that the client cannot be told anything more.
type Client interface {
	// Interim sends an interim answer (1xx), if the client understands any.
	Interim(status int, fields []Field) error
	// Begin sends the head of the answer: its status, its fields save those of framing, and the length of its body, or
	// Unknown. It goes out with the first bytes of the body, or by Flush.
	Begin(status int, fields []Field, length int64) error
	// Write sends a part of the body.
	Write(p []byte) (int, error)
	// Flush sends what is not sent yet.
	Flush() error
	// Trail has the answer end with trailer fields, which the field Trailer of its head has announced.
	Trail(fields []Field)
	// End ends the answer. Without it the answer does not look whole to the client.
	End() error
	// CloseAfter has the connection closed after the answer. Call it before Begin.
	CloseAfter()
	// Gone reports whether the client has hung up.
	Gone() bool
	// StopReading ends a read of the body that is waiting, and every one to come. Any goroutine may call it.
	StopReading()
	// Context ends with the connection or before it; it is for what the gateway answers by itself.
	Context() context.Context
}

// Answer is what the log and the metrics tell of an answer.
type Answer struct {
	Status int           // 0 before the answer
	Wait   time.Duration // from the request's head to the answer's
	Bytes  int64         // of the body, so far
}

// Reset makes x ready for the next request of its connection.
func (x *Exchange) Reset() {
	x.Answer, x.RequestID, x.ClientIP, x.Proxied = Answer{}, "", "", false
	x.Fresh, x.Upstream = x.Fresh[:0], x.Upstream[:0]
}

// Begin begins the answer. See Client.Begin.
func (x *Exchange) Begin(status int, fields []Field, length int64) error {
	x.Answer.Status, x.Answer.Wait = status, time.Since(x.Start)
	return x.Client.Begin(status, fields, length)
}

// Write sends a part of the answer's body.
func (x *Exchange) Write(p []byte) (int, error) {
	n, err := x.Client.Write(p)
	x.Answer.Bytes += int64(n)
	return n, err
}

// Took returns the time from the request's head to the end of its answer, or until now.
func (x *Exchange) Took() time.Duration { return time.Since(x.Start) }

// Get returns the first value of a header field of the request, or "". The name's case does not matter.
func (x *Exchange) Get(name string) string {
	for i := range x.Fields {
		if http1.EqualFold(x.Fields[i].Name, name) {
			return x.Fields[i].Value
		}
	}
	return ""
}
