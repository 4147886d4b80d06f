package examples_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/glarimy/ums/cmd/ums/system"
	"github.com/glarimy/ums/shared/config"
)

// startSystem runs the whole of UMS in the test's process, with these variables, until t ends. Where a variable says that
// a slot is filled elsewhere, no service of ours fills it. It returns the gateway's URL.
func startSystem(t *testing.T, env map[string]string) string {
	t.Helper()
	getenv := func(name string) string { return env[name] }
	var c system.Config
	if err := config.Load(&c, getenv); err != nil {
		t.Fatal(err)
	}
	c.Server.Addr, c.Server.AdminAddr, c.Server.AccessLog = "127.0.0.1:0", "off", "off"
	c.Data, c.Getenv = t.TempDir(), getenv
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	whole, err := system.Open(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the system ended with: %v", err)
		}
		if err := whole.Close(); err != nil {
			t.Errorf("close the system: %v", err)
		}
	})
	if err := whole.Migrate(ctx); err != nil {
		ended <- nil
		t.Fatal(err)
	}
	go func() { ended <- whole.Serve(ctx) }()
	return "http://" + whole.Addr()
}
