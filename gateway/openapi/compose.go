package openapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/cors"
)

// composition is one document in the making.
type composition struct {
	gateway    *part
	components components
	paths      object
	ids        map[string]bool // operationIds
	enforced   bool            // routes ask for their scopes
	cors       *cors.Options   // nil: pages of other origins may not call
	limited    bool            // some operation has a rate limit
}

// compose makes one document of what the slots say: of exactly the operations that the gateway routes. A slot without an
// operation for a route, which breaks its contract, is described as its default contract says, or else by a line. Scopes
// are told where they are enforced, and what browsers are told where other origins may call. The routes may be more than
// those of the configuration.
func compose(routes []config.Route, of config.Config, gateway *part, slots, defaults map[string]*part) object {
	c := &composition{
		gateway: gateway, components: newComponents(), paths: object{}, ids: map[string]bool{},
		enforced: !of.Access.Open, cors: of.CORS,
	}
	for _, r := range routes {
		for _, method := range r.Methods {
			c.add(r, method, slots[r.Upstream], defaults[r.Upstream])
		}
	}
	c.components.adopt(gateway, outsideResponses(gateway)) // nothing else refers to them
	c.everywhere()
	return object{
		"openapi":    gateway.root["openapi"],
		"info":       gateway.root["info"],
		"servers":    gateway.root["servers"],
		"tags":       c.tags(routes, slots),
		"paths":      c.paths,
		"components": c.components.all,
	}
}

// outsideResponses refers to what is answered where no operation is asked for.
func outsideResponses(gateway *part) []any {
	var all []any
	for _, name := range []string{"RouteNotFound", "MethodNotAllowed", "Options", "HTTPError"} {
		if gateway.component(component{section: "responses", name: name}) != nil {
			all = append(all, object{"$ref": refPrefix + "responses/" + name})
		}
	}
	return all
}

// add adds the operation of one route and method.
func (c *composition) add(r config.Route, method string, slot, fallback *part) {
	if r.Upstream == "" {
		c.set(r, method, c.own(r, method))
		return
	}
	for _, p := range []*part{slot, fallback} {
		if p == nil {
			continue
		}
		if op := p.operation(method, r.Path); op != nil {
			c.set(r, method, c.carried(p, r.Upstream, op))
			return
		}
	}
	c.set(r, method, object{
		"summary":   fmt.Sprintf("Served by %s, which does not describe it", r.Upstream),
		"tags":      []any{r.Upstream},
		"responses": object{"default": object{"description": "What the service answers."}},
	})
}

func (c *composition) set(r config.Route, method string, op object) {
	c.paths[r.Path] = with(at(c.paths, r.Path), strings.ToLower(method), c.guarded(r, op))
}

// own returns an operation that the gateway itself answers.
func (c *composition) own(r config.Route, method string) object {
	op := c.gateway.operation(method, r.Path)
	if op == nil {
		return object{
			"summary":   "Answered by the gateway",
			"tags":      []any{c.gateway.name},
			"responses": object{"default": object{"description": "What the gateway answers."}},
		}
	}
	return c.unique(c.gateway.name, c.adopt(c.gateway, op))
}

// carried returns an operation of a slot, with what the gateway may answer in its place.
func (c *composition) carried(p *part, slot string, op object) object {
	op = c.adopt(p, op)
	op["tags"] = []any{slot}
	delete(op, "security") // who may do what is the gateway's to say
	delete(op, "servers")
	return c.unique(slot, c.withAnswers(op, everyOperation))
}

func (c *composition) adopt(p *part, op object) object {
	adopted, _ := c.components.adopt(p, op).(object)
	return adopted
}

// unique gives an operation another id if its own is taken.
func (c *composition) unique(slot string, op object) object {
	id := text(op, "operationId")
	if id == "" {
		return op
	}
	if c.ids[id] {
		id = slot + "." + id
		op["operationId"] = id
	}
	c.ids[id] = true
	return op
}

// either returns the response of which there are two: the service's and the gateway's own.
func (c *composition) either(a, b any) object {
	whole := &part{root: object{"components": c.components.all}}
	x, y := whole.resolve(a), whole.resolve(b)
	merged := maps.Clone(x)
	if merged == nil {
		merged = object{}
	}
	merged["description"] = strings.TrimSpace(text(x, "description") + " Or, by the gateway: " + text(y, "description"))
	merged["headers"] = eitherHeaders(whole, at(x, "headers"), at(y, "headers"))
	content := maps.Clone(at(x, "content"))
	if content == nil {
		content = object{}
	}
	for media, theirs := range at(y, "content") {
		o, _ := theirs.(object)
		if mine := at(content, media); mine != nil {
			content[media] = eitherContent(mine, o)
		} else {
			content[media] = o
		}
	}
	merged["content"] = content
	return merged
}

// eitherHeaders returns the headers of two responses. Only what both demand is demanded.
func eitherHeaders(whole *part, a, b object) object {
	merged := object{}
	for _, pair := range [][2]object{{a, b}, {b, a}} {
		for name, header := range pair[0] {
			if merged[name] != nil {
				continue
			}
			merged[name] = header
			if pair[1][name] == nil {
				optional := maps.Clone(whole.resolve(header))
				delete(optional, "required")
				merged[name] = optional
			}
		}
	}
	return merged
}

func eitherContent(a, b object) object {
	merged := maps.Clone(a)
	if a["schema"] != nil && b["schema"] != nil {
		merged["schema"] = object{"anyOf": []any{a["schema"], b["schema"]}}
	}
	examples := maps.Clone(at(a, "examples"))
	if examples == nil {
		examples = object{}
	}
	maps.Copy(examples, at(b, "examples"))
	if merged["example"] == nil && len(examples) > 0 {
		merged["examples"] = examples
	}
	return merged
}

// tags says what each slot is, in the order of the routes.
func (c *composition) tags(routes []config.Route, slots map[string]*part) []any {
	var tags []any
	var seen []string
	for _, r := range routes {
		if r.Upstream == "" || slices.Contains(seen, r.Upstream) {
			continue
		}
		seen = append(seen, r.Upstream)
		tag := object{"name": r.Upstream}
		if p := slots[r.Upstream]; p != nil {
			tag["description"] = text(at(p.root, "info"), "summary")
		}
		tags = append(tags, tag)
	}
	return append(tags, list(c.gateway.root, "tags")...)
}
