// Package route finds the route of a request from its raw target.
//
// Nothing is decoded, cleaned or redirected: a segment of a path is compared, and handed on, as the bytes that the
// client sent. What two parties could read differently (a malformed escape, a dot segment, a backslash) is refused, so
// that a path either reaches an upstream as it was sent or does not reach it at all. What is encoded on the way is only
// what may stand in no URI, and means the same then.
//
// The package knows no HTTP engine; it sees strings only.
package route
