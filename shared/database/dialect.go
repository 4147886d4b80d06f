package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dialect is all that differs between the databases. Everything else is SQL that both speak.
type Dialect int

// The databases that UMS runs on. MySQL stands for every server that speaks its protocol, MariaDB included.
const (
	MySQL Dialect = iota + 1
	SQLite
)

func (d Dialect) String() string {
	switch d {
	case MySQL:
		return "mysql"
	case SQLite:
		return "sqlite"
	default:
		return "no database"
	}
}

// ForUpdate returns the clause that makes a SELECT lock its rows, with a space before it. SQLite needs none: a
// transaction that writes holds the whole database from its start.
func (d Dialect) ForUpdate() string {
	if d == SQLite {
		return ""
	}
	return " FOR UPDATE"
}

// sqliteTime is fixed in width, so that text sorts as time does.
const sqliteTime = "2006-01-02T15:04:05.000000Z"

// Time returns t as a statement's argument. It must be in whole microseconds: DATETIME(6) would round the rest.
func (d Dialect) Time(t time.Time) any {
	t = t.UTC().Truncate(time.Microsecond)
	if d == SQLite {
		return t.Format(sqliteTime)
	}
	return t
}

// Time scans a moment as either database returns it, in UTC.
type Time struct {
	time.Time
}

// Scan implements [database/sql.Scanner].
func (t *Time) Scan(value any) error {
	switch v := value.(type) {
	case time.Time:
		t.Time = v.UTC()
		return nil
	case string:
		return t.parse(v)
	case []byte:
		return t.parse(string(v))
	default:
		return fmt.Errorf("a moment was stored as %T", value)
	}
}

func (t *Time) parse(s string) (err error) {
	t.Time, err = time.Parse(sqliteTime, s)
	return err
}

// Numbers of MySQL's errors (Server Error Message Reference).
const (
	mysqlDuplicateEntry  = 1062
	mysqlLockWaitTimeout = 1205
	mysqlDeadlock        = 1213
	mysqlServerGone      = 1053 // the server is shutting down
	mysqlInterrupted     = 1317 // an operator killed the statement
	mysqlKilled          = 1927 // MariaDB: an operator killed the connection
	mysqlTooManyConns    = 1040
	mysqlTooManyUserConn = 1203
	mysqlReadOnly        = 1290
	mysqlReadOnlyMode    = 1836
	mysqlCheckRecord     = 1020 // MariaDB: the record has changed since it was last read
	mysqlNotCertified    = 3101 // a cluster rolled back at COMMIT, as another member changed the same
	mysqlDiskFull        = 1021
	mysqlTableFull       = 1114 // or the disk that it is on
	mysqlNull            = 1048
	mysqlOutOfRange      = 1264
	mysqlIncorrectTime   = 1292
	mysqlIncorrectValue  = 1366
	mysqlDataTooLong     = 1406
	mysqlCheck           = 3819
	mariaDBCheck         = 4025
)

// sqlitePrimary masks one of SQLite's extended codes to its primary one.
const sqlitePrimary = 0xff

// IsDuplicate reports whether err says that a row with the same key exists.
func IsDuplicate(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number == mysqlDuplicateEntry
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
	}
	return false
}

// IsUnstorable reports whether err says that a value does not fit its column, or breaks a CHECK: the same row will never
// be stored, whatever becomes of the database.
func IsUnstorable(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		switch e.Number {
		case mysqlNull, mysqlOutOfRange, mysqlIncorrectTime, mysqlIncorrectValue, mysqlDataTooLong, mysqlCheck, mariaDBCheck:
			return true
		}
		return false
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() {
		case sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.SQLITE_CONSTRAINT_NOTNULL, sqlite3.SQLITE_CONSTRAINT_DATATYPE,
			sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
			return true
		}
	}
	return false
}

// IsContention reports whether err says that the transaction lost to others and was rolled back, or must be: a
// deadlock, a lock that was not to be had in time, a busy SQLite. The same transaction may well succeed a moment later.
func IsContention(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		switch e.Number {
		case mysqlDeadlock, mysqlLockWaitTimeout, mysqlCheckRecord, mysqlNotCertified:
			return true
		}
		return false
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&sqlitePrimary == sqlite3.SQLITE_BUSY || e.Code()&sqlitePrimary == sqlite3.SQLITE_LOCKED
	}
	return false
}

// IsUnavailable reports whether err says that the database cannot be reached or cannot serve now, rather than that it
// refuses this statement.
func IsUnavailable(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		switch e.Number {
		case mysqlServerGone, mysqlInterrupted, mysqlKilled, mysqlTooManyConns, mysqlTooManyUserConn,
			mysqlReadOnly, mysqlReadOnlyMode, mysqlDiskFull, mysqlTableFull:
			return true
		}
		return false
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & sqlitePrimary {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return true
		}
		return false
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}
