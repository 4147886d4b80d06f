package clientaddr_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/glarimy/ums/gateway/clientaddr"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	proxies := clientaddr.Trust(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"))
	for name, tt := range map[string]struct {
		peer string
		xff  []string
		want string
	}{
		"no header":                     {"203.0.113.7", nil, "203.0.113.7"},
		"a client forges one":           {"203.0.113.7", []string{"198.51.100.1"}, "203.0.113.7"},
		"a proxy tells":                 {"10.0.0.1", []string{"203.0.113.7"}, "203.0.113.7"},
		"the client forged the left":    {"10.0.0.1", []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		"forged a trusted one":          {"10.0.0.1", []string{"10.9.9.9, 203.0.113.7"}, "203.0.113.7"},
		"two proxies":                   {"10.0.0.1", []string{"198.51.100.1, 203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		"in lines":                      {"10.0.0.1", []string{"198.51.100.1", "203.0.113.7", "10.0.0.2"}, "203.0.113.7"},
		"all are proxies":               {"10.0.0.1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"a proxy without the header":    {"10.0.0.1", nil, "10.0.0.1"},
		"an empty line":                 {"10.0.0.1", []string{""}, "10.0.0.1"},
		"nonsense at the right":         {"10.0.0.1", []string{"203.0.113.7, unknown"}, "10.0.0.1"},
		"nonsense behind a proxy":       {"10.0.0.1", []string{"203.0.113.7, unknown, 10.0.0.2"}, "10.0.0.2"},
		"an empty entry":                {"10.0.0.1", []string{"203.0.113.7,,10.0.0.2"}, "10.0.0.2"},
		"with a port":                   {"10.0.0.1", []string{"203.0.113.7:4711"}, "203.0.113.7"},
		"IPv6":                          {"fd00::1", []string{"2001:db8::1"}, "2001:db8::1"},
		"IPv6 in brackets":              {"fd00::1", []string{"[2001:db8::1]"}, "2001:db8::1"},
		"IPv6 with a port":              {"fd00::1", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		"IPv4 in brackets is none":      {"fd00::1", []string{"[203.0.113.7]"}, "fd00::1"},
		"a mapped peer":                 {"::ffff:10.0.0.1", []string{"203.0.113.7"}, "203.0.113.7"},
		"a mapped client":               {"10.0.0.1", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		"a zone":                        {"fe80::1%eth0", nil, "fe80::1"},
		"a trusted one beyond the left": {"10.0.0.1", []string{"10.0.0.9, 203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		"longer than any chain":         {"10.0.0.1", []string{"203.0.113.7" + strings.Repeat(", 10.0.0.2", 100)}, "10.0.0.2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := proxies.Resolve(netip.MustParseAddr(tt.peer), tt.xff)
			if got.String() != tt.want {
				t.Errorf("Resolve(%s, %q) = %s, want %s", tt.peer, tt.xff, got, tt.want)
			}
			if len(tt.xff) > 0 {
				if got := (clientaddr.Proxies{}).Resolve(netip.MustParseAddr(tt.peer), tt.xff); got != netip.MustParseAddr(tt.peer).Unmap() {
					t.Errorf("without trust: %s", got)
				}
			}
		})
	}
}

// FuzzResolve checks that whatever a client puts before what the proxy wrote changes nothing.
func FuzzResolve(f *testing.F) {
	f.Add("10.0.0.2, 198.51.100.1")
	f.Add(",,\x00[::1]:")
	proxies := clientaddr.Trust(netip.MustParsePrefix("10.0.0.0/8"))
	proxy, client := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("203.0.113.7")
	f.Fuzz(func(t *testing.T, forged string) {
		for _, lines := range [][]string{{forged, client.String()}, {forged + ", " + client.String()}, {forged, "203.0.113.7, 10.0.0.2"}} {
			if got := proxies.Resolve(proxy, lines); got != client {
				t.Errorf("Resolve(%q) = %s, want %s", lines, got, client)
			}
		}
		if got := proxies.Resolve(client, []string{forged}); got != client {
			t.Errorf("an untrusted peer's %q was believed: %s", forged, got)
		}
		if got := proxies.Resolve(proxy, []string{forged}); !got.IsValid() || got.Is4In6() || got.Zone() != "" {
			t.Errorf("Resolve(%q) = %s", forged, got)
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	proxies := clientaddr.Trust(netip.MustParsePrefix("10.0.0.0/8"))
	proxy, lines := netip.MustParseAddr("10.0.0.1"), []string{"198.51.100.1, 203.0.113.7, 10.0.0.2"}
	b.ReportAllocs()
	for b.Loop() {
		proxies.Resolve(proxy, lines)
	}
}
