package search_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/openapitest"
)

// TestOpenAPIHasEveryRoute keeps the routes and the document together.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	t.Parallel()
	openapitest.MustLoad(t, []byte(search.OpenAPI)).WantRoutes(t, search.Router().Router)
}

// TestOpenAPIRefuses keeps the numbers of the document and those of the service together: either takes a query, or both
// refuse it.
func TestOpenAPIRefuses(t *testing.T) {
	t.Parallel()
	document := openapitest.MustLoad(t, []byte(search.OpenAPI))
	s := start(t, newBackend(t, enginetest.SQLite(t)), options{})
	names := func(n int) string { return strings.Repeat("&name=KrishnaMohan", n)[1:] }
	for _, query := range []string{
		"", "limit=1", "limit=500", "limit=0", "limit=501", "limit=-1", "limit=x", "limit=1.5",
		names(100), names(101), "name=Krishna", "name=" + strings.Repeat("K", 32), "name=" + strings.Repeat("K", 33),
		"name=Krishna%E2%80%AEMohan", "name_prefix=K", "name_prefix=" + strings.Repeat("K", 32),
		"name_prefix=" + strings.Repeat("K", 33), "phone=9000000000", "phone=8999999999", "phone=999999999999999",
		"phone=1000000000000000", "phone=x", "phone_prefix=9", "phone_prefix=0", "phone_prefix=x",
		"phone_prefix=" + strings.Repeat("9", 15), "phone_prefix=" + strings.Repeat("9", 16),
		"since_from=2022-09-12T10:00:00Z", "since_from=2022-09-12", "since_to=2022-09-12T10:00:00.123456%2B05:30",
		"since_to=2022-09-12T10:00", "cursor=!", "sort=name",
	} {
		got := s.send(t, http.MethodGet, "/user?"+query)
		err := document.CheckRequest(openapitest.Exchange{Method: http.MethodGet, Target: "/user?" + query})
		if (err == nil) != (got.status == http.StatusOK) {
			t.Errorf("%.80s: the service answers %d, and the document says %v", query, got.status, err)
		}
	}
}
