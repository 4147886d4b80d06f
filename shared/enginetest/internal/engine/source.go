// Package engine runs real database servers for tests: it borrows one that is named by a URL, or starts one of its own
// in Docker or from a server program of this machine, and leaves nothing behind.
//
// Nothing in it knows of package testing; enginetest does, and so does the command engines.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// A Source is one way to come by a server.
type Source struct {
	// Name says where the server comes from, as in "Docker (mysql:9.7)".
	Name string
	// Start gives a server that answers, or the reason why this source has none.
	Start func(ctx context.Context) (*Server, error)
}

// A Server is a running engine.
type Server struct {
	Control

	// Engine is the product and its version as the server itself tells them: "MySQL 9.7.0", "MariaDB 10.11.6".
	Engine string
	// Origin is the name of the source.
	Origin string
	// URL is mysql://user:password@tcp(host:port)/, redis://host:port/database or kafka://host:port.
	URL string
}

// Control is what can be done to a server. Its methods are for one goroutine at a time.
type Control interface {
	// Stop ends the server in good order and returns when its address refuses connections.
	Stop(ctx context.Context) error
	// Kill does the same as a crash would: without warning.
	Kill(ctx context.Context) error
	// Start starts a stopped or killed server on the same address and returns when it answers.
	Start(ctx context.Context) error
	// Pause makes the server hang: connections stay open and nothing answers.
	Pause(ctx context.Context) error
	// Resume ends a pause.
	Resume(ctx context.Context) error
	// Close ends the server, in whatever state it is, and removes what it stored. It may be called again.
	Close() error
}

// String tells which server it is, as in "MySQL 9.7.0 from Docker (mysql:9.7)".
func (s *Server) String() string { return s.Engine + " from " + s.Origin }

// First starts the first of the sources that can, in their order. The error names every source with its reason; passed,
// if not nil, hears of each source that was passed over.
func First(ctx context.Context, sources []Source, passed func(Source, error)) (*Server, Source, error) {
	var reasons []string
	for _, source := range sources {
		server, err := source.Start(ctx)
		if err == nil {
			server.Origin = source.Name
			return server, source, nil
		}
		if passed != nil {
			passed(source, err)
		}
		reasons = append(reasons, "\n\t"+source.Name+": "+err.Error())
		if ctx.Err() != nil {
			break
		}
	}
	return nil, Source{}, errors.New("no source has one:" + strings.Join(reasons, ""))
}

// Choose is First, printing the choice, and why a source that this machine does offer was passed over.
func (h *Host) Choose(ctx context.Context, sources []Source) (*Server, Source, error) {
	server, source, err := First(ctx, sources, func(s Source, err error) {
		if !errors.Is(err, ErrAbsent) {
			fmt.Fprintf(h.Log, "enginetest: not from %s: %v\n", s.Name, err)
		}
	})
	if err == nil {
		fmt.Fprintf(h.Log, "enginetest: %v\n", server)
	}
	return server, source, err
}

// ErrAbsent is wrapped by the reason of a source that this machine does not offer at all, in contrast to one that is
// there and failed.
var ErrAbsent = errors.New("not available")

func absent(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrAbsent, fmt.Sprintf(format, a...))
}

// A Host is the machine as the sources see it. The zero value is not ready for use; see NewHost.
type Host struct {
	// Getenv is asked for TEST_DATABASE_URL, TEST_REDIS_URL, TEST_KAFKA_URL, DOCKER_HOST and PATH.
	Getenv func(string) string
	// Folders are searched for programs after those of PATH: distributions put servers where a plain user's PATH does
	// not lead.
	Folders []string
	// Euid is the user the servers are started as; 0 may also install packages.
	Euid int
	// Log receives the lines that a person who waits should see, such as an installation.
	Log io.Writer

	dirs *guardedDirs
}

// NewHost gives the machine this process runs on.
func NewHost(log io.Writer) *Host {
	return &Host{
		Getenv:  os.Getenv,
		Folders: []string{"/usr/sbin", "/usr/local/sbin", "/usr/libexec"},
		Euid:    os.Geteuid(),
		Log:     log,
		dirs:    &guardedDirs{},
	}
}

// Close removes what is left of the servers that this host started. Without it, that happens when the process ends.
func (h *Host) Close() error { return h.dirs.Close() }
