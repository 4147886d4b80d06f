// Package migrationstest gives the databases of tests the schema that the migrations make.
package migrationstest

import (
	"testing"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/database"
)

// Up gives the database of a URL the newest schema.
func Up(tb testing.TB, raw string) {
	tb.Helper()
	url, err := database.ParseURL(raw, "")
	if err != nil {
		tb.Fatal(err)
	}
	migrator, err := migrations.New(url, migrations.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := migrator.Up(tb.Context(), migrations.All); err != nil {
		tb.Fatal(err)
	}
}
