package migrations

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/golang-migrate/migrate/v4/source"

	"github.com/glarimy/ums/shared/database"
)

//go:embed mysql/*.sql sqlite/*.sql
var embedded embed.FS

// Files returns the migrations of a dialect as this program was built with them: the same files that lie in the
// folder mysql or sqlite beside this source.
func Files(d database.Dialect) (fs.FS, error) {
	return fs.Sub(embedded, d.String())
}

// Migration is one step of the schema.
type Migration struct {
	Version uint64
	Name    string // such as create_users
	Up      string // the statement that takes the step
	Down    string // the statement that undoes it
}

// String returns the name of the migration's files up to their endings, such as 000001_create_users.
func (m Migration) String() string { return fmt.Sprintf("%06d_%s", m.Version, m.Name) }

// Read returns the migrations in the root folder of files, by version. Every one must have both its directions.
func Read(files fs.FS) ([]Migration, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	found := map[uint64]Migration{}
	for _, entry := range entries {
		file, err := source.DefaultParse(entry.Name())
		if err != nil {
			continue // not a migration, as golang-migrate sees it too
		}
		body, err := fs.ReadFile(files, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read the migrations: %w", err)
		}
		m, err := found[uint64(file.Version)].with(file, string(body))
		if err != nil {
			return nil, err
		}
		found[m.Version] = m
	}
	return sorted(found)
}

// with returns m with one of its directions filled in.
func (m Migration) with(file *source.Migration, body string) (Migration, error) {
	if m.Name != "" && m.Name != file.Identifier {
		return m, fmt.Errorf("migration %d has two names: %s and %s", file.Version, m.Name, file.Identifier)
	}
	m.Version, m.Name = uint64(file.Version), file.Identifier
	direction := &m.Up
	if file.Direction == source.Down {
		direction = &m.Down
	}
	if *direction != "" {
		return m, fmt.Errorf("migration %s has two files for %s", m, file.Direction)
	}
	*direction = body
	return m, nil
}

func sorted(found map[uint64]Migration) ([]Migration, error) {
	var set []Migration
	for _, m := range found {
		if m.Up == "" || m.Down == "" {
			return nil, fmt.Errorf("migration %s lacks its up or its down", m)
		}
		set = append(set, m)
	}
	if len(set) == 0 {
		return nil, errors.New("there are no migrations")
	}
	slices.SortFunc(set, func(a, b Migration) int { return cmp.Compare(a.Version, b.Version) })
	return set, nil
}
