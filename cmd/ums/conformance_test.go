package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/glarimy/ums/conformance/contract"
	"github.com/glarimy/ums/conformance/contracttest"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/openapitest"
)

// TestConformance checks every clause of the contract on the whole system as it runs with nothing installed.
func TestConformance(t *testing.T) {
	t.Parallel()
	keep(t, start(t, t.TempDir(), patient(t, nil)).url)
}

// TestConformanceOnEngines is the same on the databases that an installation has.
func TestConformanceOnEngines(t *testing.T) {
	t.Parallel()
	keep(t, start(t, t.TempDir(), patient(t, map[string]string{
		"DATABASE_URL": enginetest.MySQL(t).URL,
		"REDIS_URL":    enginetest.Redis(t).URL,
	})).url)
}

// keep checks every clause, and each answer on the way against the OpenAPI document that the system gives out.
func keep(t *testing.T, url string) {
	t.Helper()
	status, body := call(t, http.MethodGet, url+"/openapi.json", "")
	if status != http.StatusOK {
		t.Fatalf("GET /openapi.json: %d %s", status, body)
	}
	document := openapitest.MustLoad(t, []byte(body))
	var observed atomic.Int64
	contracttest.RunWith(t, contract.All, contract.Options{URL: url, Observe: func(e contract.Exchange) {
		observed.Add(1)
		err := document.Check(openapitest.Exchange{
			Method: e.Method, Target: e.Target, RequestHeader: e.RequestHeader, RequestBody: e.RequestBody,
			Status: e.Status, Header: e.Header, Body: e.Body,
		})
		if err != nil {
			t.Errorf("not as the OpenAPI document promises: %v", err)
		}
	}})
	t.Logf("%d answers held against the OpenAPI document", observed.Load())
}

// TestOpenAPIIsServed checks that the document is composed of what the services say of themselves. One that is too slow for the
// gateway's patience is asked again some seconds later.
func TestOpenAPIIsServed(t *testing.T) {
	t.Parallel()
	url := start(t, t.TempDir(), nil).url
	for _, slot := range []string{"find", "add", "search", "journal"} {
		eventually(t, "the part of "+slot+" is served", func() bool {
			var document struct {
				Sources map[string]string `json:"x-sources"`
			}
			if _, body := call(t, http.MethodGet, url+"/openapi.json", ""); json.Unmarshal([]byte(body), &document) != nil {
				t.Fatal(body)
			}
			return document.Sources[slot] == "served"
		})
	}
	if status, page := call(t, http.MethodGet, url+"/docs", ""); status != http.StatusOK || !strings.Contains(page, "</html>") {
		t.Errorf("GET /docs: %d %s", status, page)
	}
}
