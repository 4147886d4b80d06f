package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/glarimy/ums/bench/dataset"
	"github.com/glarimy/ums/bench/process"
	"github.com/glarimy/ums/bench/report"
)

// bench is one run of a benchmark.
type bench struct {
	set      *dataset.Set
	dir      string // for the servers' output
	getenv   func(string) string
	options  findOptions
	progress io.Writer

	servers []*server
	notes   []string // for the reader of the result
}

// server is one row, running.
type server struct {
	row

	process   *process.Process
	adminAddr string

	samples  []report.Sample
	requests int64 // in all samples
	failed   int64 // of these, not answered with 200
	hits     int64 // of these, answered from the cache; of the warm find only
}

// startTime bounds the start of one server.
const startTime = 30 * time.Second

// start starts the servers and makes sure that each does the same work. The Flask service is left out with a note
// where Python or its packages are not to be had.
func (b *bench) start(ctx context.Context, rows []row) error {
	for _, r := range rows {
		addr, err := process.FreeAddr(ctx)
		if err != nil {
			return err
		}
		adminAddr, err := process.FreeAddr(ctx)
		if err != nil {
			return err
		}
		var command process.Command
		if r.name == tutorial {
			command, err = b.flaskCommand(ctx, addr)
			if err != nil {
				b.notes = append(b.notes, "Without Flask: "+err.Error())
				b.say("%s", b.notes[len(b.notes)-1])
				continue
			}
		} else if command, err = b.goCommand(r, addr, adminAddr); err != nil {
			return err
		}
		if err := b.startOne(ctx, r, command, adminAddr); err != nil {
			return err
		}
	}
	if len(b.servers) == 0 {
		return errors.New("there is nothing to measure")
	}
	return nil
}

func (b *bench) startOne(ctx context.Context, r row, command process.Command, adminAddr string) error {
	p, err := process.Start(command, b.dir)
	if err != nil {
		return err
	}
	s := &server{row: r, process: p, adminAddr: adminAddr}
	b.servers = append(b.servers, s)
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	first, last := b.set.Users[0], b.set.Users[len(b.set.Users)-1]
	if err := p.Wait(ctx, func(ctx context.Context) error { return checkFound(ctx, command.Addr, first) }); err != nil {
		return err
	}
	if r.name != constant {
		err := errors.Join(checkFound(ctx, command.Addr, last), checkMissing(ctx, command.Addr, b.set.Nobody))
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return nil
}

func (b *bench) goCommand(r row, addr, adminAddr string) (process.Command, error) {
	self, err := os.Executable()
	if err != nil {
		return process.Command{}, fmt.Errorf("find this program, to start it once more: %w", err)
	}
	return process.Command{
		Name: r.name, Path: self, Args: []string{"serve", r.name}, Addr: addr,
		Env: r.environment(b.set, addr, adminAddr),
	}, nil
}

func (b *bench) flaskCommand(ctx context.Context, addr string) (process.Command, error) {
	b.say("preparing Flask; the first time, its packages are installed")
	f, err := flask(ctx, b.getenv)
	if err != nil {
		return process.Command{}, err
	}
	env, err := f.Env(b.set.DatabaseURL)
	if err != nil {
		return process.Command{}, err
	}
	versions, err := f.Versions(ctx)
	if err != nil {
		return process.Command{}, err
	}
	b.notes = append(b.notes, "Flask: "+versions)
	return process.Command{
		Name: tutorial, Path: f.Python, Args: []string{f.App}, Addr: addr, Env: append(env, "ADDR="+addr),
	}, nil
}

// close ends everything that start started.
func (b *bench) close() error {
	var errs []error
	for _, s := range b.servers {
		errs = append(errs, s.process.Stop())
	}
	return errors.Join(errs...)
}

func (b *bench) say(format string, a ...any) { fmt.Fprintf(b.progress, "bench: "+format+"\n", a...) }
