package database_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/glarimy/ums/shared/database"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		raw, password string
		dialect       database.Dialect
		text          string // for people
		path          string
		migrate       string
	}{
		"MySQL": {
			raw: "mysql://ums:s3cret@tcp(db:3307)/glarimy", dialect: database.MySQL,
			text: "mysql://tcp(db:3307)/glarimy", migrate: "mysql://ums:s3cret@tcp(db:3307)/glarimy",
		},
		"the usual port": {
			raw: "mysql://ums:s3cret@tcp(db)/glarimy", dialect: database.MySQL,
			text: "mysql://tcp(db:3306)/glarimy", migrate: "mysql://ums:s3cret@tcp(db:3306)/glarimy",
		},
		"no password": {
			raw: "mysql://ums@tcp(db:3306)/glarimy", dialect: database.MySQL,
			text: "mysql://tcp(db:3306)/glarimy", migrate: "mysql://ums@tcp(db:3306)/glarimy",
		},
		"nobody": {
			raw: "mysql://tcp(db:3306)/glarimy", dialect: database.MySQL,
			text: "mysql://tcp(db:3306)/glarimy", migrate: "mysql://tcp(db:3306)/glarimy",
		},
		"a password of its own variable": {
			raw: "mysql://ums@tcp(db:3306)/glarimy", password: "p@ss/w:rd?%", dialect: database.MySQL,
			text: "mysql://tcp(db:3306)/glarimy", migrate: "mysql://ums:p%40ss%2Fw%3Ard%3F%25@tcp(db:3306)/glarimy",
		},
		"a password that takes the other's place": {
			raw: "mysql://ums:old@tcp(db:3306)/glarimy", password: "new", dialect: database.MySQL,
			text: "mysql://tcp(db:3306)/glarimy", migrate: "mysql://ums:new@tcp(db:3306)/glarimy",
		},
		"percent-encoded": {
			raw: "mysql://u%40s:p%40s%2Fs%3Aw%3Fr%25d@tcp(db:3306)/glarimy", dialect: database.MySQL,
			text: "mysql://tcp(db:3306)/glarimy", migrate: "mysql://u%40s:p%40s%2Fs%3Aw%3Fr%25d@tcp(db:3306)/glarimy",
		},
		"not encoded where it need not be": {
			raw: "mysql://ums:p@s:s!@tcp(db:3306)/glarimy", dialect: database.MySQL,
			text: "mysql://tcp(db:3306)/glarimy", migrate: "mysql://ums:p%40s%3As%21@tcp(db:3306)/glarimy",
		},
		"a socket": {
			raw: "mysql://ums:s3cret@unix(/run/mysqld.sock)/glarimy", dialect: database.MySQL,
			text: "mysql://unix(/run/mysqld.sock)/glarimy", migrate: "mysql://ums:s3cret@unix(/run/mysqld.sock)/glarimy",
		},
		"IPv6": {
			raw: "mysql://ums:s3cret@tcp([::1]:3306)/glarimy", dialect: database.MySQL,
			text: "mysql://tcp([::1]:3306)/glarimy", migrate: "mysql://ums:s3cret@tcp([::1]:3306)/glarimy",
		},
		"golang-migrate's parameters": {
			raw: "mysql://ums:s3cret@tcp(db:3306)/glarimy?x-no-lock=true&tls=true&x-migrations-table=a%2Fb", dialect: database.MySQL,
			text:    "mysql://tcp(db:3306)/glarimy",
			migrate: "mysql://ums:s3cret@tcp(db:3306)/glarimy?tls=true&x-migrations-table=a%2Fb&x-no-lock=true",
		},
		"an odd database": {
			raw: "mysql://ums:s3cret@tcp(db:3306)/gla%2Frimy", dialect: database.MySQL,
			text: "mysql://tcp(db:3306)/gla/rimy", migrate: "mysql://ums:s3cret@tcp(db:3306)/gla%2Frimy",
		},
		"a file": {
			raw: "sqlite://data/ums.db", dialect: database.SQLite,
			text: "sqlite://data/ums.db", path: "data/ums.db", migrate: "sqlite://data/ums.db",
		},
		"a file at an absolute path": {
			raw: "sqlite:///var/lib/ums.db?x-no-tx-wrap=true", password: "unused", dialect: database.SQLite,
			text: "sqlite:///var/lib/ums.db", path: "/var/lib/ums.db", migrate: "sqlite:///var/lib/ums.db?x-no-tx-wrap=true",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := database.ParseURL(tc.raw, tc.password)
			if err != nil {
				t.Fatal(err)
			}
			if u.Dialect() != tc.dialect || u.Path() != tc.path || u.String() != tc.text {
				t.Errorf("got %v, path %q, %s, want %v, path %q, %s", u.Dialect(), u.Path(), u, tc.dialect, tc.path, tc.text)
			}
			if u.Migrate() != tc.migrate {
				t.Errorf("for golang-migrate: got %s, want %s", u.Migrate(), tc.migrate)
			}
			again, err := database.ParseURL(u.Migrate(), "")
			if err != nil || again.Migrate() != u.Migrate() || again.String() != u.String() {
				t.Errorf("came back as %s, %v", again.Migrate(), err)
			}
			db, err := database.Open(u, database.Options{})
			if tc.dialect == database.MySQL { // SQLite's would make folders
				if err != nil {
					t.Fatal(err)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestMigrateURL reads the URL for golang-migrate as golang-migrate does (database/mysql, urlToMySQLConfig).
func TestMigrateURL(t *testing.T) {
	t.Parallel()
	const user, password = "u@s:e/r?%+ é", "p@s:s/w?o%r+d é&=#()"
	raw := "mysql://" + url.QueryEscape(user) + "@tcp(db:3306)/glarimy?x-statement-timeout=1000&x-tls-ca=" + url.QueryEscape(certificate(t))
	u, err := database.ParseURL(raw, password)
	if err != nil {
		t.Fatal(err)
	}
	_, query, _ := strings.Cut(u.Migrate()[strings.LastIndex(u.Migrate(), "?"):], "?")
	if params, err := url.ParseQuery(query); err != nil || params.Get("x-statement-timeout") != "1000" || params.Get("x-tls-ca") == "" {
		t.Errorf("parameters = %v, %v", params, err)
	}
	config, err := mysql.ParseDSN(strings.TrimPrefix(u.Migrate(), "mysql://"))
	if err != nil {
		t.Fatal(err)
	}
	gotUser, errUser := url.QueryUnescape(config.User)
	gotPassword, errPassword := url.QueryUnescape(config.Passwd)
	if errUser != nil || errPassword != nil || gotUser != user || gotPassword != password {
		t.Errorf("got %q (%v), %q (%v), want %q, %q", gotUser, errUser, gotPassword, errPassword, user, password)
	}
	if config.Net != "tcp" || config.Addr != "db:3306" || config.DBName != "glarimy" {
		t.Errorf("got %s(%s)/%s", config.Net, config.Addr, config.DBName)
	}
}

func TestParseURLRefuses(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const form = "the database URL is not of the form mysql://user:password@tcp(host:3306)/database"
	for raw, want := range map[string]string{
		"":                                  "the database URL is empty: set DATABASE_URL to",
		"hunter2":                           "the database URL must begin with mysql:// or sqlite://",
		"postgres://ums:hunter2@db/glarimy": "the database URL must begin with mysql:// or sqlite://",
		"MYSQL://ums:hunter2@tcp(db:3306)/glarimy":                                                         "the database URL must begin with mysql:// or sqlite://",
		"mysql:ums:hunter2@tcp(db:3306)/glarimy":                                                           "the database URL must begin with mysql:// or sqlite://",
		"mysql://ums:hunter2@tcp(db:3306)":                                                                 form,
		"mysql://ums:hunter2@db:3306/glarimy":                                                              form,
		"mysql://ums:hunter2@tcp(db:3306/glarimy":                                                          form,
		"mysql://ums:hunter2?@tcp(db:3306)/glarimy":                                                        form,
		"mysql://ums:hunter2@tcp(db:3306)/glarimy?tls=nobody":                                              form,
		"mysql://ums:hunter2@tcp(db:3306)/glarimy?timeout=no":                                              form,
		"mysql://ums:hunter2@tcp(db:3306)/gla%zzrimy":                                                      form,
		"mysql://ums:hunter2@tcp(db:3306)/":                                                                "the database URL names no database: write",
		"mysql://ums:hunter2%zz@tcp(db:3306)/glarimy":                                                      "the password in the database URL is not percent-encoded correctly",
		"mysql://um%zz:hunter2@tcp(db:3306)/glarimy":                                                       "the user in the database URL is not percent-encoded correctly",
		"mysql://ums:hunter2@tcp(db:3306)/glarimy?a=%zz":                                                   "the parameters of the database URL are not well-formed",
		"mysql://ums:hunter2@tcp(db:3306)/glarimy?a=1;b=2":                                                 "the parameters of the database URL are not well-formed",
		"mysql://ums:hunter2@tcp(db)/g?x-tls-ca=" + empty + "0":                                            "read the authority that x-tls-ca in the database URL names: ",
		"mysql://ums:hunter2@tcp(db)/g?x-tls-ca=" + empty:                                                  "which x-tls-ca in the database URL names, holds no certificate",
		"mysql://ums:hunter2@tcp(db)/g?x-tls-ca=" + certificate(t) + "&x-tls-key=" + empty:                 "load x-tls-cert and x-tls-key of the database URL: ",
		"mysql://ums:hunter2@tcp(db)/g?x-tls-ca=" + certificate(t) + "&x-tls-insecure-skip-verify=perhaps": "x-tls-insecure-skip-verify in the database URL must be true or false",
		"sqlite://":         "the database URL names no file: write sqlite://path/ums.db",
		"sqlite://?x-a=b":   "the database URL names no file: write sqlite://path/ums.db",
		"sqlite://data/":    "the database URL names no file: write sqlite://path/ums.db",
		"sqlite://:memory:": "the database URL names no file: write sqlite://path/ums.db",
	} {
		for _, password := range []string{"", "hunter3"} {
			u, err := database.ParseURL(raw, password)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, %v, want %s", raw, u, err, want)
				continue
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("%s: the error holds the password: %v", raw, err)
			}
		}
	}
}

// TestURLHidesPassword: whatever prints a URL, the password is not in it.
func TestURLHidesPassword(t *testing.T) {
	t.Parallel()
	u, err := database.ParseURL("mysql://ums:hunter2@tcp(db:3306)/glarimy", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for what, value := range map[string]any{"URL": u, "to URL": &u, "URLs": []database.URL{u}, "within": struct{ U database.URL }{u}} {
			got := fmt.Sprintf(verb, value)
			if strings.Contains(got, "hunter2") || strings.Contains(got, fmt.Sprintf("%x", "hunter2")) {
				t.Errorf("%s of %s: %s", verb, what, got)
			}
		}
	}
	if got := (database.URL{}).String(); got != "" {
		t.Errorf("the zero URL is %q", got)
	}
}

func FuzzParseURL(f *testing.F) {
	for _, raw := range []string{
		"mysql://ums:s3cret@tcp(db:3306)/glarimy?tls=true&x-no-lock=true", "mysql://u%40s:p%2F@unix(/run/mysqld.sock)/g",
		"mysql://tcp([::1])/a", "mysql:///a", "sqlite://data/ums.db?x-a=b", "sqlite:///a", "sqlite://:memory:", "mysql://@@@(()/?&",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		const secret = "hunter2:/?@%"
		if strings.Contains(raw, "x-tls") || strings.Contains(raw, secret) {
			return // no files of this machine
		}
		u, err := database.ParseURL(raw, secret)
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error holds the password: %v", err)
			}
			return
		}
		if strings.Contains(u.String(), "hunter2") && !strings.Contains(raw, "hunter2") {
			t.Errorf("the text for people holds the password: %s", u)
		}
		again, err := database.ParseURL(u.Migrate(), "")
		if err != nil || again.Migrate() != u.Migrate() || again.String() != u.String() || again.Path() != u.Path() {
			t.Errorf("%s came back as %s, %v", u.Migrate(), again.Migrate(), err)
		}
	})
}
