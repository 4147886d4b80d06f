package openapi

import (
	"maps"

	"github.com/glarimy/ums/gateway/config"
)

// The gateway's own keys for what holds for many operations.
const (
	everyOperation = "x-every-operation" // what it may answer to each request that it carries on
	whereEnforced  = "x-where-enforced"  // what it may answer where credentials are asked for
	whereLimited   = "x-where-limited"   // what it may answer where there is a rate limit
	everyAnswer    = "x-every-answer"    // headers of every answer
	limitedAnswer  = "x-limited-answer"  // headers of every answer where there is a rate limit
	pageAnswer     = "x-page-answer"     // headers of every answer where pages of other origins may call
	preflight      = "x-preflight"       // headers of the answer to OPTIONS there
)

// guarded returns an operation with what a caller needs, and what whoever has it not is answered.
func (c *composition) guarded(r config.Route, op object) object {
	if c.enforced && len(r.Scopes) > 0 {
		scopes := make([]any, len(r.Scopes))
		for i, scope := range r.Scopes {
			scopes[i] = scope
		}
		op = with(op, "security", []any{object{"bearer": scopes}, object{"apiKey": scopes}})
		op = c.withAnswers(op, whereEnforced)
		c.components.all["securitySchemes"] = at(c.gateway.root, "components", "securitySchemes")
	}
	if r.RateLimit != "" {
		c.limited = true
		op = c.withAnswers(op, whereLimited)
	}
	return op
}

// withAnswers returns an operation with more responses, those that a key of the gateway's own document has.
func (c *composition) withAnswers(op object, key string) object {
	responses := maps.Clone(at(op, "responses"))
	if responses == nil {
		responses = object{}
	}
	for status, answer := range at(c.gateway.root, key) {
		mine := c.components.adopt(c.gateway, answer)
		if theirs, both := responses[status]; both {
			responses[status] = c.either(theirs, mine)
		} else {
			responses[status] = mine
		}
	}
	return with(op, "responses", responses)
}

// everywhere adds to all responses the headers that all answers have, unless a response describes them itself.
func (c *composition) everywhere() {
	headers, shared := c.headers(everyAnswer), at(c.components.all, "responses")
	if c.limited {
		maps.Copy(headers, c.headers(limitedAnswer))
	}
	if c.cors != nil {
		maps.Copy(headers, c.forPages(pageAnswer))
		options := c.components.names[c.gateway][component{section: "responses", name: "Options"}]
		shared[options] = withHeaders(shared[options], c.forPages(preflight))
	}
	addHeaders(shared, headers)
	for _, item := range c.paths {
		item, _ := item.(object)
		for _, op := range item {
			op, _ := op.(object)
			addHeaders(at(op, "responses"), headers)
		}
	}
}

// headers returns those that a key of the gateway's own document has.
func (c *composition) headers(key string) object {
	headers, _ := c.components.adopt(c.gateway, at(c.gateway.root, key)).(object)
	return headers
}

// forPages is headers without those that the configuration never lets the gateway say.
func (c *composition) forPages(key string) object {
	said := maps.Clone(at(c.gateway.root, key))
	for name, is := range map[string]bool{
		"Access-Control-Allow-Credentials": c.cors.Credentials,
		"Access-Control-Allow-Headers":     len(c.cors.RequestHeaders) > 0,
		"Access-Control-Expose-Headers":    len(c.cors.ExposedHeaders) > 0,
	} {
		if !is {
			delete(said, name)
		}
	}
	headers, _ := c.components.adopt(c.gateway, said).(object)
	return headers
}

func addHeaders(responses, headers object) {
	for name, response := range responses {
		responses[name] = withHeaders(response, headers)
	}
}

// withHeaders returns a response with more headers, unless it describes them itself. A reference stays what it is.
func withHeaders(response any, headers object) any {
	o, ok := response.(object)
	if !ok || o["$ref"] != nil {
		return response
	}
	all := maps.Clone(headers)
	maps.Copy(all, at(o, "headers"))
	return with(o, "headers", all)
}
