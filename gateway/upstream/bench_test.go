package upstream_test

import (
	"testing"

	"github.com/glarimy/ums/gateway/upstream"
)

// BenchmarkCall is what all of this costs a request that nothing happens to.
func BenchmarkCall(b *testing.B) {
	u := newWorld(b).use(b, listed(3, nil))
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		var c upstream.Call
		for p.Next() {
			if err := u.Begin(&c); err != nil {
				b.Fatal(err)
			}
			if _, err := c.Pick(); err != nil {
				b.Fatal(err)
			}
			c.Answered(200)
			c.End(upstream.Answered)
		}
	})
}
