package dataset

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/userdb"
)

// server is a MySQL server, and the database on it that is the benchmark's.
type server struct {
	config  *mysql.Config
	db      *sql.DB
	created string
}

// openServer reads mysql://user:password@tcp(host:port)/, with or without the name of a database, which stays untouched.
func openServer(rawURL string) (*server, error) {
	dsn, ok := strings.CutPrefix(rawURL, "mysql://")
	config, err := mysql.ParseDSN(dsn)
	if !ok || err != nil {
		return nil, errors.New("the database's URL is not of the form mysql://user:password@tcp(host:port)/")
	}
	config.DBName = ""
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("the database's URL: %w", err)
	}
	return &server{config: config, db: sql.OpenDB(connector)}, nil
}

// createDatabase returns the URL of the new database.
func (s *server) createDatabase(ctx context.Context) (string, error) {
	name := "ums_bench_" + strings.ToLower(rand.Text())
	if _, err := s.db.ExecContext(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4"); err != nil {
		return "", fmt.Errorf("create the benchmark's database: %w", err)
	}
	s.created = name
	config := s.config.Clone()
	config.DBName = name
	return "mysql://" + config.FormatDSN(), nil
}

// EmptyDatabase makes a database of a name of its own on the server of mysql://user:password@tcp(host:port)/, and returns its
// URL and what removes it.
func EmptyDatabase(ctx context.Context, serverURL string) (url string, remove func(context.Context) error, err error) {
	s, err := openServer(serverURL)
	if err != nil {
		return "", nil, err
	}
	if url, err = s.createDatabase(ctx); err != nil {
		return "", nil, errors.Join(err, s.close(ctx))
	}
	return url, s.close, nil
}

func (s *server) version(ctx context.Context) (string, error) {
	var version string
	if err := s.db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return "", fmt.Errorf("ask the database for its version: %w", err)
	}
	if number, _, ok := strings.Cut(version, "-MariaDB"); ok {
		return "MariaDB " + number, nil
	}
	return "MySQL " + version, nil
}

func (s *server) close(ctx context.Context) error {
	var err error
	if s.created != "" {
		if _, err = s.db.ExecContext(ctx, "DROP DATABASE "+s.created); err != nil {
			err = fmt.Errorf("drop the benchmark's database %s: %w", s.created, err)
		}
	}
	return errors.Join(err, s.db.Close())
}

// fill migrates the database and adds the users in one transaction.
func fill(ctx context.Context, rawURL string, users []user.User) (err error) {
	url, err := database.ParseURL(rawURL, "")
	if err != nil {
		return err
	}
	migrator, err := migrations.New(url, migrations.Options{})
	if err != nil {
		return err
	}
	if _, err := migrator.Up(ctx, migrations.All); err != nil {
		return err
	}
	db, err := database.Open(url, database.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.InTx(ctx, func(tx *sql.Tx) error {
		repository := userdb.New(tx, url.Dialect())
		for _, u := range users {
			if err := repository.Add(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
}
