package gateways

import (
	"fmt"
	"strings"

	"github.com/glarimy/ums/gateway/safety"
)

// site is what a gateway is configured for.
type site struct {
	addr     string // where it listens
	admin    string // where it may listen for its operator
	dir      string // for its files
	routes   []safety.Route
	oneRoute bool    // routes[0] is /user/{name}, without a body
	limited  bool    // with a rate limit that is never reached
	oneUser  bool    // root is the only user there is
	issued   *issued // whose tokens alone are let in; nil: no token is asked for
}

// limit is the rate limit, in requests a second for each client: what no client here sends.
const limit = 1_000_000

// path returns where a route is.
func (s site) path(r safety.Route) string {
	if s.oneRoute {
		return "/user/"
	}
	return "/" + r.Slot + "/"
}

// ourConfig is a gateway.yaml, as an operator would write it.
func ourConfig(s site) string {
	var upstreams, routes strings.Builder
	for _, r := range s.routes {
		fmt.Fprintf(&upstreams, "  %s: {url: \"http://%s\"}\n", r.Slot, r.Addr)
		if s.oneRoute {
			fmt.Fprintf(&routes, "  - {path: \"/user/{name}\", methods: [GET], upstream: %s, timeout: 5s}\n", r.Slot)
			continue
		}
		fmt.Fprintf(&routes, "  - {path: \"%s{name}\", methods: [GET, DELETE], upstream: %s, timeout: 2s}\n", s.path(r), r.Slot)
		fmt.Fprintf(&routes, "  - {path: \"%s{name}\", methods: [POST, PUT, PATCH], upstream: %s, timeout: 2s, body: %dKiB}\n",
			s.path(r), r.Slot, safety.BodyLimit>>10)
	}
	return "version: 1\nupstreams:\n" + upstreams.String() + "routes:\n" + routes.String()
}

// nginxConfig keeps connections to upstreams, and hands requests on as they come, as nginx's own documentation says. Where
// root is the only user, its workers are root's: it would not start with those of another user.
func nginxConfig(s site) string {
	var b strings.Builder
	if s.oneUser {
		b.WriteString("user root root;\n")
	}
	fmt.Fprintf(&b, `daemon off;
worker_processes auto;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx-error.log crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %[1]s/nginx-body; proxy_temp_path %[1]s/nginx-proxy; fastcgi_temp_path %[1]s/nginx-fastcgi;
  uwsgi_temp_path %[1]s/nginx-uwsgi; scgi_temp_path %[1]s/nginx-scgi;
  client_header_timeout 5s; client_body_timeout 2s; client_max_body_size %[2]d; keepalive_requests 1000000000;
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_read_timeout 2s;
`, s.dir, safety.BodyLimit)
	if s.limited {
		fmt.Fprintf(&b, "  limit_req_zone $binary_remote_addr zone=clients:10m rate=%dr/s;\n", limit)
	}
	for _, r := range s.routes {
		fmt.Fprintf(&b, "  upstream %s { server %s; keepalive 256; keepalive_requests 1000000000; }\n", r.Slot, r.Addr)
	}
	fmt.Fprintf(&b, "  server {\n    listen %s;\n    merge_slashes off;\n    location / { return 404; }\n", s.addr)
	for _, r := range s.routes {
		fmt.Fprintf(&b, "    location %s { proxy_request_buffering off; proxy_pass http://%s;", s.path(r), r.Slot)
		if s.limited {
			fmt.Fprintf(&b, " limit_req zone=clients burst=%d nodelay;", limit/10)
		}
		b.WriteString(" }\n")
	}
	b.WriteString("  }\n}\n")
	return b.String()
}

// haproxyConfig shares connections to the upstream among clients, as HAProxy does by default only where it is safe. key is
// the file of the issuer's key, if there is an issuer.
func haproxyConfig(s site, key string) string {
	rules := ""
	if s.limited {
		rules = fmt.Sprintf("  stick-table type ip size 100k expire 30s store http_req_rate(1s)\n"+
			"  http-request track-sc0 src\n  http-request deny deny_status 429 if { sc_http_req_rate(0) gt %d }\n", limit)
	}
	if s.issued != nil {
		rules += haproxyTokens(key)
	}
	return fmt.Sprintf(`global
  maxconn 4096
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
  http-reuse always
frontend clients
  bind %s
%s  use_backend upstream if { path_beg /user/ }
backend upstream
  server one %s
`, s.addr, rules, s.routes[0].Addr)
}

// traefikConfig returns the static configuration and the dynamic one, which it names.
func traefikConfig(s site) (static, dynamic string) {
	static = fmt.Sprintf(`entryPoints: {web: {address: %q}}
providers: {file: {filename: %q}}
global: {checkNewVersion: false, sendAnonymousUsage: false}
log: {level: ERROR}
serversTransport: {maxIdleConnsPerHost: 1024}
`, s.addr, s.dir+"/traefik-dynamic.yaml")
	with, middlewares := "", ""
	if s.limited {
		with = ", middlewares: [limit]"
		middlewares = fmt.Sprintf("  middlewares: {limit: {rateLimit: {average: %d, burst: %d}}}\n", limit, limit/10)
	}
	dynamic = fmt.Sprintf("http:\n  routers: {user: {rule: \"PathPrefix(`/user/`)\", service: upstream%s}}\n%s"+
		"  services: {upstream: {loadBalancer: {servers: [{url: \"http://%s\"}]}}}\n", with, middlewares, s.routes[0].Addr)
	return static, dynamic
}

// caddyConfig is a Caddyfile.
func caddyConfig(s site) string {
	return fmt.Sprintf(`{
	admin off
	auto_https off
	persist_config off
	log {
		level ERROR
	}
}
http://%s {
	reverse_proxy /user/* http://%s {
		transport http {
			keepalive_idle_conns_per_host 1024
		}
	}
}
`, s.addr, s.routes[0].Addr)
}
