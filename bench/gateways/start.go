package gateways

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/glarimy/ums/bench/apart"
	"github.com/glarimy/ums/bench/process"
	"github.com/glarimy/ums/bench/report"
	"github.com/glarimy/ums/gateway/safety"
)

// server is a peer, running.
type server struct {
	peer

	process *process.Process
	header  string // a header line of each request, or empty

	closed, open report.Row
	atRest, idle int64 // resident memory, in bytes
	failed       int64 // answers that were not 200
}

// startTime bounds the start of one server.
const startTime = 20 * time.Second

// target is what all are asked for.
const target = "/user/bench-user-0000"

// startUpstream starts the upstream with more of an environment and returns its address.
func (r *run) startUpstream(ctx context.Context, env ...string) (string, error) {
	addr, err := process.FreeAddr(ctx)
	if err != nil {
		return "", err
	}
	command, err := r.self("upstream")
	if err != nil {
		return "", err
	}
	command.Addr, command.Env = addr, append([]string{"ADDR=" + addr, oneThread}, env...)
	started, err := process.Start(command, r.dir)
	if err != nil {
		return "", err
	}
	r.upstreams = append(r.upstreams, started)
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	return addr, started.Wait(ctx, func(ctx context.Context) error { return checkAnswer(ctx, addr, "") })
}

// start starts the chosen gateways, and returns those that it has started. Those that cannot be had are left out, with a
// note; that there is none is an error.
func (r *run) start(ctx context.Context, chosen []peer, upstream string) (servers []*server, err error) {
	for _, p := range chosen {
		s := site{routes: []safety.Route{{Slot: "find", Addr: upstream}}, oneRoute: true, limited: p.limited}
		started, err := r.startOne(ctx, p, s)
		if err == nil {
			ready, cancel := context.WithTimeout(ctx, startTime)
			err = started.process.Wait(ready, func(ctx context.Context) error {
				return checkAnswer(ctx, started.process.Addr, started.header)
			})
			cancel()
		}
		if err == nil && p.secured {
			err = r.checkRefusal(ctx, started)
		}
		if err != nil {
			r.notes = append(r.notes, fmt.Sprintf("Without %s: %v", p.name, err))
			r.say("%s", r.notes[len(r.notes)-1])
			if started != nil {
				if err := started.process.Stop(); err != nil {
					return nil, err
				}
			}
			continue
		}
		r.servers, servers = append(r.servers, started), append(servers, started)
	}
	if len(servers) == 0 {
		return nil, errors.New("there is nothing to measure")
	}
	return servers, nil
}

// startOne starts a peer for a site, of which it chooses the addresses and the folder. It may have started the server
// although it returns an error.
func (r *run) startOne(ctx context.Context, p peer, s site) (*server, error) {
	var err error
	if s.addr, err = process.FreeAddr(ctx); err != nil {
		return nil, err
	}
	if s.admin, err = process.FreeAddr(ctx); err != nil {
		return nil, err
	}
	s.dir, s.oneUser = filepath.Join(r.dir, p.name), apart.OneUser()
	if err := os.MkdirAll(s.dir, 0o755); err != nil { //nolint:gosec // nginx's workers are another user's
		return nil, err
	}
	if p.secured && r.issued == nil {
		if r.issued, err = newIssued(); err != nil {
			return nil, err
		}
	}
	if p.secured {
		s.issued = r.issued
	}
	command, version, err := p.prepare(ctx, r, s)
	if err != nil {
		return nil, err
	}
	command.Name, command.Addr = p.name, s.addr
	started := &server{peer: p}
	if p.secured {
		started.header = r.issued.header
	}
	started.process, err = process.Start(command, r.dir)
	if err != nil {
		return nil, err
	}
	if version != "" {
		r.notes = append(r.notes, p.name+": "+version)
	}
	return started, nil
}

// checkRefusal makes sure that a server does check tokens: what it costs not to look at them is not to be compared.
func (r *run) checkRefusal(ctx context.Context, s *server) error {
	for _, header := range []string{"", r.issued.forged()} {
		switch status, _, err := ask(ctx, s.process.Addr, header); {
		case err != nil:
			return err
		case status != http.StatusUnauthorized:
			return fmt.Errorf("without a good token the answer is %d, not 401", status)
		}
	}
	return nil
}

// checkAnswer makes sure that a server answers with the record.
func checkAnswer(ctx context.Context, addr, header string) error {
	status, body, err := ask(ctx, addr, header)
	if err == nil && (status != http.StatusOK || body != record) {
		err = fmt.Errorf("the answer is %d %.200q, not the record", status, body)
	}
	return err
}

// ask sends the request of the benchmark once, with a header line or without.
func ask(ctx context.Context, addr, header string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+target, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	if name, value, found := strings.Cut(header, ":"); found {
		request.Header.Set(name, strings.TrimSpace(value))
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}
