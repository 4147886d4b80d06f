package add_test

import (
	"testing"

	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/shared/openapitest"
)

// TestOpenAPIHasEveryRoute keeps the routes and the document together.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	t.Parallel()
	openapitest.MustLoad(t, []byte(add.OpenAPI)).WantRoutes(t, add.Router().Router)
}
