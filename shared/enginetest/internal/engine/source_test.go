package engine_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// source is one that gives a server, or fails with err.
func source(name string, err error) engine.Source {
	return engine.Source{Name: name, Start: func(context.Context) (*engine.Server, error) {
		if err != nil {
			return nil, err
		}
		return &engine.Server{Engine: "Product 1.0"}, nil
	}}
}

func TestFirst(t *testing.T) {
	t.Parallel()
	no, broken := engine.ErrAbsent, errors.New("broken")
	tests := map[string]struct {
		sources    []engine.Source
		wantServer string
		wantPassed []string
		wantError  []string // parts of it
	}{
		"the first of several": {
			sources:    []engine.Source{source("a", nil), source("b", nil)},
			wantServer: "Product 1.0 from a",
		},
		"passes over what is absent and what fails": {
			sources:    []engine.Source{source("a", no), source("b", broken), source("c", nil), source("d", nil)},
			wantServer: "Product 1.0 from c",
			wantPassed: []string{"a", "b"},
		},
		"tells every reason": {
			sources:    []engine.Source{source("a", no), source("b", broken)},
			wantPassed: []string{"a", "b"},
			wantError:  []string{"a: not available", "b: broken"},
		},
		"without sources": {wantError: []string{"no source"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var passed []string
			server, _, err := engine.First(t.Context(), tt.sources, func(s engine.Source, _ error) { passed = append(passed, s.Name) })
			if diff := cmp.Diff(tt.wantPassed, passed); diff != "" {
				t.Errorf("passed over (-want +got):\n%s", diff)
			}
			if tt.wantError == nil {
				if err != nil {
					t.Fatalf("got error %v, want %s", err, tt.wantServer)
				} else if got := server.String(); got != tt.wantServer {
					t.Errorf("got %s, want %s", got, tt.wantServer)
				}
				return
			}
			if err == nil {
				t.Fatalf("got %v, want an error", server)
			}
			for _, part := range tt.wantError {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got error %q, want %q in it", err, part)
				}
			}
		})
	}
}

func TestFirstEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	interrupted := engine.Source{Name: "a", Start: func(ctx context.Context) (*engine.Server, error) {
		cancel()
		return nil, ctx.Err()
	}}
	server, _, err := engine.First(ctx, []engine.Source{interrupted, source("b", nil)}, nil)
	if err == nil {
		t.Errorf("got %v, want no source to be asked after the end of the context", server)
	}
}

// bareHost is a machine that offers nothing, seen by a plain user.
func bareHost(environment map[string]string) *engine.Host {
	host := engine.NewHost(io.Discard)
	host.Folders, host.Euid = nil, 1000
	host.Getenv = func(name string) string {
		if name == "DOCKER_HOST" {
			return "unix:///nonexistent/docker.sock"
		}
		return environment[name]
	}
	return host
}

func TestTheOrderOfSources(t *testing.T) {
	t.Parallel()
	host := bareHost(nil)
	tests := map[string]struct {
		sources []engine.Source
		want    []string
	}{
		"MySQL": {host.MySQLSources(), []string{
			"TEST_DATABASE_URL", "Docker (mysql:9.7)", "mysqld or mariadbd on the PATH", "apt (mariadb-server)",
		}},
		"a private MySQL": {host.PrivateMySQLSources(), []string{
			"Docker (mysql:9.7)", "mysqld or mariadbd on the PATH", "apt (mariadb-server)",
		}},
		"Redis": {host.RedisSources(), []string{
			"TEST_REDIS_URL", "Docker (redis:8.0)", "redis-server on the PATH", "apt (redis-server)",
		}},
		"a shared Redis": {host.SharedRedisSources(), []string{
			"TEST_REDIS_URL", "Docker (redis:8.0)", "redis-server on the PATH", "apt (redis-server)",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, s := range tt.sources {
				got = append(got, s.Name)
				if _, err := s.Start(t.Context()); !errors.Is(err, engine.ErrAbsent) {
					t.Errorf("%s on a bare machine: got %v, want %v", s.Name, err, engine.ErrAbsent)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAWrongURLIsNotSilent(t *testing.T) {
	t.Parallel()
	host := bareHost(map[string]string{
		"TEST_DATABASE_URL": "postgres://nobody@127.0.0.1/ums",
		"TEST_REDIS_URL":    "rediss://127.0.0.1:1/",
	})
	for name, sources := range map[string][]engine.Source{"MySQL": host.MySQLSources(), "Redis": host.RedisSources()} {
		if _, err := sources[0].Start(t.Context()); err == nil || errors.Is(err, engine.ErrAbsent) {
			t.Errorf("%s: got %v, want an error of its own", name, err)
		}
	}
}
