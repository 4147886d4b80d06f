package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/glarimy/ums/shared/version"
)

// Service is what a server serves.
type Service struct {
	Name     string               // the slot, as it appears in logs and metrics
	Handler  http.Handler         // answers everything but the probes
	Ready    func() error         // nil when the service can work; an error says what it waits for
	Logger   *slog.Logger         // required
	Registry *prometheus.Registry // required: where the metrics go, and what the admin listener shows

	// Tasks run beside the server, from its start until it has answered its last request. One that fails stops the
	// server; one that ends because it is stopped has not failed.
	Tasks []func(context.Context) error

	// Edge says that requests come from clients themselves, and not from the gateway: what they say of a deadline does
	// not count.
	Edge bool

	// EndStreams, where it is set, is called when the server takes no more requests, to end the answers that have no end
	// of their own.
	EndStreams func()

	// After is the clock of the delay before a stop; time.After where it is nil.
	After func(time.Duration) <-chan time.Time
}

// Server serves one [Service]. Use it once: Listen, then Serve.
type Server struct {
	config   Config
	service  Service
	logger   *slog.Logger
	main     *http.Server
	admin    *http.Server
	listener net.Listener
	adminLis net.Listener
	draining atomic.Bool
}

// New returns a server. The error says what is wrong with the configuration.
func New(c Config, s Service) (*Server, error) {
	if s.After == nil {
		s.After = time.After
	}
	srv := &Server{config: c, service: s, logger: s.Logger.With("service", s.Name)}
	handler, err := srv.instrument(srv.probes(s.Handler))
	if err != nil {
		return nil, err
	}
	srv.main = srv.httpServer(handler)
	if s.EndStreams != nil {
		srv.main.RegisterOnShutdown(s.EndStreams)
	}
	if c.AdminAddr != "off" {
		srv.admin = srv.httpServer(AdminHandler(s.Registry))
	}
	return srv, nil
}

func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnState:         connState,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
}

// Listen takes the addresses, so that a taken one is told before anything else starts.
func (s *Server) Listen(ctx context.Context) (err error) {
	if s.listener, err = s.listen(ctx, s.config.Addr); err != nil {
		return err
	}
	if s.admin == nil {
		return nil
	}
	if s.adminLis, err = s.listen(ctx, s.config.AdminAddr); err != nil {
		return errors.Join(err, s.listener.Close())
	}
	return nil
}

func (s *Server) listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the address %s is taken: stop the program that listens there, or choose another", addr)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return refusalListener{Listener: l, logger: s.logger}, nil
}

// Addr returns where requests arrive, after Listen.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// AdminAddr returns where metrics and profiles are, after Listen; "" for nowhere.
func (s *Server) AdminAddr() string {
	if s.adminLis == nil {
		return ""
	}
	return s.adminLis.Addr().String()
}

// Serve serves until ctx ends, and then stops: it is unready at once, serves on with `Connection: close` for
// ShutdownDelay, takes no more, lets what is in flight finish within ShutdownTimeout, and returns. The error is nil
// after a complete stop.
func (s *Server) Serve(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	tasks, background := errgroup.WithContext(background)
	for _, task := range s.service.Tasks {
		tasks.Go(func() error { return untilStopped(background, task) })
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if len(s.service.Tasks) > 0 {
		context.AfterFunc(background, cancel) // a task that failed stops the server
	}
	err := s.serve(ctx)
	stop()
	return errors.Join(err, tasks.Wait())
}

func untilStopped(ctx context.Context, task func(context.Context) error) error {
	if err := task(ctx); err != nil && (ctx.Err() == nil || !errors.Is(err, ctx.Err())) {
		return err
	}
	return nil
}

func (s *Server) serve(ctx context.Context) error {
	defer s.close()
	failed := make(chan error, 2)
	go func() { failed <- s.main.Serve(s.listener) }()
	if s.admin != nil {
		go func() { failed <- s.admin.Serve(s.adminLis) }()
	}
	s.logger.InfoContext(ctx, "serving", "addr", s.Addr(), "admin_addr", s.AdminAddr(), "version", version.Get().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", s.service.Name, err)
	case <-ctx.Done():
	}
	return s.drain(context.WithoutCancel(ctx), failed)
}

func (s *Server) drain(ctx context.Context, failed <-chan error) error {
	s.draining.Store(true)
	s.logger.InfoContext(ctx, "stopping", "delay", s.config.ShutdownDelay)
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", s.service.Name, err)
	case <-s.service.After(s.config.ShutdownDelay):
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.ShutdownTimeout)
	defer cancel()
	if err := s.main.Shutdown(ctx); err != nil {
		return fmt.Errorf("stop %s: requests were still running after %s: %w", s.service.Name, s.config.ShutdownTimeout, err)
	}
	s.logger.InfoContext(ctx, "stopped")
	return nil
}

// close breaks off whatever is still being served.
func (s *Server) close() {
	_ = s.main.Close()
	if s.admin != nil {
		_ = s.admin.Close()
	}
}
