package engine

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// The image of the product's own deployment.
const mysqlRepository, mysqlTag = "mysql", "9.7"

// mysqlArgs are understood by MySQL and MariaDB. Durability stays at its defaults: what a test sees of a commit is what
// an installation does.
var mysqlArgs = []string{"--max-connections=500", "--character-set-server=utf8mb4", "--skip-log-bin", "--skip-name-resolve"}

// MySQLSources are the ways to come by a MySQL server, or a MariaDB in its place, in the order of choice.
func (h *Host) MySQLSources() []Source {
	return append([]Source{{Name: "TEST_DATABASE_URL", Start: h.borrowMySQL}}, h.mysqlSources(false)...)
}

// DiskMySQLSources are MySQLSources with the data on disk, for measurements: in Docker it is in memory otherwise.
func (h *Host) DiskMySQLSources() []Source {
	return append([]Source{{Name: "TEST_DATABASE_URL", Start: h.borrowMySQL}}, h.mysqlSources(true)...)
}

// PrivateMySQLSources are those whose servers can be stopped, killed and started again with their data.
func (h *Host) PrivateMySQLSources() []Source { return h.mysqlSources(true) }

func (h *Host) mysqlSources(restarts bool) []Source {
	return []Source{
		{Name: "Docker (" + mysqlRepository + ":" + mysqlTag + ")", Start: func(ctx context.Context) (*Server, error) {
			return h.mysqlInDocker(ctx, restarts)
		}},
		{Name: "mysqld or mariadbd on the PATH", Start: h.mysqlOnPath},
		{Name: "apt (mariadb-server)", Start: func(ctx context.Context) (*Server, error) {
			if err := h.install(ctx, "mariadb-server", "mysqld", "mariadbd"); err != nil {
				return nil, err
			}
			return h.mysqlOnPath(ctx)
		}},
	}
}

// borrowMySQL takes the server of TEST_DATABASE_URL; its user must be allowed to create databases.
func (h *Host) borrowMySQL(ctx context.Context) (*Server, error) {
	raw := h.Getenv("TEST_DATABASE_URL")
	if raw == "" {
		return nil, absent("it is not set")
	}
	if _, err := MySQLConfig(raw); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, borrowWait)
	defer cancel()
	var engine string
	err := poll(ctx, 100*time.Millisecond, func(ctx context.Context) (err error) {
		engine, err = identifyMySQL(ctx, raw)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Server{Control: borrowed{}, Engine: engine, URL: raw}, nil
}

// mysqlWait is how long a MySQL may take to be ready, the making of its data folder included.
const mysqlWait = 2 * time.Minute

// borrowWait is how long a server named by a URL may take to answer: it may have been started a moment ago.
const borrowWait = 15 * time.Second

func (h *Host) mysqlInDocker(ctx context.Context, restarts bool) (*Server, error) {
	password := rand.Text()
	spec := image{
		name:       "mysql",
		repository: mysqlRepository,
		tag:        mysqlTag,
		ports:      []string{"3306/tcp", "33060/tcp"},
		env:        []string{"MYSQL_ROOT_PASSWORD=" + password},
		cmd:        append([]string{"mysqld"}, mysqlArgs...),
		url:        func(addr string) string { return mysqlURL("root", password, addr) },
		identify:   identifyMySQL,
		every:      50 * time.Millisecond,
		wait:       mysqlWait,
		dataDir:    "/var/lib/mysql",
		keepData:   restarts,
	}
	return h.runImage(ctx, spec)
}

func mysqlURL(user, password, addr string) string {
	return "mysql://" + user + ":" + password + "@tcp(" + addr + ")/"
}

// MySQLConfig reads a mysql:// URL, in the form of DATABASE_URL, as the driver's configuration.
func MySQLConfig(url string) (*mysql.Config, error) {
	dsn, ok := strings.CutPrefix(url, "mysql://")
	if !ok {
		return nil, fmt.Errorf("a MySQL URL begins with mysql://, as in mysql://user:password@tcp(127.0.0.1:3306)/name")
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the MySQL URL: %w", err)
	}
	return config, nil
}

var mysqlVersion = regexp.MustCompile(`^\d+\.\d+\.\d+`)

// identifyMySQL asks the server at url for its product and version.
func identifyMySQL(ctx context.Context, url string) (string, error) {
	config, err := MySQLConfig(url)
	if err != nil {
		return "", err
	}
	config.DBName, config.Timeout, config.ReadTimeout = "", 2*time.Second, 5*time.Second
	config.Logger = &mysql.NopLogger{} // a server that is starting breaks connections: no news
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return "", fmt.Errorf("read the MySQL URL: %w", err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	var version string
	if err := db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return "", err
	}
	product := "MySQL "
	if strings.Contains(version, "MariaDB") {
		product = "MariaDB "
	}
	if number := mysqlVersion.FindString(version); number != "" {
		version = number
	}
	return product + version, nil
}
