package keyfile

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/glarimy/ums/gateway/config"
)

// maxID and maxActor bound an entry's id and actor, in bytes.
const (
	maxID    = 64
	maxActor = 191
)

// Entry is one key of a file. It never changes.
type Entry struct {
	ID        string    // names the key in logs and limits
	Hash      Hash      // of the key
	Actor     string    // whom the journal names
	Scopes    []string  // what the key may do
	Expires   time.Time // from then on the key is refused; zero for never
	RateLimit string    // the limit that takes the place of a route's own; empty for none

	// Made of the others by a Store, so that a request need not: whose requests count together for a limit, and the
	// scopes separated by spaces.
	LimitKey, Joined string
}

// Expired reports whether the key is refused at a time.
func (e *Entry) Expired(now time.Time) bool { return !e.Expires.IsZero() && !now.Before(e.Expires) }

// Rules are what a file may name. A nil list allows anything.
type Rules struct {
	Scopes     []string // of the routes
	RateLimits []string // of the configuration
}

// form is an entry as it is written. The pointer tells an absent list from an empty one.
type form struct {
	ID        string     `yaml:"id"`
	Hash      string     `yaml:"hash"`
	Actor     string     `yaml:"actor"`
	Scopes    []string   `yaml:"scopes"`
	Expires   *time.Time `yaml:"expires"`
	RateLimit string     `yaml:"rate_limit"`
}

// Parse reads the entries of a file, a list; file is its name, for messages alone. An empty file is one without keys.
// Everything that is wrong is reported at once: every error is a config.Errors. No message holds a hash.
func Parse(file string, data []byte, rules Rules) ([]Entry, error) {
	p := &parser{file: file, rules: rules, lines: map[string]int{}, hashes: map[Hash]int{}}
	if blank(data) {
		return nil, nil
	}
	var nodes []yaml.Node
	if err := yaml.Load(data, &nodes); err != nil {
		fault := &config.Error{File: file, Message: "this is no list of keys: " + err.Error()}
		if e, ok := errors.AsType[*yaml.LoadError](err); ok {
			fault.Line, fault.Message = e.Mark.Line, "this is no list of keys: "+strings.TrimPrefix(e.Message, "yaml: ")
		}
		return nil, config.Errors{fault}
	}
	entries := make([]Entry, 0, len(nodes))
	for i := range nodes {
		entries = append(entries, p.entry(&nodes[i]))
	}
	if len(p.faults) > 0 {
		return nil, p.faults
	}
	return entries, nil
}

// blank reports whether a file holds comments at the most.
func blank(data []byte) bool {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

type parser struct {
	file   string
	rules  Rules
	faults config.Errors
	lines  map[string]int // of the ids
	hashes map[Hash]int
}

func (p *parser) fault(line int, format string, args ...any) {
	p.faults = append(p.faults, &config.Error{File: p.file, Line: line, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) entry(n *yaml.Node) Entry {
	var f form
	if err := n.Load(&f, yaml.WithKnownFields(), yaml.WithUniqueKeys()); err != nil {
		p.loadFaults(n.Line, err)
		return Entry{}
	}
	e := Entry{ID: f.ID, Actor: f.Actor, Scopes: f.Scopes, RateLimit: f.RateLimit}
	if f.Expires != nil {
		e.Expires = f.Expires.UTC()
	}
	what := fmt.Sprintf("the key %q", f.ID)
	if f.ID == "" {
		what = "a key"
	}
	var err error
	if e.Hash, err = ParseHash(f.Hash); err != nil {
		p.fault(n.Line, "%s: %v", what, err)
	} else if line, twice := p.hashes[e.Hash]; twice {
		p.fault(n.Line, "%s has the hash of the key on line %d", what, line)
	}
	p.hashes[e.Hash] = n.Line
	switch line, twice := p.lines[f.ID]; {
	case !validID(f.ID):
		p.fault(n.Line, "%s needs an id of up to %d letters, digits, - and _", what, maxID)
	case twice:
		p.fault(n.Line, "%s is there already, on line %d", what, line)
	}
	p.lines[f.ID] = n.Line
	if !ValidActor(f.Actor) || len(f.Actor) > maxActor {
		p.fault(n.Line, "%s needs an actor of up to %d bytes, without control characters or space around it", what, maxActor)
	}
	p.references(n.Line, what, e)
	return e
}

// references checks what an entry says of the routes' scopes and limits.
func (p *parser) references(line int, what string, e Entry) {
	if len(e.Scopes) == 0 {
		p.fault(line, "%s has no scopes, and could do nothing", what)
	}
	for i, scope := range e.Scopes {
		switch {
		case !ValidScope(scope):
			p.fault(line, "%s has %q among its scopes, which is none", what, scope)
		case p.rules.Scopes != nil && !slices.Contains(p.rules.Scopes, scope):
			p.fault(line, "%s has the scope %q, which no route needs%s", what, scope, config.Suggest(scope, p.rules.Scopes))
		case slices.Contains(e.Scopes[:i], scope):
			p.fault(line, "%s has the scope %q twice", what, scope)
		}
	}
	if e.RateLimit != "" && p.rules.RateLimits != nil && !slices.Contains(p.rules.RateLimits, e.RateLimit) {
		p.fault(line, "%s: no rate limit is called %q%s", what, e.RateLimit, config.Suggest(e.RateLimit, p.rules.RateLimits))
	}
}

func (p *parser) loadFaults(line int, err error) {
	all, ok := errors.AsType[*yaml.LoadErrors](err)
	if !ok {
		p.fault(line, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	for _, e := range all.Errors {
		at := e.Mark.Line
		if at == 0 {
			at = line
		}
		message, _, _ := strings.Cut(e.Message, " in type ")
		p.fault(at, "a key's entry has id, hash, actor, scopes, expires and rate_limit: %s",
			strings.TrimPrefix(message, "yaml: "))
	}
}

func validID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return id != "" && len(id) <= maxID
}

// ValidActor reports whether a text can be told to the services as the actor: UTF-8 without control characters, and
// without space around it, which a header would lose.
func ValidActor(actor string) bool {
	if actor == "" || !utf8.ValidString(actor) || strings.TrimSpace(actor) != actor {
		return false
	}
	return !strings.ContainsFunc(actor, func(r rune) bool {
		return r < ' ' || 0x7F <= r && r <= 0x9F || r == 0x2028 || r == 0x2029
	})
}

// ValidScope reports whether a text is one scope (RFC 6749, section 3.3).
func ValidScope(scope string) bool {
	for i := range len(scope) {
		if c := scope[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return scope != ""
}
