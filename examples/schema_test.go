package examples_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/schema"
	"github.com/glarimy/ums/shared/servicetest"
)

// waitsForTheSchema starts the filling on a database that tells of schemas for which it is not made, and then of one for which
// it is.
func (f filling) waitsForTheSchema(t *testing.T) {
	t.Helper()
	engine := enginetest.MySQL(t)
	db := servicetest.OpenDB(t, engine.URL)
	execute := func(statements ...string) {
		t.Helper()
		for _, statement := range statements {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	url := f.start(t, engine.URL)
	unready := func(why string) {
		t.Helper()
		if status, body := get(t, url+"/readyz"); status != http.StatusServiceUnavailable {
			t.Errorf("/readyz with %s: %d %s, want %d", why, status, body, http.StatusServiceUnavailable)
		}
	}
	unready("no schema at all")
	execute("CREATE TABLE schema_migrations (version BIGINT NOT NULL PRIMARY KEY, dirty BOOLEAN NOT NULL)",
		"CREATE TABLE ums_schema_floor (id TINYINT UNSIGNED NOT NULL PRIMARY KEY, min_version BIGINT UNSIGNED NOT NULL)",
		"INSERT INTO ums_schema_floor VALUES (1, 9)")
	unready("no version")
	execute("INSERT INTO schema_migrations VALUES (1, 0)")
	unready("a version that is too old")
	execute(fmt.Sprintf("UPDATE schema_migrations SET version = %d, dirty = 1", schema.Known))
	unready("a migration that was interrupted")
	execute(fmt.Sprintf("UPDATE ums_schema_floor SET min_version = %d", schema.Known+1),
		fmt.Sprintf("UPDATE schema_migrations SET version = %d, dirty = 0", schema.Known+1))
	unready("a version that is too new")
	execute("UPDATE ums_schema_floor SET min_version = 9")
	servicetest.Eventually(t, "the filling is ready", func() bool {
		status, _ := get(t, url+"/readyz")
		return status == http.StatusOK
	})
	execute("DROP TABLE schema_migrations")
	if status, body := get(t, url+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz after the schema was seen once: %d %s, want %d", status, body, http.StatusOK)
	}
}
