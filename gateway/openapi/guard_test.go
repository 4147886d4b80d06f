package openapi_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/shared/openapitest"
)

// described is what the tests look at of an operation.
type described struct {
	Security  []map[string][]string
	Responses map[string]any
}

func (d described) answers(status string) bool { return d.Responses[status] != nil }

// TestComposed_access checks that scopes are told where they are enforced, and limits where there are some.
func TestComposed_access(t *testing.T) {
	t.Parallel()
	for _, enforced := range []bool{false, true} {
		c := routes(t)
		c.Access.Open = !enforced
		c.Routes = slices.Clone(c.Routes)
		limited := slices.IndexFunc(c.Routes, func(r config.Route) bool { return r.Path == "/journal" })
		c.Routes[limited].RateLimit = "standard"
		body := get(t, describe(t, c, newFakes()).ServeJSON).Body.Bytes()
		openapitest.MustLoad(t, body)
		var w struct {
			Paths      map[string]map[string]described
			Components struct {
				SecuritySchemes map[string]any
				Responses       map[string]struct{ Headers map[string]any }
			}
		}
		if err := json.Unmarshal(body, &w); err != nil {
			t.Fatal(err)
		}
		overview, docs, journal := w.Paths["/user/{name}/overview"]["get"], w.Paths["/docs"]["get"], w.Paths["/journal"]["get"]
		if (len(w.Components.SecuritySchemes) == 2) != enforced {
			t.Errorf("enforced %t: security schemes %v", enforced, w.Components.SecuritySchemes)
		}
		for path, item := range w.Paths {
			for method, op := range item {
				asks := op.answers("401") && op.answers("403") && len(op.Security) == 2
				if open := path == "/docs" || path == "/openapi.json" || path == "/livez" || path == "/readyz"; asks != (enforced && !open) {
					t.Errorf("enforced %t: %s %s asks for credentials: %t", enforced, method, path, asks)
				}
			}
		}
		if enforced && !slices.Equal(overview.Security[0]["bearer"], []string{"users:read", "journal:read"}) {
			t.Errorf("the overview needs %v", overview.Security)
		}
		if docs.answers("429") || overview.answers("429") || !journal.answers("429") {
			t.Errorf("enforced %t: 429 is not where the limit is", enforced)
		}
		for name, response := range w.Components.Responses {
			if response.Headers["RateLimit"] == nil || response.Headers["X-Content-Type-Options"] == nil {
				t.Errorf("the response %s lacks a header of every answer: %v", name, response.Headers)
			}
		}
	}
}
