package find_test

import (
	"testing"

	"github.com/glarimy/ums/services/find"
	"github.com/glarimy/ums/shared/openapitest"
)

// TestOpenAPIHasEveryRoute keeps the routes and the document together.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	t.Parallel()
	openapitest.MustLoad(t, []byte(find.OpenAPI)).WantRoutes(t, find.Router().Router)
}
