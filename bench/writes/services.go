package writes

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/glarimy/ums/bench/process"
	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/services/find"
	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/services/search"
)

// service is one of the system's, in a process of its own.
type service struct {
	process         *process.Process
	addr, adminAddr string
}

// serve starts a service with its defaults, but for what env says, and waits until it is ready.
func (m *measurement) serve(ctx context.Context, name string, env ...string) (*service, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, to start it once more: %w", err)
	}
	s := &service{}
	if s.addr, err = process.FreeAddr(ctx); err != nil {
		return nil, err
	}
	if s.adminAddr, err = process.FreeAddr(ctx); err != nil {
		return nil, err
	}
	s.process, err = process.Start(process.Command{
		Name: name, Path: self, Args: []string{"serve", name}, Addr: s.addr,
		Env: append([]string{
			"ADDR=" + s.addr, "ADMIN_ADDR=" + s.adminAddr, "DATABASE_URL=" + m.set.DatabaseURL,
			"REDIS_URL=" + m.set.RedisURL, "EVENTS_URL=" + m.events.url, "CURSOR_KEYS=" + m.cursorKey,
		}, env...),
	}, m.dir)
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := s.process.Wait(wait, func(ctx context.Context) error { return ready(ctx, s.addr) }); err != nil {
		_ = s.process.Stop() // what it has to say is in the error
		return nil, err
	}
	return s, nil
}

func ready(ctx context.Context, addr string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz answers %s", response.Status)
	}
	return nil
}

// serve is a service, until ctx or the standard input ends: that is a pipe from the benchmark, so that the service does
// not outlive it.
func (b Bench) serve(ctx context.Context, name string, getenv func(string) string, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, b.Stdin)
		cancel()
	}()
	switch name {
	case "add":
		return add.Main(ctx, nil, getenv, stdout)
	case "find":
		return find.Main(ctx, nil, getenv, stdout)
	case "journal":
		return journal.Main(ctx, nil, getenv, stdout)
	case "search":
		return search.Main(ctx, nil, getenv, stdout)
	default:
		return fmt.Errorf("serve takes add, find, journal or search, not %q", name)
	}
}
