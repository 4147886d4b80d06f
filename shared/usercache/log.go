package usercache

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// RedirectClientLog has go-redis write what it logs, which concerns its connections, to logger at debug level instead
// of standard error. It does so for the whole process: a program calls it once, at its start. Nothing is lost by the
// level, for every failure is also an error that somebody is given, or counted.
func RedirectClientLog(logger *slog.Logger) { redis.SetLogger(clientLog{logger}) }

type clientLog struct{ *slog.Logger }

// Printf implements go-redis's interface of a logger.
func (l clientLog) Printf(ctx context.Context, format string, args ...any) {
	if l.Enabled(ctx, slog.LevelDebug) {
		l.DebugContext(ctx, "redis client", slog.String("detail", fmt.Sprintf(format, args...)))
	}
}
