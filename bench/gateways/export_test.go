package gateways

import (
	"context"
	"io"

	"github.com/glarimy/ums/bench/process"
	"github.com/glarimy/ums/bench/report"
	"github.com/glarimy/ums/gateway/safety"
)

// StolenTries is how often a sample is taken at most.
const StolenTries = stolenTries

// ParseProcessorTime is parseProcessorTime: the ticks of all kinds, and those that were stolen.
func ParseProcessorTime(stat string) (all, stolen int64) {
	t := parseProcessorTime(stat)
	return t.all, t.stolen
}

// Undisturbed takes a sample with a clock that tells all ticks and stolen ones, and returns what was counted.
func Undisturbed(
	ctx context.Context, now func() (all, stolen int64), take func() (report.Sample, error),
) (kept report.Sample, repeated int, worst float64, err error) {
	s := stolen{}
	kept, err = undisturbed(ctx, &s, stolenTries, func() processorTime {
		all, stolen := now()
		return processorTime{all: all, stolen: stolen}
	}, take)
	return kept, s.repeated, s.worst, err
}

// StartBeside starts a gateway that cannot be prepared in a run that has another one, in a folder for files.
func StartBeside(ctx context.Context, dir string, cannot error) (started int, err error) {
	r := &run{dir: dir, progress: io.Discard, servers: []*server{{}}}
	prepare := func(context.Context, *run, site) (process.Command, string, error) {
		return process.Command{}, "", cannot
	}
	servers, err := r.start(ctx, []peer{{name: ours, prepare: prepare}}, "")
	return len(servers), err
}

// OverloadFolder is the name of the gateway's folder under overload, and Ours that of the one measured beside others.
const (
	OverloadFolder = overloaded
	Ours           = ours
)

// NginxConfig is nginx's configuration of one route, where root is the only user or not.
func NginxConfig(oneUser bool) string {
	return nginxConfig(site{routes: []safety.Route{{}}, oneRoute: true, oneUser: oneUser})
}
