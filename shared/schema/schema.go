// Package schema knows which version of the database's schema this source tree needs, and tells a service when the
// database has it.
//
// The migrations module owns the schema; services never migrate. They only read the two tables in which migrations
// say how far they have come: golang-migrate's schema_migrations(version, dirty), and ums_schema_floor(min_version),
// which says how old a program may be that works on this schema. So an older service starts beside a newer schema as
// long as the floor allows it, and rolling back a release needs no migration.
package schema

const (
	// Known is the newest version that this source tree has a migration for.
	// A test of the migrations module holds it against the files.
	Known uint64 = 17

	// Required is the oldest version that the services of this source tree can work with. It is smaller than Known
	// as long as the newest migrations only prepare something that no service uses yet.
	Required uint64 = 17
)
