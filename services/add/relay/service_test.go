package relay_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/wiring"
)

// TestTheSwitch leaves the relay out of the service, for one that runs beside it.
func TestTheSwitch(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	client, err := usercache.Open("redis://127.0.0.1:1", usercache.WriteTimeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	for _, tc := range []struct {
		value  string
		relays bool
		fails  string
	}{{"", true, ""}, {"on", true, ""}, {"off", false, ""}, {"no", false, `RELAY is "no": give on or off`}} {
		registry := prometheus.NewRegistry()
		_, err := add.New(add.Config{
			Config: httpserver.Config{Addr: "127.0.0.1:0", AdminAddr: "off", ShutdownTimeout: servicetest.Patience, AccessLog: "off"},
			Relay:  add.RelayConfig{Switch: tc.value},
		}, add.Dependencies{
			Parts: wiring.NewParts(s.db, slog.New(slog.DiscardHandler), registry), Redis: client, Bus: &memory{},
		})
		if message := errorText(err); message != tc.fails {
			t.Errorf("RELAY=%s: %q, want %q", tc.value, message, tc.fails)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		relays := slices.ContainsFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == "ums_relay_leader" })
		if relays != tc.relays {
			t.Errorf("RELAY=%s: a relay is there: %v, want %v", tc.value, relays, tc.relays)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestInTheService sends requests to the add service and finds what they did on the bus.
func TestInTheService(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		client, err := usercache.Open("redis://"+miniredis.RunT(t).Addr(), usercache.WriteTimeout)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		b := &memory{}
		service, err := add.New(add.Config{
			Config: httpserver.Config{Addr: "127.0.0.1:0", AdminAddr: "off", ShutdownTimeout: servicetest.Patience, AccessLog: "off"},
		}, add.Dependencies{
			Parts: wiring.NewParts(s.db, slog.New(slog.DiscardHandler), prometheus.NewRegistry()), Redis: client, Bus: b,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := service.Listen(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		stopped := make(chan error, 1)
		go func() { stopped <- service.Serve(ctx) }()
		t.Cleanup(func() {
			stop()
			if err := <-stopped; err != nil {
				t.Errorf("the service stopped with: %v", err)
			}
		})

		url := "http://" + service.Addr() + "/user"
		send(t, http.MethodPost, url, `{"name":"KrishnaMohan","phone":9731423166}`, http.StatusCreated)
		send(t, http.MethodPatch, url+"/KrishnaMohan", `{"phone":9731423167}`, http.StatusOK)
		send(t, http.MethodDelete, url+"/KrishnaMohan", "", http.StatusNoContent)
		servicetest.Eventually(t, "all are published", func() bool { return len(b.ids("KrishnaMohan")) == 3 })
		for i, want := range []struct{ kind, phone string }{
			{event.TypeAdded, "9731423166"}, {event.TypeChanged, "9731423167"}, {event.TypeRemoved, "9731423167"},
		} {
			e := b.events[i]
			if e.Type != want.kind || !strings.Contains(string(e.Data), want.phone) {
				t.Errorf("event %d is %s with %s, want %s with %s", i, e.Type, e.Data, want.kind, want.phone)
			}
			if err := e.Validate(); err != nil {
				t.Errorf("event %d: %v", i, err)
			}
			if e.RequestID == "" {
				t.Errorf("event %d has no request id", i)
			}
		}
	})
}

func send(t *testing.T, method, url, body string, want int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != want {
		t.Errorf("%s %s = %d, want %d", method, url, response.StatusCode, want)
	}
}
