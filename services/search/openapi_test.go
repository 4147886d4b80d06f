package search_test

import (
	"testing"

	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/openapitest"
)

// TestOpenAPIHasEveryRoute keeps the routes and the document together.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	t.Parallel()
	openapitest.MustLoad(t, []byte(search.OpenAPI)).WantRoutes(t, search.Router().Router)
}
