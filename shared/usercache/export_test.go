package usercache

import "context"

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
	Steps       = steps
)

// Trace has f called before each step of c.
func (c *Cache) Trace(f func(ctx context.Context, s Step)) { c.trace = f }

// Trace has f called before each step of f.
func (f *Fencer) Trace(trace func(ctx context.Context, s Step)) { f.trace = trace }
