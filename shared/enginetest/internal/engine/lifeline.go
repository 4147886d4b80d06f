package engine

import (
	"fmt"
	"io"

	"github.com/ory/dockertest/v3"
)

// lifeline runs inside a container and ends the container when its standard input ends, which is when the process that
// started it does. The server may be suspended, or still be a shell that cares for no signal: hence the repetition.
const lifeline = `echo tied; cat >/dev/null; while :; do kill -CONT 1; kill -TERM 1; sleep 1; done`

// tie starts the lifeline of a container and returns when it holds. It ends with its input.
func tie(resource *dockertest.Resource, input io.Reader) error {
	output, done := io.Pipe()
	go func() {
		_, err := resource.Exec([]string{"sh", "-c", lifeline}, dockertest.ExecOptions{StdIn: input, StdOut: done})
		_ = done.CloseWithError(err)
	}()
	if _, err := output.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("tie a container to this process: %w", err)
	}
	go func() { _, _ = io.Copy(io.Discard, output) }()
	return nil
}
