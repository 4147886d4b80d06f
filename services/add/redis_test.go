package add_test

import (
	"context"
	"net"
	"sync"

	"github.com/redis/go-redis/v9"
)

// recorder is a hook that remembers the commands of a client, and may do something before and after each.
type recorder struct {
	before, after func(command redis.Cmder) // may be nil

	mu       sync.Mutex
	commands []string
}

// count returns how many commands there were.
func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.commands)
}

// DialHook implements [redis.Hook].
func (r *recorder) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements [redis.Hook].
func (r *recorder) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		r.begin(command)
		err := next(ctx, command)
		r.end(command)
		return err
	}
}

// ProcessPipelineHook implements [redis.Hook].
func (r *recorder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		for _, command := range commands {
			r.begin(command)
		}
		err := next(ctx, commands)
		for _, command := range commands {
			r.end(command)
		}
		return err
	}
}

func (r *recorder) begin(command redis.Cmder) {
	r.mu.Lock()
	r.commands = append(r.commands, command.Name())
	r.mu.Unlock()
	if r.before != nil {
		r.before(command)
	}
}

func (r *recorder) end(command redis.Cmder) {
	if r.after != nil {
		r.after(command)
	}
}
