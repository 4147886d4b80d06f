// Package policy is what the gateway does to every request, whatever carries it: which of a client's headers may go
// upstream, what the gateway adds to them, and how large a body may be. Finding the route is package route's, moving
// bytes package proxy's.
package policy
