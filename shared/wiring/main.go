package wiring

import (
	"context"
	"io"
	"log/slog"

	"github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/logging"
	"github.com/glarimy/ums/shared/program"
	"github.com/glarimy/ums/shared/usercache"
)

// Main runs a service's program as [program.Main] does, with its Redis clients' log redirected. It does not return.
func Main(name string, run program.Run) {
	program.Main(name, func(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
		RedirectClientLog(getenv, stdout)
		return run(ctx, args, getenv, stdout)
	})
}

// RedirectClientLog has the Redis clients of this process write to w what they would write to standard error, in the
// program's own format and at debug level. It is for a program's start alone, as it changes the whole process. What is
// wrong with LOG_LEVEL or LOG_FORMAT is the program's to tell: here it only means that clients are silent.
func RedirectClientLog(getenv func(string) string, w io.Writer) {
	logger := slog.New(slog.DiscardHandler)
	var c logging.Config
	if config.Load(&c, getenv) == nil {
		if own, err := logging.New(w, c); err == nil {
			logger = own
		}
	}
	usercache.RedirectClientLog(logger)
}
