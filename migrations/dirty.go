package migrations

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/glarimy/ums/shared/schema"
)

// kind is a sort of object that a migration makes.
type kind string

const (
	kindTable  kind = "table"
	kindIndex  kind = "index"
	kindColumn kind = "column"
	kindFloor  kind = "floor" // a row rather than an object: the floor is at least so high
)

// object is what a migration makes. As every migration makes one, looking for it tells whether the migration happened.
type object struct {
	kind  kind
	name  string
	table string // of a column
	floor uint64
}

func (o object) String() string {
	if o.kind == kindFloor {
		return fmt.Sprintf("floor of %d", o.floor)
	}
	return string(o.kind) + " " + o.name
}

// advise looks for what the migrations around a dirty version make, and says what to do.
//
// golang-migrate writes the version that it goes to, so a dirty version V is an interrupted way up from the one before
// V, or down from the one after it. Whichever it was, the schema is at the newest of the three whose object is there.
func (m *Migrator) advise(ctx context.Context, conn schema.Querier, at schema.State) string {
	if known := m.Known(); at.Version > known {
		return fmt.Sprintf("this program knows only %d: use the newer program, which says what to do", known)
	}
	var last Migration
	for _, c := range around(m.set, at.Version) {
		o, ok := c.object()
		if !ok {
			return fmt.Sprintf("look into the database whether %s has happened, then %s", c, forceReal)
		}
		there, err := m.there(ctx, conn, o, at)
		if err != nil {
			return fmt.Sprintf("look whether the %s is there (%v), then %s", o, err, forceReal)
		}
		if there {
			return fmt.Sprintf("the %s is there, so %s is in place: run `migrate force %d` and go on", o, c, c.Version)
		}
		last = c
	}
	o, _ := last.object()
	return fmt.Sprintf("the %s is not there, so %s is not in place: run `migrate force %s` and go on",
		o, last, forced(before(m.set, last.Version)))
}

// forceReal ends the advice of those who must look for themselves.
const forceReal = "run `migrate force V` with the version that the schema is really at"

func (m *Migrator) there(ctx context.Context, conn schema.Querier, o object, at schema.State) (bool, error) {
	if o.kind == kindFloor {
		return at.Floor >= o.floor, nil
	}
	return m.engine.exists(ctx, conn, o)
}

// around returns the migration after a version, if there is one, and that of the version, if it is not the empty schema.
func around(set []Migration, version uint64) []Migration {
	i := slices.IndexFunc(set, func(m Migration) bool { return m.Version >= version })
	if set[i].Version == version && i+1 < len(set) {
		return []Migration{set[i+1], set[i]}
	}
	return set[i : i+1]
}

// before returns the version that a schema is at before the migration of the given version, 0 for the first.
func before(set []Migration, version uint64) uint64 {
	var last uint64
	for _, m := range set {
		if m.Version < version {
			last = m.Version
		}
	}
	return last
}

// forced is how force takes a version.
func forced(version uint64) string {
	if version == 0 {
		return "-1"
	}
	return strconv.FormatUint(version, 10)
}

// object returns what the migration makes, or false where its statement is of another form.
func (m Migration) object() (object, bool) {
	var (
		comment = regexp.MustCompile(`(?m)^\s*--.*$`)
		table   = regexp.MustCompile(`(?is)^CREATE TABLE (\w+)`)
		index   = regexp.MustCompile(`(?is)^CREATE (?:UNIQUE )?INDEX (\w+)`)
		column  = regexp.MustCompile(`(?is)^ALTER TABLE (\w+) ADD COLUMN (\w+)`)
		floor   = regexp.MustCompile(`(?is)^(?:INSERT INTO|UPDATE) ums_schema_floor\b.*?(\d+)\D*(?:WHERE id = 1)?;$`)
	)
	statement := strings.TrimSpace(comment.ReplaceAllString(m.Up, ""))
	if found := table.FindStringSubmatch(statement); found != nil {
		return object{kind: kindTable, name: found[1]}, true
	}
	if found := index.FindStringSubmatch(statement); found != nil {
		return object{kind: kindIndex, name: found[1]}, true
	}
	if found := column.FindStringSubmatch(statement); found != nil {
		return object{kind: kindColumn, table: found[1], name: found[2]}, true
	}
	if found := floor.FindStringSubmatch(statement); found != nil {
		version, err := strconv.ParseUint(found[1], 10, 64)
		return object{kind: kindFloor, floor: version}, err == nil
	}
	return object{}, false
}

// exists runs a query that counts.
func exists(ctx context.Context, conn schema.Querier, query string, args ...any) (bool, error) {
	var n int
	err := conn.QueryRowContext(ctx, query, args...).Scan(&n)
	return n > 0, err
}
