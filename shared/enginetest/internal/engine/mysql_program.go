package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// mysqlOnPath runs mysqld or mariadbd of this machine in a folder of its own.
func (h *Host) mysqlOnPath(ctx context.Context) (*Server, error) {
	path, err := h.lookServer(ctx, "mysqld", "mariadbd")
	if err != nil {
		return nil, err
	}
	version, err := exec.CommandContext(ctx, path, "--no-defaults", "--version").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("ask %s for its version: %w: %s", path, err, tail(version))
	}
	d := mysqld{host: h, path: path, mariaDB: strings.Contains(string(version), "MariaDB"), password: rand.Text()}
	return h.run(ctx, program{
		name:    "mysql",
		path:    path,
		prepare: d.prepare,
		args:    d.args,
		url:     func(port int) string { return mysqlURL("ums", d.password, loopback(port)) },
		identify: func(ctx context.Context, url string, _ int) (string, error) {
			return identifyMySQL(ctx, url) // no other server knows the password
		},
		every: 20 * time.Millisecond,
		wait:  mysqlWait,
	})
}

type mysqld struct {
	host     *Host
	path     string
	mariaDB  bool
	password string
}

// prepare makes the data folder and the statements that a start runs: they make the user of the tests.
func (d mysqld) prepare(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, d.path, append(d.common(dir), "--initialize-insecure")...)
	if d.mariaDB {
		install, err := d.host.lookPath("mariadb-install-db", "mysql_install_db")
		if err != nil {
			return err
		}
		cmd = exec.CommandContext(ctx, install, append(d.common(dir), "--auth-root-authentication-method=normal", "--skip-test-db")...)
	}
	cmd.Dir = dir
	detach(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a data folder with %s: %w: %s", cmd.Path, err, tail(out))
	}
	user := "'ums'@'127.0.0.1'"
	statements := "CREATE USER IF NOT EXISTS " + user + " IDENTIFIED BY '" + d.password + "';\n" +
		"GRANT ALL PRIVILEGES ON *.* TO " + user + " WITH GRANT OPTION;\n"
	if err := os.WriteFile(d.statements(dir), []byte(statements), 0o600); err != nil {
		return fmt.Errorf("prepare %s: %w", d.path, err)
	}
	return nil
}

func (d mysqld) statements(dir string) string { return filepath.Join(dir, "users.sql") }

// common are the options of both the preparation and the server; --no-defaults must be the first.
func (d mysqld) common(dir string) []string {
	args := []string{"--no-defaults", "--datadir=" + filepath.Join(dir, "data")}
	if d.host.Euid == 0 {
		args = append(args, "--user=root") // the folder is root's; without the option the server refuses to be root
	}
	return args
}

func (d mysqld) args(dir string, port int) []string {
	args := append(d.common(dir),
		"--bind-address=127.0.0.1",
		"--port="+strconv.Itoa(port),
		"--socket=socket", // in the data folder: a full path may be longer than sockets allow
		"--pid-file="+filepath.Join(dir, "pid"),
		"--tmpdir="+dir,
		"--init-file="+d.statements(dir),
	)
	if !d.mariaDB {
		args = append(args, "--mysqlx=OFF", "--secure-file-priv=NULL")
	}
	return append(args, mysqlArgs...)
}
