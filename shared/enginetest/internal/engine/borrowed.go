package engine

import (
	"context"
	"errors"
)

var errBorrowed = errors.New("the server was named by a URL: it is not ours to stop")

// borrowed is the control of a server that others use too.
type borrowed struct{}

func (borrowed) Stop(context.Context) error   { return errBorrowed }
func (borrowed) Kill(context.Context) error   { return errBorrowed }
func (borrowed) Start(context.Context) error  { return errBorrowed }
func (borrowed) Pause(context.Context) error  { return errBorrowed }
func (borrowed) Resume(context.Context) error { return errBorrowed }
func (borrowed) Close() error                 { return nil }
