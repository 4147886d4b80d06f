package config

import (
	"net/url"
	"slices"
	"strconv"

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
		u.URL = r.upstreamURL(fields[slot], slot)
		list = append(list, u)
	}
	return list
}

func (r *reader) upstreamURL(n *yaml.Node, slot string) *url.URL {
	what := "upstream " + slot
	fields, ok := r.mapping(n, what, "url")
	if !ok {
		return nil
	}
	value := r.required(n, fields, "url", what)
	if value == nil {
		return nil
	}
	text, ok := r.text(value, "the url of "+what)
	if !ok {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil {
		// The parser's own message may repeat a password.
		r.fault(value, "the url of %s is not a URL", what)
		return nil
	}
	if complaint := checkUpstreamURL(u); complaint != "" {
		r.fault(value, "the url of %s %s", what, complaint)
		return nil
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}
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
