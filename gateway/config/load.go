package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Load reads a configuration from data; file is its name, for messages alone. Every error is an Errors.
func Load(file string, data []byte, lookup Lookup) (Config, error) {
	r := &reader{file: file, lookup: lookup}
	c := r.document(data)
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b *Error) int { return a.Line - b.Line })
		return Config{}, r.faults
	}
	return c, nil
}

// document reads the whole file.
func (r *reader) document(data []byte) Config {
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		r.syntaxFault(err)
		return Config{}
	}
	root := doc.Content[0]
	fields, ok := r.mapping(root, "the file", "version", "upstreams", "routes", "stale",
		"access", "rate_limits", "rate_limit_redis", "cors", "trusted_proxies", "compression")
	if !ok {
		return Config{}
	}
	r.version(root, fields["version"])
	var c Config
	if n := r.required(root, fields, "upstreams", "the file"); n != nil {
		c.Upstreams = r.upstreams(n)
	}
	c.RateLimits = r.rateLimits(fields["rate_limits"])
	if n := fields["rate_limit_redis"]; n != nil {
		c.RateLimitRedis = r.rateLimitRedis(n)
	}
	if n := r.required(root, fields, "routes", "the file"); n != nil {
		c.Routes = r.routes(n, c.Upstreams, c.RateLimits)
	}
	c.Stale = r.staleSize(fields["stale"], c.Routes)
	c.Access = r.access(fields["access"])
	c.CORS = r.cors(fields["cors"])
	c.Compression = r.compression(fields["compression"])
	c.TrustedProxies = r.trustedProxies(fields["trusted_proxies"])
	return c
}

// syntaxFault reports what the YAML parser says, at the line where it gave up.
func (r *reader) syntaxFault(err error) {
	fault := &Error{File: r.file, Message: err.Error()}
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		fault.Line, fault.Message = e.Mark.Line, strings.TrimPrefix(e.Message, "yaml: ")
		if e.ContextMsg != "" {
			fault.Message += fmt.Sprintf(" (%s from line %d on)", e.ContextMsg, e.ContextMark.Line)
		}
	}
	fault.Message = "this is not YAML: " + fault.Message
	r.faults = append(r.faults, fault)
}

func (r *reader) version(root, n *yaml.Node) {
	switch {
	case n == nil:
		r.fault(root, `the file has no "version"; this program reads version %d`, Version)
	case n.Kind != yaml.ScalarNode || n.Value != "1":
		r.fault(n, "the version is not %d, the only one that this program reads", Version)
	}
}
