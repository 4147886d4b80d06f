package journal_test

import (
	"testing"

	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/openapitest"
)

// TestOpenAPIHasEveryRoute keeps the routes and the document together.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	t.Parallel()
	openapitest.MustLoad(t, []byte(journal.OpenAPI)).WantRoutes(t, journal.Router().Router)
}
