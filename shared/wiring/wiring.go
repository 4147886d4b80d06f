// Package wiring puts a service together: what all of them are made of, how one becomes a process of its own, and how its
// routes become a server. What differs is the service's to say, in its Main and its New.
package wiring

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/document"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/schema"
	"github.com/glarimy/ums/shared/userhttp"
)

// Parts are what every service is given. All of them are required; they stay the giver's to close, after Serve.
type Parts struct {
	DB       *database.DB
	Schema   *schema.Gate
	Logger   *slog.Logger
	Registry *prometheus.Registry
	Now      func() time.Time
}

// NewParts returns the parts of a service on a database, by the system's clock.
func NewParts(db *database.DB, logger *slog.Logger, registry *prometheus.Registry) Parts {
	return Parts{
		DB: db, Schema: schema.NewGate(db, schema.Options{Logger: logger}), Logger: logger, Registry: registry, Now: time.Now,
	}
}

// Slot is what differs between the servers of services.
type Slot struct {
	Name       string                        // as in logs and metrics
	OpenAPI    string                        // the document of the routes
	Handler    http.Handler                  // the routes, which are reached once the schema has been seen
	Tasks      []func(context.Context) error // as in [httpserver.Service]; [schema.Gate.Then] makes one wait for the schema
	EndStreams func()                        // as in [httpserver.Service]
}

// NewServer returns the server of a slot. Besides the tasks it looks for the schema until it has seen it. The error says
// what is wrong with the configuration.
func (p Parts) NewServer(c httpserver.Config, s Slot) (*httpserver.Server, error) {
	return httpserver.New(c, httpserver.Service{
		Name:       s.Name,
		Handler:    document.Describe(s.OpenAPI, userhttp.WhenReady(p.Schema, s.Handler)),
		Ready:      p.Schema.Ready,
		Logger:     p.Logger,
		Registry:   p.Registry,
		Tasks:      append([]func(context.Context) error{p.Schema.Run}, s.Tasks...),
		EndStreams: s.EndStreams,
	})
}
