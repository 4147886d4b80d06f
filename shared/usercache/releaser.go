package usercache

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// mostWaiting is how many releases may wait. More of them wait only where Redis does not answer, and then nothing is lost
// with them: their fences expire.
const mostWaiting = 4096

// releaser releases fences of writes that are answered already. What comes in while it waits for Redis goes there in one
// packet, so that many writers at a time share the cost. It is safe for concurrent use, and runs only while it has work.
type releaser struct {
	client redis.UniversalClient

	mu      sync.Mutex
	waiting []*Fence
	running bool
}

// add takes a fence that Redis confirmed, and reports whether it did.
func (r *releaser) add(f *Fence) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == mostWaiting {
		return false
	}
	r.waiting = append(r.waiting, f)
	if !r.running {
		r.running = true
		go r.run()
	}
	return true
}

func (r *releaser) run() {
	for fences := r.take(); len(fences) > 0; fences = r.take() {
		for _, f := range r.send(fences) {
			f.Abandon()
		}
	}
}

// take returns all that wait, or nothing, after which run ends.
func (r *releaser) take() []*Fence {
	r.mu.Lock()
	defer r.mu.Unlock()
	fences := r.waiting
	r.waiting, r.running = nil, len(fences) > 0
	return fences
}

// send releases the fences and returns those of which Redis did not confirm it. The first attempt names the script, the
// last brings it along, in case that Redis does not know it.
func (r *releaser) send(fences []*Fence) (failed []*Fence) {
	for attempt := range releaseAttempts {
		name, script := "evalsha", releaseScript.Hash()
		if attempt > 0 {
			name, script = "eval", releaseSource
		}
		if fences = r.try(fences, name, script); len(fences) == 0 {
			return nil
		}
	}
	return fences
}

func (r *releaser) try(fences []*Fence, name, script string) (failed []*Fence) {
	ctx := context.Background() // no request waits; the client's timeouts bound it
	pipeline := r.client.Pipeline()
	answers := make([]*redis.Cmd, len(fences))
	for i, f := range fences {
		answers[i] = pipeline.Do(ctx, name, script, 1, f.key, f.value)
	}
	_, _ = pipeline.Exec(ctx) // each answer has its error
	for i, f := range fences {
		found, err := answers[i].Int()
		if err != nil {
			failed = append(failed, f)
			continue
		}
		f.released(found)
	}
	return failed
}
