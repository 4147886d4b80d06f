// Package load is a closed-loop generator of HTTP load: a number of keep-alive connections, each of which sends its next
// request when it has the answer to the last.
//
// It is made to be light, as it shares the machine with what it measures: requests are bytes built beforehand, written
// to plain TCP connections, and of an answer only what says where it ends is read.
package load
