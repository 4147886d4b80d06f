package database

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// URL says which database to use. It is golang-migrate's own form, so that its command line takes the same text:
//
//	mysql://user:password@tcp(host:3306)/glarimy?tls=true
//	sqlite://data/ums.db      a file relative to the working directory
//	sqlite:///var/lib/ums.db  a file at an absolute path
//
// User and password are percent-encoded. Parameters that begin with x- are golang-migrate's; of these, only those
// about TLS (x-tls-ca, x-tls-cert, x-tls-key, x-tls-insecure-skip-verify) matter to a connection of ours.
type URL struct {
	dialect Dialect
	mysql   *mysql.Config // MySQL alone
	path    string        // SQLite alone
	migrate string
}

// ParseURL reads a database URL. A password that is not empty takes the place of the URL's own.
// Errors never hold the password.
func ParseURL(raw, password string) (URL, error) {
	scheme, rest, found := strings.Cut(raw, "://")
	switch {
	case raw == "":
		return URL{}, errors.New("the database URL is empty: set DATABASE_URL to mysql://… or sqlite://…")
	case found && scheme == "mysql":
		return parseMySQL(rest, password)
	case found && scheme == "sqlite":
		return parseSQLite(rest)
	default:
		return URL{}, errors.New("the database URL must begin with mysql:// or sqlite://")
	}
}

// Dialect returns which database speaks behind the URL.
func (u URL) Dialect() Dialect { return u.dialect }

// Path returns the database's file, for SQLite alone.
func (u URL) Path() string { return u.path }

// MySQL returns a copy of how to connect, for MySQL alone. It holds the password.
func (u URL) MySQL() *mysql.Config { return u.mysql.Clone() }

// Migrate returns the URL as golang-migrate takes it. It holds the password: never print it.
func (u URL) Migrate() string { return u.migrate }

// String returns the URL without user and password, for people and logs.
func (u URL) String() string {
	if u.dialect == SQLite {
		return "sqlite://" + u.path
	}
	if u.mysql == nil {
		return ""
	}
	return fmt.Sprintf("mysql://%s(%s)/%s", u.mysql.Net, u.mysql.Addr, u.mysql.DBName)
}

// GoString is as String, so that no verb prints the password.
func (u URL) GoString() string { return u.String() }

func parseSQLite(rest string) (URL, error) {
	path, query, _ := strings.Cut(rest, "?")
	if path == "" || path == ":memory:" || strings.HasSuffix(path, "/") {
		return URL{}, errors.New("the database URL names no file: write sqlite://path/ums.db")
	}
	migrate := "sqlite://" + path
	if query != "" {
		migrate += "?" + query
	}
	return URL{dialect: SQLite, path: path, migrate: migrate}, nil
}

func parseMySQL(rest, password string) (URL, error) {
	address, query, _ := strings.Cut(rest, "?")
	params, err := url.ParseQuery(query)
	if err != nil {
		return URL{}, errors.New("the parameters of the database URL are not well-formed")
	}
	config, err := mysql.ParseDSN(address + "?" + ownParameters(params).Encode())
	if err == nil && config.Net == "tcp" {
		_, _, err = net.SplitHostPort(config.Addr)
	}
	if err != nil {
		return URL{}, errors.New("the database URL is not of the form mysql://user:password@tcp(host:3306)/database")
	}
	if config.DBName == "" {
		return URL{}, errors.New("the database URL names no database: write mysql://user:password@tcp(host:3306)/database")
	}
	if config.User, err = url.QueryUnescape(config.User); err != nil {
		return URL{}, errors.New("the user in the database URL is not percent-encoded correctly")
	}
	if config.Passwd, err = url.QueryUnescape(config.Passwd); err != nil {
		return URL{}, errors.New("the password in the database URL is not percent-encoded correctly")
	}
	if password != "" {
		config.Passwd = password
	}
	if config.TLS, err = tlsConfig(params); err != nil {
		return URL{}, err
	}
	return URL{dialect: MySQL, mysql: config, migrate: migrateMySQL(config, params)}, nil
}

// ownParameters leaves out what is golang-migrate's alone, a TLS configuration that the x-tls parameters describe, and
// the character set, which is set for every connection.
func ownParameters(params url.Values) url.Values {
	own := url.Values{}
	for key, values := range params {
		if strings.HasPrefix(key, "x-") || key == "tls" && params.Has("x-tls-ca") || key == "charset" || key == "collation" {
			continue
		}
		own[key] = values
	}
	return own
}

func migrateMySQL(config *mysql.Config, params url.Values) string {
	var b strings.Builder
	b.WriteString("mysql://")
	if config.User != "" {
		b.WriteString(url.QueryEscape(config.User))
		if config.Passwd != "" {
			b.WriteString(":" + url.QueryEscape(config.Passwd))
		}
		b.WriteString("@")
	}
	fmt.Fprintf(&b, "%s(%s)/%s", config.Net, config.Addr, url.PathEscape(config.DBName))
	if len(params) > 0 {
		b.WriteString("?" + params.Encode())
	}
	return b.String()
}

// tlsConfig reads golang-migrate's x-tls parameters, which name a private authority and a client's certificate.
// It returns nil where x-tls-ca is absent: then the driver's own tls parameter decides.
func tlsConfig(params url.Values) (*tls.Config, error) {
	ca := params.Get("x-tls-ca")
	if ca == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("read the authority that x-tls-ca in the database URL names: %w", err)
	}
	unverified := false
	if v := params.Get("x-tls-insecure-skip-verify"); v != "" {
		if unverified, err = strconv.ParseBool(v); err != nil {
			return nil, errors.New("x-tls-insecure-skip-verify in the database URL must be true or false")
		}
	}
	config := &tls.Config{
		RootCAs:            x509.NewCertPool(),
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: unverified, // the operator asks for it by golang-migrate's own parameter
	}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the file %s, which x-tls-ca in the database URL names, holds no certificate", ca)
	}
	cert, key := params.Get("x-tls-cert"), params.Get("x-tls-key")
	if cert == "" && key == "" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("load x-tls-cert and x-tls-key of the database URL: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
