package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

func (r *reader) upstreams(n *yaml.Node) []Upstream {
	const what = "upstreams"
	fields, ok := r.mapping(n, what)
	if !ok {
		return nil
	}
	if len(fields) == 0 {
		r.fault(n, "there are no upstreams")
	}
	var list []Upstream
	for _, slot := range order(n, fields) {
		u := Upstream{Slot: slot}
		if !isSlot(slot) {
			r.fault(fields[slot], "%q is no name for a slot: use lower-case letters, digits and -, a letter first", slot)
		}
		r.upstreamFields(fields[slot], &u)
		list = append(list, u)
	}
	return list
}

// upstreamFields reads where an upstream is, and how it is treated.
func (r *reader) upstreamFields(n *yaml.Node, out *Upstream) {
	what := "upstream " + out.Slot
	fields, ok := r.mapping(n, what, append([]string{"url", "urls"}, resilienceKeys()...)...)
	if !ok {
		return
	}
	one, list := fields["url"], fields["urls"]
	switch {
	case one != nil && list != nil:
		r.fault(list, `%s has either "url" or "urls", not both`, what)
	case list != nil:
		r.upstreamURLs(list, what, out)
	case r.required(n, fields, "url", what) != nil:
		out.URL, out.DNS = r.upstreamURL(one, "the url of "+what)
	}
	out.Resilience = r.resilience(fields, what)
}

// upstreamURLs reads a list of instances.
func (r *reader) upstreamURLs(n *yaml.Node, what string, out *Upstream) {
	for _, item := range r.sequence(n, "the urls of "+what) {
		u, dns := r.upstreamURL(item, "a url of "+what)
		switch {
		case u == nil:
		case dns:
			r.fault(item, "a url of %s is a dns+ name, which stands for all instances: give it as the url", what)
		case slices.ContainsFunc(out.URLs, func(v *url.URL) bool { return *u == *v }):
			r.fault(item, "the url %s of %s is listed twice", u, what)
		default:
			out.URLs = append(out.URLs, u)
		}
	}
	if len(out.URLs) > 0 {
		out.URL = out.URLs[0]
	}
}

// upstreamURL reads one address, or returns nil after reporting what is wrong with it. It tells whether the address is a
// name that stands for all of its instances.
func (r *reader) upstreamURL(n *yaml.Node, what string) (u *url.URL, dns bool) {
	text, ok := r.text(n, what)
	if !ok {
		return nil, false
	}
	text, dns = strings.CutPrefix(text, "dns+")
	u, err := url.Parse(text)
	if err != nil {
		// The parser's own message may repeat a password.
		r.fault(n, "%s is not a URL", what)
		return nil, false
	}
	if complaint := checkUpstreamURL(u); complaint != "" {
		r.fault(n, "%s %s", what, complaint)
		return nil, false
	}
	if _, err := netip.ParseAddr(u.Hostname()); dns && err == nil {
		r.fault(n, "%s begins with dns+, and holds an address that needs no lookup", what)
		return nil, false
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, dns
}

// checkUpstreamURL returns what is wrong with an upstream's address, or "".
func checkUpstreamURL(u *url.URL) string {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return "should begin with http:// or https://"
	case u.Hostname() == "":
		return "has no host"
	case u.User != nil:
		return "holds a user or password, which would not be sent"
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return "goes on after the host, but a path is sent as the client sent it"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "has a port outside 1 to 65535"
		}
	}
	return ""
}

func isSlot(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z') && !(i > 0 && (c == '-' || '0' <= c && c <= '9')) {
			return false
		}
	}
	return s != ""
}

// order returns the keys of a mapping as the file has them.
func order(n *yaml.Node, fields map[string]*yaml.Node) []string {
	keys := make([]string, 0, len(fields))
	content := follow(n).Content
	for i := 0; i+1 < len(content); i += 2 {
		key := content[i].Value
		if fields[key] == content[i+1] && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}
