package userhttp_test

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/schema"
	"github.com/glarimy/ums/shared/userhttp"
)

func TestWhenReady(t *testing.T) {
	t.Parallel()
	db, err := database.Config{URL: "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "ums.db"))}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	execute := func(statement string) {
		t.Helper()
		err := db.InTx(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), statement)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	reached := 0
	handler := userhttp.WhenReady(schema.NewGate(db, schema.Options{Known: 9, Required: 9}),
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			reached++
			w.WriteHeader(http.StatusNoContent)
		}))
	get := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/user/a", nil))
		return w
	}
	refused := func(why string) {
		t.Helper()
		w := get()
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || reached > 0 ||
			!strings.Contains(w.Body.String(), problem.Unavailable.URI()) {
			t.Errorf("%s: %d %v %s", why, w.Code, w.Header(), w.Body)
		}
		if strings.Contains(w.Body.String(), "schema") {
			t.Errorf("%s: the problem tells of what is inside: %s", why, w.Body)
		}
	}
	refused("no schema")
	execute("CREATE TABLE schema_migrations (version INTEGER, dirty INTEGER)")
	execute("CREATE TABLE ums_schema_floor (id INTEGER, min_version INTEGER)")
	execute("INSERT INTO ums_schema_floor VALUES (1, 99)")
	execute("INSERT INTO schema_migrations VALUES (99, 0)")
	refused("a schema of the future")
	execute("UPDATE ums_schema_floor SET min_version = 9")
	if w := get(); w.Code != http.StatusNoContent || reached != 1 {
		t.Errorf("status = %d, want the handler's", w.Code)
	}
	execute("DROP TABLE schema_migrations")
	if w := get(); w.Code != http.StatusNoContent || reached != 2 {
		t.Errorf("status = %d after the schema was seen once, want the handler's", w.Code)
	}
}
