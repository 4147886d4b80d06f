//go:build !linux

package apart

import (
	"context"
	"errors"
	"os/exec"
)

// Command returns an error: other systems than Linux have no such thing.
func Command(context.Context, ...string) (*exec.Cmd, error) { return nil, errors.ErrUnsupported }

// Join does nothing.
func Join() error { return nil }

// OneUser reports false.
func OneUser() bool { return false }
