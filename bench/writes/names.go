package writes

import (
	"fmt"

	"github.com/glarimy/ums/bench/load"
)

// names are those that one writer gives, all different from those of the others. It is for one goroutine.
type names struct {
	writer int
	given  uint64
}

func newNames(writers int) []*names {
	all := make([]*names, writers)
	for i := range all {
		all[i] = &names{writer: i}
	}
	return all
}

// next returns a name and a phone number.
func (n *names) next() (name string, phone uint64) {
	n.given++
	return fmt.Sprintf("writer-%03d-%09d", n.writer, n.given), 9_000_000_000 + n.given
}

// posts makes each writer's requests to the service at addr.
func posts(addr string, writers []*names) []load.Source {
	sources := make([]load.Source, len(writers))
	for i, w := range writers {
		sources[i] = func() []byte {
			name, phone := w.next()
			body := fmt.Sprintf(`{"name":%q,"phone":%d}`, name, phone)
			return fmt.Appendf(nil, "POST /user HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
				"Content-Length: %d\r\n\r\n%s", addr, len(body), body)
		}
	}
	return sources
}
