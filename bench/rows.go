package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glarimy/ums/bench/dataset"
	"github.com/glarimy/ums/bench/peers"
	"github.com/glarimy/ums/services/find"
	"github.com/glarimy/ums/shared/program"
)

// Names of rows that figures are about.
const (
	warm     = "find"
	constant = "constant"
	baseline = "get"
	tutorial = "flask"
)

// row is a server to measure.
type row struct {
	name  string
	label string
	run   program.Run // what the server's process does; nil for the one that is not written in Go
	redis string      // in place of the set's Redis, if not empty
	share float64     // of the duration, if not all of it
}

// nowhere is a Redis that is not there: connections to it are refused at once.
const nowhere = "redis://127.0.0.1:1"

// findRows are all servers, in the order in which they are measured within a round.
func findRows() []row {
	return []row{
		{name: warm, label: "**services/find**, warm cache", run: find.Main},
		{
			name: "find-uncached", label: "services/find without cache (Redis away, breaker open)",
			run: find.Main, redis: nowhere,
		},
		{name: baseline, label: "mux + go-redis: GET, write the bytes", run: peers.Get},
		{name: "pipelined", label: "the same on automatic pipelining", run: peers.Pipelined},
		{name: "select", label: "mux + a SELECT per request", run: peers.Select},
		{name: constant, label: "mux + a constant answer (the floor)", run: peers.Constant},
		{name: tutorial, label: "Flask + waitress, a connection per request", share: 0.5},
	}
}

// chooseRows returns the rows that a list separated by commas names, in their own order, or all where it is empty.
func chooseRows(list string) ([]row, error) {
	all := findRows()
	if list == "" {
		return all, nil
	}
	wanted := strings.Split(list, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(all, func(r row) bool { return r.name == name }) {
			return nil, fmt.Errorf("there is no row %q: choose from %s", name, rowNames())
		}
	}
	return slices.DeleteFunc(all, func(r row) bool { return !slices.Contains(wanted, r.name) }), nil
}

// environment is the configuration of the row's server: what an operator has to set, and nothing else.
func (r row) environment(set *dataset.Set, addr, adminAddr string) []string {
	redisURL := set.RedisURL
	if r.redis != "" {
		redisURL = r.redis
	}
	return []string{"ADDR=" + addr, "ADMIN_ADDR=" + adminAddr, "DATABASE_URL=" + set.DatabaseURL, "REDIS_URL=" + redisURL}
}
