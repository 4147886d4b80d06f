package gateway_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/shared/httpserver"
)

// serve runs the service as it is by default until the test ends, and returns its address.
func serve(tb testing.TB, getenv func(string) string, configure ...func(*httpserver.Config, *gateway.Dependencies)) string {
	tb.Helper()
	service, _ := serveUntil(tb, getenv, configure...)
	return service.Addr()
}

// serveUntil is serve for tests that stop the service themselves. The function does so, and returns when it has ended.
func serveUntil(
	tb testing.TB, getenv func(string) string, configure ...func(*httpserver.Config, *gateway.Dependencies),
) (*gateway.Service, func() error) {
	tb.Helper()
	config := httpserver.Config{
		Addr: "127.0.0.1:0", AdminAddr: "off", ShutdownTimeout: 20 * time.Second, AccessLogSample: 100,
	}
	deps := gateway.Dependencies{
		Routes: mustLoad(tb, getenv), Logger: slog.New(slog.DiscardHandler), Registry: httpserver.NewRegistry(),
	}
	for _, f := range configure {
		f(&config, &deps)
	}
	service, err := gateway.New(config, deps)
	if err != nil {
		tb.Fatal(err)
	}
	if err := service.Listen(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- service.Serve(ctx) }()
	var over bool
	end := func() error {
		if over {
			return nil
		}
		over = true
		stop()
		return <-ended
	}
	tb.Cleanup(func() {
		if err := end(); err != nil {
			tb.Errorf("the end: %v", err)
		}
	})
	return service, end
}
