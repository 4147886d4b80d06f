// Package exchange is one request and the answer to it, whatever listener it came in by.
//
// An edge reads a request into an Exchange and hands it to a Handler, on the goroutine of the client's connection. The
// handler answers by the exchange's Client: in the simplest case through an http.Handler (Respond), on the hot path field
// by field, without a map and without an allocation.
package exchange
