// Package safety is a table of what a gateway must make of requests and answers that two HTTP parsers may read in two ways:
// request smuggling, desynchronised connections, poisoned queues of answers, and clients and upstreams that never finish.
//
// One rule is behind every case: a request is either forwarded unambiguously framed, or refused and its connection closed;
// and an upstream never sees bytes that the gateway did not mean as one request. Each [Case] says over a raw socket what
// the client does and must get, what may reach an upstream that records every byte, and why. A [Suite] runs the table
// against any server that forwards to its upstreams: the gateway's listeners in this package's tests, nginx in bench/.
//
// CASES.md lists the table.
package safety
