// Package edge is where clients arrive: a listener for cleartext HTTP/1.1, and one for TLS that speaks HTTP/1.1 and
// HTTP/2. Both read a request into an exchange.Exchange and have one handler answer it.
//
// HTTP/1.1 is read by package http1 and served by one goroutine a connection, which is also the one that asks the
// upstream. A request that could be read in two ways is refused with a problem, and its connection closed. HTTP/2 is
// net/http's.
package edge
