package gateways

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/glarimy/ums/bench/process"
)

// peer is a gateway to measure.
type peer struct {
	name    string
	label   string
	limited bool
	secured bool // asks for a token of the run's issuer
	// prepare makes the program and its files ready, and tells which version it is.
	prepare func(context.Context, *run, site) (command process.Command, version string, err error)
}

const (
	ours    = "ums"
	nginx   = "nginx"
	traefik = "traefik"
)

// peers are all gateways, in the order in which they are measured within a round.
func peers() []peer {
	return []peer{
		{name: ours, label: "**UMS gateway**", prepare: prepareOurs},
		{name: "ums-secured", label: "**UMS gateway**, rate limit and JWT", secured: true, prepare: prepareSecured},
		{name: nginx, label: "nginx", prepare: prepareNginx},
		{name: "nginx-limited", label: "nginx, rate limit (JWT is in its paid edition)", limited: true, prepare: prepareNginx},
		{name: "haproxy", label: "HAProxy", prepare: prepareHAProxy},
		{name: "haproxy-limited", label: "HAProxy, rate limit", limited: true, prepare: prepareHAProxy},
		{
			name: "haproxy-secured", label: "HAProxy, rate limit and JWT (checked anew for each request)",
			limited: true, secured: true, prepare: prepareHAProxy,
		},
		{name: traefik, label: "Traefik", prepare: prepareTraefik},
		{
			name: "traefik-limited", label: "Traefik, rate limit (JWT is in its paid edition)", limited: true,
			prepare: prepareTraefik,
		},
		{name: "caddy", label: "Caddy (its core has neither rate limit nor JWT)", prepare: prepareCaddy},
		{name: "sketch", label: "net/http + httputil.ReverseProxy, tuned, bare", prepare: prepareSketch},
	}
}

func peerNames() string {
	var names []string
	for _, p := range peers() {
		names = append(names, p.name)
	}
	return strings.Join(names, ",")
}

// choosePeers returns the peers that a list separated by commas names, or all of them.
func choosePeers(list string) ([]peer, error) {
	all := peers()
	if list == "" {
		return all, nil
	}
	wanted := strings.Split(list, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(all, func(p peer) bool { return p.name == name }) {
			return nil, errors.New("there is no gateway " + name + ": choose from " + peerNames())
		}
	}
	return slices.DeleteFunc(all, func(p peer) bool { return !slices.Contains(wanted, p.name) }), nil
}

// write writes a file of a gateway and returns its name.
func (s site) write(name, text string) (string, error) {
	file := filepath.Join(s.dir, name)
	return file, os.WriteFile(file, []byte(text), 0o600)
}

func prepareOurs(ctx context.Context, r *run, s site) (process.Command, string, error) {
	return r.gateway(ctx, s, ourConfig(s))
}

// gateway is our program with a configuration.
func (r *run) gateway(ctx context.Context, s site, config string) (process.Command, string, error) {
	program := r.options.gateway
	if program == "" {
		var err error
		if program, err = r.tools.ours(ctx, r.options.root); err != nil {
			return process.Command{}, "", err
		}
	}
	file, err := s.write("gateway.yaml", config)
	if err != nil {
		return process.Command{}, "", err
	}
	env := append([]string{
		"ADDR=" + s.addr, "ADMIN_ADDR=" + s.admin, "GATEWAY_CONFIG=" + file, "UPSTREAM=" + s.routes[0].Addr,
	}, r.options.env...)
	command := process.Command{Path: program, Env: env, Signal: syscall.SIGTERM, Grace: time.Minute} // it drains first
	return command, r.tools.version(ctx, program, "--version"), nil
}

func prepareNginx(ctx context.Context, r *run, s site) (process.Command, string, error) {
	program, err := r.tools.packaged(ctx, "nginx")
	if err != nil {
		return process.Command{}, "", err
	}
	file, err := s.write("nginx.conf", nginxConfig(s))
	command := process.Command{
		Path: program, Args: []string{"-p", s.dir, "-c", file, "-e", s.dir + "/nginx-start.log"}, Signal: syscall.SIGTERM,
	}
	return command, r.tools.version(ctx, program, "-v"), err
}

func prepareHAProxy(ctx context.Context, r *run, s site) (process.Command, string, error) {
	program, err := r.tools.packaged(ctx, "haproxy")
	if err != nil {
		return process.Command{}, "", err
	}
	key := ""
	if s.issued != nil {
		if key, err = s.write("issuer.pem", s.issued.pem); err != nil {
			return process.Command{}, "", err
		}
	}
	file, err := s.write("haproxy.cfg", haproxyConfig(s, key))
	command := process.Command{Path: program, Args: []string{"-db", "-f", file}, Signal: syscall.SIGTERM}
	return command, r.tools.version(ctx, program, "-v"), err
}

func prepareTraefik(ctx context.Context, r *run, s site) (process.Command, string, error) {
	program, err := r.tools.module(ctx, "traefik", traefikModule, traefikVersion, "./cmd/traefik")
	if err != nil {
		return process.Command{}, "", err
	}
	static, dynamic := traefikConfig(s)
	if _, err := s.write("traefik-dynamic.yaml", dynamic); err != nil {
		return process.Command{}, "", err
	}
	file, err := s.write("traefik.yaml", static)
	command := process.Command{Path: program, Args: []string{"--configFile=" + file}, Signal: syscall.SIGTERM}
	return command, "Traefik " + traefikVersion, err
}

func prepareCaddy(ctx context.Context, r *run, s site) (process.Command, string, error) {
	program, err := r.tools.module(ctx, "caddy", caddyModule, caddyVersion, "./cmd/caddy")
	if err != nil {
		return process.Command{}, "", err
	}
	file, err := s.write("Caddyfile", caddyConfig(s))
	return process.Command{
		Path: program, Args: []string{"run", "--config", file, "--adapter", "caddyfile"},
		Env: []string{"HOME=" + s.dir, "XDG_DATA_HOME=" + s.dir, "XDG_CONFIG_HOME=" + s.dir}, Signal: syscall.SIGTERM,
	}, "Caddy " + caddyVersion, err
}

func prepareSketch(_ context.Context, r *run, s site) (process.Command, string, error) {
	command, err := r.self("sketch")
	command.Env = []string{"ADDR=" + s.addr, "UPSTREAM=" + s.routes[0].Addr}
	return command, "", err
}
