package config

import (
	"net"
	"net/url"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// Access says who may call.
type Access struct {
	Open    bool   // anybody may do anything; for development
	KeyFile string // the file of the API keys; empty for none
	JWT     *JWT   // nil if no tokens are accepted
}

// JWT says which tokens are accepted.
type JWT struct {
	Issuer     string
	Audience   []string
	Algorithms []string
	JWKSURL    string // either this
	JWKSFile   string // or that
	Leeway     time.Duration
}

const (
	defaultLeeway = 30 * time.Second
	maxLeeway     = 5 * time.Minute
)

func algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// access reads the section of that name. Without one access is open.
func (r *reader) access(n *yaml.Node) Access {
	a := Access{Open: true}
	if n == nil {
		return a
	}
	fields, ok := r.mapping(n, "access", "mode", "keys", "jwt")
	if !ok {
		return a
	}
	if mode := r.required(n, fields, "mode", "access"); mode != nil {
		text, ok := r.text(mode, "the mode of access")
		known := []string{"open", "enforced"}
		if ok && !slices.Contains(known, text) {
			r.fault(mode, "the mode of access is open or enforced, not %q%s", text, suggest(text, known))
		}
		a.Open = text == "open"
	}
	if keys := fields["keys"]; keys != nil {
		a.KeyFile, _ = r.text(keys, "the file of the API keys")
	}
	if jwt := fields["jwt"]; jwt != nil {
		a.JWT = r.jwt(jwt)
	}
	if !a.Open && a.KeyFile == "" && a.JWT == nil && len(r.faults) == 0 {
		r.fault(n, `access is enforced, but there are neither "keys" nor an issuer under "jwt", so nobody could call`)
	}
	return a
}

// jwt reads which tokens are accepted. A section whose issuer is empty, as where its variable is not set, is none.
func (r *reader) jwt(n *yaml.Node) *JWT {
	const what = "jwt"
	fields, ok := r.mapping(n, what, "issuer", "audience", "jwks", "algorithms", "leeway")
	if !ok {
		return nil
	}
	j := &JWT{Algorithms: []string{"RS256", "ES256", "EdDSA"}, Leeway: defaultLeeway}
	if issuer := r.required(n, fields, "issuer", what); issuer != nil {
		if j.Issuer, ok = r.text(issuer, "the issuer of tokens"); ok && j.Issuer == "" {
			return nil
		}
	}
	if audience := r.required(n, fields, "audience", what); audience != nil {
		j.Audience = r.texts(audience, "the audience of tokens")
	}
	if jwks := r.required(n, fields, "jwks", what); jwks != nil {
		r.jwks(jwks, j)
	}
	if list := fields["algorithms"]; list != nil {
		j.Algorithms = r.algorithms(list)
	}
	if leeway := fields["leeway"]; leeway != nil {
		j.Leeway = r.duration(leeway, "the leeway of tokens", 0, maxLeeway)
	}
	return j
}

func (r *reader) jwks(n *yaml.Node, out *JWT) {
	text, ok := r.text(n, "the key set of tokens")
	if !ok {
		return
	}
	u, err := url.Parse(text)
	switch {
	case text == "":
		r.fault(n, "the key set of tokens is empty: give its URL, or a file")
	case err != nil || u.Scheme == "":
		out.JWKSFile = text
	case u.User != nil:
		r.fault(n, "the URL of the key set holds a user or password, which would end up in logs")
	case u.Scheme == "https" && u.Host != "", u.Scheme == "http" && isLoopback(u.Hostname()):
		out.JWKSURL = text
	case u.Scheme == "http":
		r.fault(n, "the key set would be fetched without TLS: whoever stands between could make tokens; use https:// or a file")
	default:
		r.fault(n, "the key set of tokens is an https:// URL or a file, not %q", text)
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (r *reader) algorithms(n *yaml.Node) []string {
	var list []string
	for _, item := range r.sequence(n, "algorithms") {
		text, ok := r.text(item, "an algorithm")
		switch {
		case !ok:
		case len(text) == 5 && text[:2] == "HS":
			r.fault(item, "%s has one secret for signing and verifying: whoever can verify a token could make one; use %s",
				text, "RS256, ES256 or EdDSA")
		case !slices.Contains(algorithms(), text):
			r.fault(item, "unknown algorithm %q%s", text, suggest(text, algorithms()))
		case slices.Contains(list, text):
			r.fault(item, "the algorithm %s is listed twice", text)
		default:
			list = append(list, text)
		}
	}
	return list
}

// Scopes returns the scopes that routes need, each once, in the order of the file.
func (c Config) Scopes() []string {
	list := []string{}
	for _, route := range c.Routes {
		for _, scope := range route.Scopes {
			if !slices.Contains(list, scope) {
				list = append(list, scope)
			}
		}
	}
	return list
}
