package policy

import (
	"net/http"
	"strconv"
	"time"

	"github.com/glarimy/ums/shared/header"
)

// SetDeadline tells a service how much of the request's time is left, in whole milliseconds rounded down, and at least
// one: a service is asked only while there is some.
func SetDeadline(h http.Header, left time.Duration) {
	ms := max(left.Milliseconds(), 1)
	h[header.Deadline] = []string{strconv.FormatInt(ms, 10)}
}
