package engine

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// testRedisURL is the variable that names a Redis for the tests of all processes of this machine.
const testRedisURL = "TEST_REDIS_URL"

// defaultDatabases is how many databases a Redis has unless told otherwise.
const defaultDatabases = 16

// borrowRedis takes the whole server of TEST_REDIS_URL as it is.
func (h *Host) borrowRedis(ctx context.Context) (*Server, error) {
	raw := h.Getenv(testRedisURL)
	if raw == "" {
		return nil, absent("it is not set")
	}
	if _, err := redisOptions(raw); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, borrowWait)
	defer cancel()
	var engine string
	err := poll(ctx, 100*time.Millisecond, func(ctx context.Context) (err error) {
		engine, err = identifyRedis(ctx, raw, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Server{Control: borrowed{}, Engine: engine, URL: raw}, nil
}

// lendRedis gives one of the numbered databases of the server of TEST_REDIS_URL, behind a gate of its own that can be
// closed, so that a test may stop "its" server. Which databases are taken is kept in locks on files: they end with the
// process that holds them. Database 0 is never lent; a URL with another number lends that one only.
func (h *Host) lendRedis(ctx context.Context) (*Server, error) {
	server, err := h.borrowRedis(ctx)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(server.URL)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", testRedisURL, err)
	}
	free, err := lendable(ctx, u)
	if err != nil {
		return nil, err
	}
	db, release, err := claim(ctx, free)
	if err != nil {
		return nil, fmt.Errorf("wait for one of the databases %v of %s: %w", free, testRedisURL, err)
	}
	u.Path = "/" + strconv.Itoa(db)
	l := &loan{url: u.String(), release: release}
	if err := l.clear(ctx); err != nil {
		release()
		return nil, err
	}
	if l.gate, err = newGate(u.Host); err != nil {
		release()
		return nil, err
	}
	u.Host = l.gate.addr
	return &Server{Control: l, Engine: server.Engine, URL: u.String()}, nil
}

// lendable lists the numbers of the databases that tests may have.
func lendable(ctx context.Context, u *url.URL) ([]int, error) {
	if name := strings.Trim(u.Path, "/"); name != "" && name != "0" {
		db, err := strconv.Atoi(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %q is no number of a database", testRedisURL, name)
		}
		return []int{db}, nil
	}
	client, err := dialRedis(ctx, u.String())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	count := defaultDatabases
	if config, err := client.ConfigGet(ctx, "databases").Result(); err == nil { // a hosted Redis may forbid the question
		if n, err := strconv.Atoi(config["databases"]); err == nil {
			count = n
		}
	}
	var free []int
	for db := 1; db < count; db++ {
		free = append(free, db)
	}
	return free, nil
}

// claim locks one of the databases for this process, waiting until one is free. The locks are those of the machine's
// user, whichever the server: so there are never more than a few files, and two runs only come to use other numbers.
func claim(ctx context.Context, databases []int) (int, func(), error) {
	folder, err := lockFolder()
	if err != nil {
		return 0, nil, err
	}
	var db int
	var unlock func()
	err = poll(ctx, 20*time.Millisecond, func(context.Context) (err error) {
		for _, db = range databases {
			if unlock, err = lock(filepath.Join(folder, fmt.Sprintf("redis-%d", db))); err == nil {
				return nil
			}
		}
		return err
	})
	return db, unlock, err
}

// loan is the control of a database on a Redis that others use too.
type loan struct {
	url     string // of the database itself
	gate    *gate
	release func() // nil after Close
}

// clear leaves the database as a restarted Redis would be. Scripts are the server's: other tests load theirs again.
func (l *loan) clear(ctx context.Context) error {
	client, err := dialRedis(ctx, l.url)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := errors.Join(client.FlushDB(ctx).Err(), client.ScriptFlush(ctx).Err()); err != nil {
		return fmt.Errorf("clear a database of %s: %w", testRedisURL, err)
	}
	return nil
}

func (l *loan) Stop(context.Context) error { return l.gate.Close() }
func (l *loan) Kill(context.Context) error { return l.gate.Close() }

func (l *loan) Start(ctx context.Context) error {
	if err := l.clear(ctx); err != nil {
		return err
	}
	return l.gate.Open()
}

func (l *loan) Pause(context.Context) error  { l.gate.Hold(); return nil }
func (l *loan) Resume(context.Context) error { l.gate.Release(); return nil }

func (l *loan) Close() error {
	if l.release == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), borrowWait)
	defer cancel()
	err := errors.Join(l.gate.Close(), l.clear(ctx))
	l.release()
	l.release = nil
	return err
}
