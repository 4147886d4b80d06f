package usercache

import (
	"context"

	"github.com/glarimy/ums/shared/user"
)

// Step makes the steps of the protocol known to the tests.
type Step = step

// The steps, for the tests' model and scheduler.
const (
	StepLook    = stepLook
	StepLease   = stepLease
	StepSeize   = stepSeize
	StepRead    = stepRead
	StepFill    = stepFill
	StepDrop    = stepDrop
	StepJoin    = stepJoin
	StepDirect  = stepDirect
	StepSelect  = stepSelect
	StepFence   = stepFence
	StepRelease = stepRelease
	StepDelete  = stepDelete
	StepAwait   = stepAwait
	StepOver    = stepOver
	Steps       = steps
)

// Trace has f called before each step of c.
func (c *Cache) Trace(f func(ctx context.Context, s Step)) { c.trace = f }

// Trace has f called before each step of f.
func (f *Fencer) Trace(trace func(ctx context.Context, s Step)) { f.trace = trace }

// SetLooks has readers of c look n times.
func (c *Cache) SetLooks(n int) { c.looks = n }

// SkipRedis has the breaker of c open, or closed again.
func (c *Cache) SkipRedis(skip bool) {
	if skip {
		c.redis.breaker.Open()
	} else {
		c.redis.breaker.Close()
	}
}

// Encode returns what a key holds that holds e.
func Encode(e Entry) string { return e.encode() }

// Decode returns the user that a value of its key holds.
func Decode(value string, name user.Name) (Entry, bool) {
	h := decode(value, name.String())
	return h.entry, h.kind == found
}
