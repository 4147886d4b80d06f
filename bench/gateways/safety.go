package gateways

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/glarimy/ums/gateway/safety"
)

// outcome is what the safety table made of one server.
type outcome struct {
	faults  []error // one for each case; nil where it did what the table asks
	version string
}

// compareSafety runs the safety table against our gateway and against nginx, and explains where nginx does something else.
func (r *run) compareSafety(ctx context.Context) (string, error) {
	own, err := r.runTable(ctx, peer{name: ours, prepare: prepareOurs})
	if err != nil {
		return "", err
	}
	theirs, err := r.runTable(ctx, peer{name: nginx, prepare: prepareNginx})
	if err != nil {
		return "", err
	}
	cases := safety.Cases()
	nginxVersion := strings.TrimPrefix(theirs.version, "nginx version: ")
	var b strings.Builder
	fmt.Fprintf(&b, `# HTTP safety: the gateway beside nginx

`+"`make safety-table`"+` has written this page. It runs the %d cases of [gateway/safety](../gateway/safety/CASES.md), of what two
parsers may read in two ways, against both: the gateway does what the table asks in %d of them, nginx (%s) in %d.
A case in which nginx does something else is no fault of nginx as such: the table asks for the stricter of what the RFCs allow.
These are all of those.

| case | nginx | why |
|---|---|---|
`, len(cases), len(cases)-count(own.faults), nginxVersion, len(cases)-count(theirs.faults))
	for i, c := range cases {
		if fault := theirs.faults[i]; fault != nil {
			why := cell(c.Nginx)
			if why == "" {
				why = "**not explained**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(c.Name), cell(fault.Error()), why)
		}
	}
	for i, c := range cases {
		if fault := own.faults[i]; fault != nil {
			fmt.Fprintf(&b, "\n- **The gateway: %s**: %s\n", c.Name, cell(fault.Error()))
		}
	}
	return b.String(), nil
}

// runTable runs the table against one server, as many cases at a time as do not disturb each other's clocks.
func (r *run) runTable(ctx context.Context, p peer) (outcome, error) {
	suite, err := safety.NewSuite(ctx, safety.Cases())
	if err != nil {
		return outcome{}, err
	}
	defer func() { _ = suite.Close() }()
	s, err := r.prepareTable(ctx, p, suite)
	if err != nil {
		return outcome{}, err
	}
	r.say("the safety table against %s", p.name)
	o := outcome{faults: make([]error, len(suite.Cases()))}
	if len(r.notes) > 0 {
		_, o.version, _ = strings.Cut(r.notes[len(r.notes)-1], ": ")
	}
	const atATime = 32
	places, running := make(chan struct{}, atATime), sync.WaitGroup{}
	for i := range o.faults {
		places <- struct{}{}
		running.Go(func() {
			o.faults[i] = suite.Run(ctx, i, func(ctx context.Context) (net.Conn, error) { return dialRaw(ctx, s.process.Addr) })
			<-places
		})
	}
	running.Wait()
	return o, ctx.Err()
}

func count(faults []error) int {
	n := 0
	for _, f := range faults {
		if f != nil {
			n++
		}
	}
	return n
}

// cell makes a text fit into a table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*", "\r", " ", "\n", " ").Replace(s)
}
