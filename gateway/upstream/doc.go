// Package upstream knows the instances that fill a slot, which of them are well, and what may be asked of them. It moves no
// bytes: whoever does picks an instance, exchanges a request with it, and tells how that ended.
//
//	registry, err := upstream.NewRegistry(upstream.Options{…})  // one for the life of the process
//	upstreams, release := registry.Use(ctx, config.Upstreams)   // for each configuration; release when its last request ended
//
//	var call upstream.Call                                      // for each request, on the stack or in kept state
//	if err := u.Begin(&call); err != nil {
//		refusal, _ := errors.AsType[*upstream.RefusedError](err)     // 503 and Retry-After: too many, or the breaker is open
//	}
//	defer call.End(upstream.Canceled)                           // does nothing after the ends below
//	for {
//		instance, err := call.Pick()                            // never one that was tried; err: 503, none is left
//		status, outcome := exchange(instance.Attached())        // to the head of the answer
//		if outcome == upstream.Answered {
//			call.Answered(status)                               // the wait is over, for the limit and the breaker
//			call.End(sendTheRest())                             // Answered, Broken, or Canceled if the client is gone
//			return
//		}
//		if !call.Failed(upstream.Attempt{Method: …, IdempotencyKey: …, Replayable: …, Outcome: outcome}) {
//			return                                              // 503, 504 or 502 by the outcome
//		}
//	}
//
// A connection that was kept from an earlier request and turns out to be closed before a byte of this one was written is
// no outcome: whoever keeps connections opens another one. Streams need no case of their own, because the limit counts
// only those who wait for the head of an answer.
//
// Time is that of package time; tests put it into a bubble of testing/synctest.
package upstream
