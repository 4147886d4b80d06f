package config

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/glarimy/ums/gateway/route"
)

const (
	// PartsKey is the member of an aggregate's answer that says what became of each part; no part may own it.
	PartsKey = "parts"

	defaultPartLimit = 1 << 20
	maxPartLimit     = 16 << 20
	maxParts         = 16
)

// Part is one of the answers of which an aggregate is made.
type Part struct {
	Name     string        // in the answer's `parts`
	Key      string        // the member of the answer that holds this part's, and nobody else's
	Upstream string        // the slot that is asked
	Path     string        // a target in the syntax of route.ParseTemplate, with parameters of the route's path
	Required bool          // without this part there is no answer
	Timeout  time.Duration // until the part's answer is there whole; never longer than the route's
	Limit    int64         // the largest answer in bytes
}

// aggregateRoute reads a route that is answered with parts of several upstreams.
func (r *reader) aggregateRoute(n *yaml.Node, fields map[string]*yaml.Node, upstreams []Upstream, out *placed) {
	if body := fields["body"]; body != nil {
		r.fault(body, `"body" goes with "upstream": an aggregate takes no body`)
	}
	methods := fields["methods"]
	if methods != nil && len(out.Methods) > 0 && !slices.Equal(out.Methods, []string{http.MethodGet}) {
		r.fault(methods, "an aggregate is there for GET alone")
	}
	if timeout := r.required(n, fields, "timeout", "a route with an aggregate"); timeout != nil {
		before := len(r.faults)
		if r.timeout(timeout, &out.Route); out.Timeout == 0 && len(r.faults) == before {
			r.fault(timeout, "an aggregate has a timeout, as it is answered whole")
		}
	}
	items := r.sequence(fields["aggregate"], "aggregate")
	if len(items) > maxParts {
		r.fault(fields["aggregate"], "an aggregate has at most %d parts, and this one %d", maxParts, len(items))
	}
	names, keys := map[string]int{}, map[string]int{}
	for _, item := range items {
		fields, ok := r.mapping(item, "a part", "name", "key", "upstream", "path", "required", "timeout", "limit")
		if !ok {
			continue
		}
		p := r.part(item, fields, upstreams, out)
		r.once(item, names, p.Name, "the name")
		r.once(item, keys, p.Key, "the key")
		out.Aggregate = append(out.Aggregate, p)
	}
}

// once reports a word that a part of the same aggregate has already.
func (r *reader) once(n *yaml.Node, seen map[string]int, word, what string) {
	switch line, taken := seen[word]; {
	case word == "":
	case taken:
		r.fault(n, "%s %q belongs to another part already, on line %d", what, word, line)
	default:
		seen[word] = n.Line
	}
}

func (r *reader) part(n *yaml.Node, fields map[string]*yaml.Node, upstreams []Upstream, of *placed) Part {
	p := Part{Timeout: of.Timeout, Limit: defaultPartLimit}
	if name := r.required(n, fields, "name", "a part"); name != nil {
		p.Name = r.memberName(name, "a part's name")
	}
	p.Key = p.Name
	if key := fields["key"]; key != nil {
		p.Key = r.memberName(key, "a part's key")
	}
	if p.Key == PartsKey {
		r.fault(n, "the key %q is taken: it tells what became of each part", PartsKey)
	}
	if upstream := r.required(n, fields, "upstream", "a part"); upstream != nil {
		var asked Route
		r.upstream(upstream, upstreams, &asked)
		p.Upstream = asked.Upstream
	}
	if path := r.required(n, fields, "path", "a part"); path != nil {
		p.Path = r.partPath(path, of)
	}
	if required := fields["required"]; required != nil {
		p.Required = r.flag(required, "required")
	}
	if timeout := fields["timeout"]; timeout != nil {
		r.partTimeout(timeout, of.Timeout, &p)
	}
	if limit := fields["limit"]; limit != nil {
		r.partLimit(limit, &p)
	}
	return p
}

// memberName reads what is to be the name of a member of a JSON object, and of a series.
func (r *reader) memberName(n *yaml.Node, what string) string {
	text, ok := r.text(n, what)
	if !ok {
		return ""
	}
	for i := range len(text) {
		if c := text[i]; !('a' <= c|0x20 && c|0x20 <= 'z') && !(i > 0 && (c == '_' || c == '-' || '0' <= c && c <= '9')) {
			text = ""
			break
		}
	}
	if text == "" {
		r.fault(n, "%s is letters, digits, - and _, a letter first", what)
	}
	return text
}

func (r *reader) partPath(n *yaml.Node, of *placed) string {
	text, ok := r.text(n, "a part's path")
	if !ok {
		return ""
	}
	template, err := route.ParseTemplate(text)
	if err != nil {
		r.fault(n, "a part's path %q: %v", text, err)
		return ""
	}
	if !of.valid {
		return text // without the route's path there is nothing to compare with
	}
	known := of.pattern.Parameters()
	for _, name := range template.Parameters() {
		if !slices.Contains(known, name) {
			r.fault(n, "the route's path %s has no parameter {%s}%s", of.Path, name, suggest(name, known))
		}
	}
	return text
}

// flag reads true or false.
func (r *reader) flag(n *yaml.Node, what string) bool {
	text, ok := r.text(n, what)
	if ok && text != "true" && text != "false" {
		r.fault(n, "%s should be true or false, and is %q", what, text)
	}
	return text == "true"
}

func (r *reader) partTimeout(n *yaml.Node, whole time.Duration, p *Part) {
	if text, _ := r.text(n, "a timeout"); text == "none" {
		r.fault(n, "a part has a timeout, as an aggregate is answered whole")
		return
	}
	var read Route
	if r.timeout(n, &read); read.Timeout == 0 {
		return
	}
	if p.Timeout = read.Timeout; whole > 0 && p.Timeout > whole {
		r.fault(n, "the part's timeout %s is longer than that of its route, %s", p.Timeout, whole)
	}
}

func (r *reader) partLimit(n *yaml.Node, p *Part) {
	text, ok := r.text(n, "a part's limit")
	if !ok {
		return
	}
	size, ok := parseSize(text)
	switch {
	case !ok:
		r.fault(n, "the part's limit %q is no size: write it like 512, 64KiB or 1MiB", text)
	case size < 1 || size > maxPartLimit:
		r.fault(n, "the part's limit %s is outside 1 to %s, as parts are held in memory", strings.TrimSpace(text), "16MiB")
	default:
		p.Limit = size
	}
}
