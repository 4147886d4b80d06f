package gateway_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/httpserver"
)

// TestDeadlineOfAClient shows that what a client says of a deadline does not count.
func TestDeadlineOfAClient(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if left := r.Header.Get(header.Deadline); left == "" || left == "1" {
			http.Error(w, "the deadline is "+left, http.StatusBadRequest)
		}
	}))
	t.Cleanup(upstream.Close)
	routes, err := gateway.LoadConfig("", func(name string) string {
		return map[string]string{"FIND_URL": upstream.URL}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	service, err := gateway.New(httpserver.Config{Addr: "127.0.0.1:0", AdminAddr: "off", ShutdownTimeout: time.Minute}, gateway.Dependencies{
		Routes: routes, Logger: slog.New(slog.DiscardHandler), Registry: httpserver.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- service.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+service.Addr()+"/user/KrishnaMohan", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(header.Deadline, "1")
	response, err := new(http.Transport).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status = %d, want 200", response.StatusCode)
	}
}
