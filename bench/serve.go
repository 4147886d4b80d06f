package bench

import (
	"context"
	"fmt"
	"io"
)

// serve is one of the servers, until ctx or the standard input ends: that is a pipe from the benchmark, so that no
// server outlives it.
func (f Find) serve(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, f.Stdin)
		cancel()
	}()
	for _, r := range findRows() {
		if len(args) == 1 && args[0] == r.name && r.run != nil {
			return r.run(ctx, nil, getenv, stdout)
		}
	}
	return fmt.Errorf("serve takes the name of one of the servers: %s", rowNames())
}
