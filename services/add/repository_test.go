package add_test

import (
	"testing"

	"github.com/glarimy/ums/migrations/migrationstest"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/userdb/userdbtest"
)

// TestRepository runs the repository's suite on the schema that the migrations make. It stands here because shared,
// where the suite is, lies below the migrations.
func TestRepository(t *testing.T) {
	t.Parallel()
	for name, engine := range map[string]func(testing.TB) *enginetest.SQL{"MySQL": enginetest.MySQL, "SQLite": enginetest.SQLite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			userdbtest.Run(t, func(tb testing.TB) *database.DB { return migrated(tb, engine(tb).URL) })
		})
	}
}

// migrated opens a database and gives it the newest schema.
func migrated(tb testing.TB, raw string) *database.DB {
	tb.Helper()
	migrationstest.Up(tb, raw)
	return servicetest.OpenDB(tb, raw)
}
