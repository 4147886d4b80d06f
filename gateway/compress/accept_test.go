package compress_test

import (
	"strings"
	"testing"

	"github.com/glarimy/ums/gateway/compress"
	"github.com/glarimy/ums/gateway/exchange"
)

func TestAccepts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lines []string
		want  bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"gzip"}, true},
		{[]string{"GZip"}, true},
		{[]string{"x-gzip"}, true},
		{[]string{"deflate, gzip;q=0.5"}, true},
		{[]string{"deflate", "br, gzip ; q=1.000"}, true},
		{[]string{"gzip;q=0"}, false},
		{[]string{"*"}, true},
		{[]string{"*;q=0"}, false},
		{[]string{"*, gzip;q=0"}, false},
		{[]string{"*;q=0, gzip"}, true},
		{[]string{"gzip;q=0.5, identity"}, false},
		{[]string{"gzip;q=0.5, identity;q=0.5"}, true},
		{[]string{"identity"}, false},
		{[]string{"gzip;q=2"}, false},
		{[]string{"gzip;q=-1"}, false},
		{[]string{"gzip;q=NaN"}, false},
		{[]string{"gzip;level=9"}, false},
		{[]string{"gzip;q"}, false},
		{[]string{"gzipped"}, false},
	} {
		fields := []exchange.Field{{Name: "Host", Value: "gzip"}}
		for _, line := range tt.lines {
			fields = append(fields, exchange.Field{Name: "accept-encoding", Value: line})
		}
		if got := compress.Accepts(fields); got != tt.want {
			t.Errorf("Accept-Encoding %q: got %v, want %v", tt.lines, got, tt.want)
		}
	}
}

// FuzzAccepts: whatever a client says, it gets gzip only if it has named it, or everything.
func FuzzAccepts(f *testing.F) {
	for _, line := range []string{"gzip", "*;q=0.1", "identity;q=0, gzip;q=0.001", "gzip;;q=1", ",,"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		named := compress.Accepts([]exchange.Field{{Name: "Accept-Encoding", Value: line}})
		refused := compress.Accepts([]exchange.Field{{Name: "Accept-Encoding", Value: line}, {Name: "Accept-Encoding", Value: "gzip;q=1.5"}})
		if refused {
			t.Errorf("%q and what cannot be read: accepted", line)
		}
		if named && !strings.Contains(strings.ToLower(line), "gzip") && !strings.Contains(line, "*") {
			t.Errorf("%q: accepted", line)
		}
	})
}
