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
	headers, _ := c.components.adopt(c.gateway, at(c.gateway.root, everyAnswer)).(object)
	if c.limited {
		limits, _ := c.components.adopt(c.gateway, at(c.gateway.root, limitedAnswer)).(object)
		maps.Copy(headers, limits)
	}
	c.addHeaders(at(c.components.all, "responses"), headers)
	for _, item := range c.paths {
		item, _ := item.(object)
		for _, op := range item {
			op, _ := op.(object)
			c.addHeaders(at(op, "responses"), headers)
		}
	}
}

func (c *composition) addHeaders(responses, headers object) {
	for name, response := range responses {
		response, ok := response.(object)
		if !ok || response["$ref"] != nil {
			continue
		}
		all := maps.Clone(headers)
		maps.Copy(all, at(response, "headers"))
		responses[name] = with(response, "headers", all)
	}
}
