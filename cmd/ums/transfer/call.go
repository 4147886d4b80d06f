package transfer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// caller sends requests until they have an answer that is not for the moment alone.
type caller struct {
	client   *Client
	pace     *pace
	patience time.Duration // for one request
}

// call sends a request again and again, which must be safe to repeat. The error says that there was no answer to stay
// with in the time that it had.
func (c *caller) call(ctx context.Context, method, path, body string, header map[string]string) (answer, error) {
	began := time.Now()
	for failures := 0; ; failures++ {
		at, err := c.pace.begin(ctx)
		if err != nil {
			return answer{}, err
		}
		a, err := c.client.send(ctx, method, path, body, header)
		wait := max(a.retryAfter, backoff(failures))
		switch {
		case ctx.Err() != nil:
			c.pace.failed()
			return answer{}, ctx.Err()
		case err == nil && !a.temporary():
			c.pace.done()
			return a, nil
		case err != nil || a.busy():
			c.pace.refused(at, wait)
		default:
			c.pace.failed()
		}
		if passed := time.Since(began); passed+wait > c.patience {
			if err == nil {
				err = errors.New("the last answer is " + a.String())
			}
			return answer{}, fmt.Errorf("%s does not answer as it should for %s: %w",
				c.client.base, passed.Round(time.Second), err)
		}
		if err := pause(ctx, wait+rand.N(wait/4+1)); err != nil {
			return answer{}, err
		}
	}
}

// pause waits, or returns ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
