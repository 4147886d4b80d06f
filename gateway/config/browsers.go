package config

import (
	"net/netip"
	"net/url"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/glarimy/ums/gateway/cors"
)

const (
	defaultMaxAge = 10 * time.Minute
	longestMaxAge = 24 * time.Hour
)

// cors reads the section of that name; without one, and without origins, pages of other origins may not call.
func (r *reader) cors(n *yaml.Node) *cors.Options {
	if n == nil {
		return nil
	}
	fields, ok := r.mapping(n, "cors", "origins", "headers", "exposed", "credentials", "max_age")
	if !ok {
		return nil
	}
	o := &cors.Options{
		MaxAge: defaultMaxAge,
		RequestHeaders: []string{
			"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID",
			"X-API-Key", "X-Request-Id",
		},
		ExposedHeaders: []string{
			"Allow", "ETag", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate",
			"X-Request-Id",
		},
	}
	if origins := r.required(n, fields, "origins", "cors"); origins != nil {
		for _, item := range r.sequence(origins, "origins") {
			r.origin(item, o)
		}
	}
	if headers := fields["headers"]; headers != nil {
		o.RequestHeaders = r.headerNames(headers, "headers")
	}
	if exposed := fields["exposed"]; exposed != nil {
		o.ExposedHeaders = r.headerNames(exposed, "exposed")
	}
	if credentials := fields["credentials"]; credentials != nil {
		text, ok := r.text(credentials, "credentials")
		if ok && text != "true" && text != "false" {
			r.fault(credentials, "credentials is true or false, not %q", text)
		}
		o.Credentials = text == "true"
	}
	if age := fields["max_age"]; age != nil {
		o.MaxAge = r.duration(age, "max_age", 0, longestMaxAge)
	}
	return o
}

func (r *reader) origin(n *yaml.Node, out *cors.Options) {
	text, ok := r.text(n, "an origin")
	if !ok {
		return
	}
	u, err := url.Parse(text)
	switch {
	case text == "*":
		r.fault(n, "the origin * would let every page call; list the origins of those that should")
	case text == "null":
		r.fault(n, "the origin null is that of any file and sandboxed frame, and cannot be listed")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != text:
		r.fault(n, "the origin %q is not as browsers write it: https://app.example.org, "+
			"in lower case, without a slash at the end", text)
	case u.User != nil || hasUpper(text):
		r.fault(n, "the origin %q is not as browsers write it: https://app.example.org, "+
			"in lower case, without a slash at the end", text)
	case u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80":
		r.fault(n, "browsers leave the port %s out of the origin %q; leave it out here as well", u.Port(), text)
	case slices.Contains(out.Origins, text):
		r.fault(n, "the origin %s is listed twice", text)
	default:
		out.Origins = append(out.Origins, text)
	}
}

func hasUpper(s string) bool {
	return slices.ContainsFunc([]byte(s), func(c byte) bool { return 'A' <= c && c <= 'Z' })
}

func (r *reader) headerNames(n *yaml.Node, what string) []string {
	var names []string
	for _, item := range r.sequence(n, what) {
		name, ok := r.text(item, "a header")
		switch {
		case !ok:
		case name == "*":
			r.fault(item, "name the headers: * does not cover Authorization, and nothing at all with credentials")
		case !isHeaderName(name):
			r.fault(item, "%q is no name of a header", name)
		default:
			names = append(names, name)
		}
	}
	return names
}

func isHeaderName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return s != ""
}

// trustedProxies reads the networks whose machines may say for whom they speak.
func (r *reader) trustedProxies(n *yaml.Node) []netip.Prefix {
	if n == nil {
		return nil
	}
	var networks []netip.Prefix
	for _, item := range r.sequence(n, "trusted_proxies") {
		text, ok := r.text(item, "a network")
		if !ok {
			continue
		}
		network, err := netip.ParsePrefix(text)
		if addr, alone := netip.ParseAddr(text); alone == nil && addr.Zone() == "" {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		switch {
		case err != nil:
			r.fault(item, "%q is no network: write it like 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1", text)
		case network.Masked() != network:
			r.fault(item, "%q has bits behind its prefix; the network is %s", text, network.Masked())
		case network.Bits() == 0:
			r.fault(item, "%s is everybody: any client could then choose its address", text)
		case network.Addr().Is4In6():
			r.fault(item, "%q is an IPv4 network written as IPv6; write it like 10.0.0.0/8", text)
		default:
			networks = append(networks, network)
		}
	}
	return networks
}
