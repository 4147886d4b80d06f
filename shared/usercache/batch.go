package usercache

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/user"
)

// FenceAll is Fence for several users whose rows one transaction has changed, in one packet. Each fence is confirmed or
// not, and ends, by itself.
func (f *Fencer) FenceAll(ctx context.Context, names []user.Name) []*Fence {
	fences, answers := make([]*Fence, len(names)), make([]*redis.StatusCmd, len(names))
	pipeline := f.client.Pipeline()
	for i, name := range names {
		fences[i] = f.newFence(name)
		answers[i] = setCommand(ctx, fences[i].key, fences[i].value, f.time)
		_ = pipeline.Process(ctx, once{answers[i]}) // only queues it
	}
	f.trace.reach(ctx, stepFence)
	_, _ = pipeline.Exec(ctx) // each answer has its error
	for i, answer := range answers {
		fences[i].settle(answer.Err())
	}
	return fences
}

// ReleaseAll is Release for the fences of one transaction, in one packet. The error is that of one that was not released.
func (f *Fencer) ReleaseAll(ctx context.Context, fences []*Fence) error {
	ctx = context.WithoutCancel(ctx)
	f.trace.reach(ctx, stepRelease)
	left, err := f.releaseOnce(ctx, fences, true)
	if len(left) > 0 { // Redis may have forgotten the scripts, so the second attempt brings them along
		left, err = f.releaseOnce(ctx, left, false)
	}
	for _, fence := range left {
		fence.Abandon()
	}
	if err != nil {
		return fmt.Errorf("release %d of %d users in the cache: %w", len(left), len(fences), err)
	}
	return nil
}

// releaseOnce returns the fences that it did not release, and why one of them was not.
func (f *Fencer) releaseOnce(ctx context.Context, fences []*Fence, known bool) (left []*Fence, err error) {
	pipeline := f.client.Pipeline()
	answers := make([]*redis.Cmd, len(fences))
	for i, fence := range fences {
		script, args := fence.script()
		run := script.Eval
		if known {
			run = script.EvalSha
		}
		answers[i] = run(ctx, pipeline, []string{fence.key}, args...)
	}
	_, _ = pipeline.Exec(ctx) // each answer has its error
	for i, fence := range fences {
		found, failed := answers[i].Int()
		if failed != nil {
			left, err = append(left, fence), failed
			continue
		}
		fence.released(found)
	}
	return left, err
}
