package add_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/shared/openapitest"
)

// TestOpenAPIHasEveryRoute keeps the routes and the document together.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	t.Parallel()
	openapitest.MustLoad(t, []byte(add.OpenAPI)).WantRoutes(t, add.Router().Router)
}

// TestOpenAPIRefuses keeps the document's form of keys and that of the service together.
func TestOpenAPIRefuses(t *testing.T) {
	t.Parallel()
	document := openapitest.MustLoad(t, []byte(add.OpenAPI))
	s := start(t, onSQLite(t), options{})
	for i, key := range []string{
		"k", strings.Repeat("k", 255), strings.Repeat("k", 256), `"quoted"`, `"` + strings.Repeat("q", 255) + `"`,
		`"` + strings.Repeat("q", 256) + `"`, `"`, `""`, `"open`, `"a"b"`, "a b", "a\tb", "é", `"a\b"`, "a,b", `k"`,
	} {
		body := draft(fmt.Sprintf("Krishna %d.", i+10))
		header := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {key}}
		got := s.send(t, http.MethodPost, "/user", body, "Idempotency-Key", key)
		err := document.CheckRequest(openapitest.Exchange{
			Method: http.MethodPost, Target: "/user", RequestHeader: header, RequestBody: []byte(body),
		})
		if (err == nil) != (got.status == http.StatusCreated) {
			t.Errorf("%.40q: the service answers %d, and the document says %v", key, got.status, err)
		}
	}
}
