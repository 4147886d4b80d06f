package usercache_test

import (
	"log/slog"
	"os"
	"testing"

	"github.com/glarimy/ums/shared/usercache"
)

// TestMain keeps what go-redis says of the outages that the tests make out of their output.
func TestMain(m *testing.M) {
	usercache.RedirectClientLog(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
