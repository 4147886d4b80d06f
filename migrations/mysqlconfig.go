package migrations

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/glarimy/ums/shared/database"
)

// versionTable is golang-migrate's own. The services read it by this name.
const versionTable = "schema_migrations"

// migrateParams are those of golang-migrate's parameters in a database URL that are kept to.
type migrateParams struct {
	noLock           bool          // x-no-lock: for clusters that have no GET_LOCK; MySQL alone
	statementTimeout time.Duration // x-statement-timeout in milliseconds; MySQL alone
}

func parseMigrateParams(params url.Values) (p migrateParams, err error) {
	if table := params.Get("x-migrations-table"); table != "" && table != versionTable {
		return p, fmt.Errorf("x-migrations-table in the database URL must be %s, which the services read", versionTable)
	}
	if v := params.Get("x-no-lock"); v != "" {
		if p.noLock, err = strconv.ParseBool(v); err != nil {
			return p, errors.New("x-no-lock in the database URL must be true or false")
		}
	}
	if v := params.Get("x-statement-timeout"); v != "" {
		ms, err := strconv.ParseUint(v, 10, 31)
		if err != nil {
			return p, errors.New("x-statement-timeout in the database URL must be a number of milliseconds")
		}
		p.statementTimeout = time.Duration(ms) * time.Millisecond
	}
	return p, nil
}

// mysqlConfig returns how to connect for changing the schema: as the services do, but a statement may take hours.
func mysqlConfig(u database.URL) (*mysql.Config, migrateParams, error) {
	_, query, _ := strings.Cut(u.Migrate(), "?")
	params, err := url.ParseQuery(query)
	if err != nil {
		return nil, migrateParams{}, errors.New("the parameters of the database URL are not well-formed")
	}
	own, err := parseMigrateParams(params)
	if err != nil {
		return nil, own, err
	}
	config := u.MySQL()
	config.Timeout = cmp.Or(config.Timeout, connectTimeout)
	config.ReadTimeout, config.WriteTimeout = 0, 0
	config.MultiStatements = false     // a file holds one statement; a second one is a mistake
	config.Logger = &mysql.NopLogger{} // what it would print is in the errors too
	return config, own, nil
}
