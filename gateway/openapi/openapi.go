// Package openapi describes all that the gateway serves in one OpenAPI document, composed of what the services say of
// themselves, and shows it as a page.
//
// A slot's part is what its filling tells at /openapi.yaml, so that a service in another language describes itself. Where
// it tells nothing, or cannot be reached, the default contract of the slot stands in: a filling must keep it anyway. The
// document is therefore always whole.
package openapi

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/shared/document"
)

// defaults are copies of services/*/openapi.yaml, as a module cannot embed what lies outside of it. A test compares them.
//
//go:generate cp ../../services/find/openapi.yaml defaults/find.yaml
//go:generate cp ../../services/add/openapi.yaml defaults/add.yaml
//go:generate cp ../../services/search/openapi.yaml defaults/search.yaml
//go:generate cp ../../services/journal/openapi.yaml defaults/journal.yaml
//go:embed defaults/*.yaml
var defaults embed.FS

//go:embed gateway.yaml
var gatewayYAML []byte

// Where a slot's part of the document is from.
const (
	served    = "served"  // the service told it
	byDefault = "default" // the service did not: it is the contract of the slot
	absent    = "none"    // neither
)

// rendering is one composed document in both of its forms.
type rendering struct {
	json, page *document.Document
}

// composer makes renderings of what the slots say.
type composer struct {
	config   config.Config
	gateway  *part
	defaults map[string]*part
}

func newComposer(c config.Config) (*composer, error) {
	own, err := newPart("gateway", gatewayYAML)
	if err != nil {
		return nil, fmt.Errorf("the gateway's own OpenAPI document: %w", err)
	}
	contracts := map[string]*part{}
	for _, u := range c.Upstreams {
		data, err := defaults.ReadFile("defaults/" + u.Slot + ".yaml")
		if err != nil {
			continue // a slot of the operator's own
		}
		if contracts[u.Slot], err = newPart(u.Slot, data); err != nil {
			return nil, fmt.Errorf("the default contract of the slot %s: %w", u.Slot, err)
		}
	}
	return &composer{config: c, gateway: own, defaults: contracts}, nil
}

// render composes a document. told has what the slots say, where they say something.
func (c *composer) render(told map[string]*part) (*rendering, error) {
	parts, sources := map[string]*part{}, object{}
	for _, u := range c.config.Upstreams {
		switch {
		case told[u.Slot] != nil:
			parts[u.Slot], sources[u.Slot] = told[u.Slot], served
		case c.defaults[u.Slot] != nil:
			parts[u.Slot], sources[u.Slot] = c.defaults[u.Slot], byDefault
		default:
			sources[u.Slot] = absent
		}
	}
	routes := append(slices.Clone(c.config.Routes), probes()...)
	composed := compose(routes, c.config, c.gateway, parts, c.defaults)
	composed["x-sources"] = sources
	data, err := json.Marshal(composed)
	if err != nil {
		return nil, fmt.Errorf("encode the OpenAPI document: %w", err)
	}
	page, err := renderPage(routes, composed)
	if err != nil {
		return nil, err
	}
	return &rendering{json: document.New("application/json", data), page: page}, nil
}

// probes are served whatever the configuration says.
func probes() []config.Route {
	return []config.Route{
		{Path: "/livez", Methods: []string{http.MethodGet}}, {Path: "/readyz", Methods: []string{http.MethodGet}},
	}
}
