package peers

import (
	"context"
	"crypto/sha256"
	_ "embed" // the service's files are part of the program
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

//go:embed flask-find/app.py
var flaskApp []byte

//go:embed flask-find/requirements.txt
var flaskRequirements []byte

// Flask is the tutorial's service in Python, ready to run.
type Flask struct {
	Python string // the interpreter of the environment that holds what the service needs
	App    string // the file
}

// installTime bounds what it takes to make the environment.
const installTime = 3 * time.Minute

// InstallFlask makes the service's Python environment in a folder below cache, unless it is there from an earlier run.
// The error says what is missing: Python, or its packages and a way to get them.
func InstallFlask(ctx context.Context, cache string) (Flask, error) {
	system, err := exec.LookPath("python3")
	if err != nil {
		return Flask{}, errors.New("there is no python3")
	}
	ctx, cancel := context.WithTimeout(ctx, installTime)
	defer cancel()
	version, err := output(ctx, system, "--version")
	if err != nil {
		return Flask{}, err
	}
	id := sha256.Sum256(append([]byte(version), flaskRequirements...))
	dir := filepath.Join(cache, fmt.Sprintf("flask-find-%x", id[:6]))
	f := Flask{Python: filepath.Join(dir, "venv", "bin", "python"), App: filepath.Join(dir, "app.py")}
	installed := filepath.Join(dir, "installed")
	if _, err := os.Stat(installed); err != nil {
		if err := install(ctx, system, dir); err != nil {
			return Flask{}, err
		}
		if err := os.WriteFile(installed, nil, 0o600); err != nil {
			return Flask{}, err
		}
	}
	return f, os.WriteFile(f.App, flaskApp, 0o600)
}

// install makes a virtual environment in dir with exactly the packages of the lock file.
func install(ctx context.Context, system, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	venv, requirements := filepath.Join(dir, "venv"), filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(requirements, flaskRequirements, 0o600); err != nil {
		return err
	}
	if _, err := output(ctx, system, "-m", "venv", "--clear", venv); err != nil {
		return err
	}
	_, err := output(ctx, filepath.Join(venv, "bin", "python"), "-m", "pip", "install", "--quiet",
		"--disable-pip-version-check", "--no-input", "--require-hashes", "--only-binary=:all:", "-r", requirements)
	return err
}

// output runs a command. The error holds the last line that it printed.
func output(ctx context.Context, path string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, path, args...).CombinedOutput() //nolint:gosec // Python and its pip
	text := strings.TrimSpace(string(out))
	if err != nil {
		last := text[strings.LastIndexByte(text, '\n')+1:]
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(path), strings.Join(args[:min(3, len(args))], " "), err, last)
	}
	return text, nil
}

// Versions tells which interpreter and packages the service runs on.
func (f Flask) Versions(ctx context.Context) (string, error) {
	return output(ctx, f.Python, "-c", `import platform
from importlib.metadata import version
packages = "flask", "waitress", "mysql-connector-python"
print(", ".join(["Python " + platform.python_version()] + [p + " " + version(p) for p in packages]))`)
}

// Env returns the service's configuration for the database that a URL of MySQL names. It connects as its connector does
// by default, over TLS where the server offers it, but is spared the machine's list of authorities: Python would read
// those for every connection, which takes ten times as long as all the rest.
func (f Flask) Env(databaseURL string) ([]string, error) {
	config, err := mysql.ParseDSN(strings.TrimPrefix(databaseURL, "mysql://"))
	if err != nil {
		return nil, errors.New("the Flask service needs a URL of the form mysql://user:password@tcp(host:port)/database")
	}
	host, port, err := net.SplitHostPort(config.Addr)
	if err != nil {
		return nil, fmt.Errorf("the database's address: %w", err)
	}
	user, userErr := url.QueryUnescape(config.User)
	password, passwordErr := url.QueryUnescape(config.Passwd)
	if err := errors.Join(userErr, passwordErr); err != nil {
		return nil, errors.New("user or password in the database's URL is not percent-encoded correctly")
	}
	return []string{
		"DB_HOST=" + host, "DB_PORT=" + port, "DB_USER=" + user, "DB_PASSWORD=" + password,
		"DB_NAME=" + config.DBName, "SSL_CERT_FILE=" + os.DevNull,
	}, nil
}
