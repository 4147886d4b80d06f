// Package wire carries requests to one instance of an upstream, in HTTP/1.1 over connections that are kept.
//
// A connection is written and read by the goroutine that serves the client; nobody else touches it. So a request costs
// no hand-over between goroutines, and back-pressure is what the two sockets do by themselves: who reads slowly is sent
// slowly. Answers are read strictly, by package http1; one that could be read in two ways is an error.
package wire
