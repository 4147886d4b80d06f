package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/glarimy/ums/deploy/writer"
)

const (
	workers = 4
	// settle is how long users are added before a container is killed, and again once all are healthy.
	settle = 2 * time.Second
	// longest is how long all of it may take, the build of images without a cache included; removing what was started
	// has cleanup beyond that.
	longest, cleanup = 20 * time.Minute, 2 * time.Minute
	// recovery is how long all may take to be healthy again.
	recovery = 2 * time.Minute
)

// run is the program but for the process around it.
func run(ctx context.Context, name string, port int, environ []string, out io.Writer) (err error) {
	events, err := busOf(name)
	if err != nil {
		return err
	}
	begun := time.Now()
	environ = slices.Concat(environ, events.environ, []string{fmt.Sprintf("UMS_PORT=%d", port)})
	c := composition{project: "ums-check", base: fmt.Sprintf("http://127.0.0.1:%d", port), environ: environ, out: out}
	defer func() { err = errors.Join(err, c.remove(ctx)) }()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if err := c.compose(ctx, "build"); err != nil {
		return err
	}
	fmt.Fprintf(out, "images built after %s\n", time.Since(begun).Round(time.Second/10))
	if err := c.compose(ctx, "up", "--wait"); err != nil {
		return err
	}
	fmt.Fprintf(out, "up after %s\n", time.Since(begun).Round(time.Second/10))
	if err := c.conformance(ctx); err != nil {
		return err
	}
	w := writer.New(c.base, time.Now().Format("150405"))
	if err := outages(ctx, c, events.victims(), w); err != nil {
		return err
	}
	if err := verify(ctx, c, w, "after every outage"); err != nil {
		return err
	}
	if err := errors.Join(c.compose(ctx, "down"), c.compose(ctx, "up", "--wait")); err != nil {
		return err
	}
	if err := verify(ctx, c, w, "after down and up"); err != nil {
		return err
	}
	fmt.Fprintf(out, "all of it in %s\n", time.Since(begun).Round(time.Second))
	return nil
}

// outages kills one victim after another while w writes.
func outages(ctx context.Context, c composition, victims []string, w *writer.Writer) error {
	writing, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); w.Run(writing, workers) }()
	defer func() { stop(); <-done }()
	for _, victim := range victims {
		pause(ctx, settle)
		w.Gap()
		if err := c.kill(ctx, victim); err != nil {
			return err
		}
		if err := c.recover(ctx); err != nil {
			return fmt.Errorf("after %s was killed: %w", victim, err)
		}
		pause(ctx, settle)
		acked, retries := w.Count()
		fmt.Fprintf(c.out, "killed %-8s longest time without an acknowledgement %6s; so far %d acknowledged, %d sent again\n",
			victim, w.Gap().Round(time.Millisecond), acked, retries)
	}
	return ctx.Err()
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
