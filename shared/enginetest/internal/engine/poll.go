package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errGone is wrapped by a probe's error when there is no use in asking again.
var errGone = errors.New("the server has ended")

// poll asks probe every interval until it returns nil, an error that wraps errGone, or ctx is done. The error is the
// probe's last one.
func poll(ctx context.Context, interval time.Duration, probe func(context.Context) error) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for began := time.Now(); ; {
		err := probe(ctx)
		if err == nil || errors.Is(err, errGone) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer in %v: %w", time.Since(began).Round(time.Millisecond), err)
		case <-tick.C:
		}
	}
}
