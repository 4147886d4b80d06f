package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/glarimy/ums/shared/version"
)

// Serve serves until ctx ends and then stops without losing a request: it is unready at once, serves on with
// `Connection: close` for the shutdown delay, takes no more, ends the streams, lets everything else finish within the
// shutdown timeout, and returns. The error is nil after a complete stop.
func (s *Service) Serve(ctx context.Context) error {
	defer s.close()
	failed := make(chan error, 3)
	go func() { failed <- s.plain.Serve(s.listener) }()
	if s.secure != nil {
		go func() { failed <- s.secure.Serve(s.secureListener) }()
	}
	if s.admin != nil {
		go func() { failed <- s.admin.Serve(s.adminListener) }()
	}
	s.logger.InfoContext(ctx, "serving", "addr", s.Addr(), "tls_addr", s.TLSAddr(), "admin_addr", s.AdminAddr(),
		"version", version.Get().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve gateway: %w", err)
	case <-ctx.Done():
	}
	return s.drain(context.WithoutCancel(ctx), failed)
}

func (s *Service) drain(ctx context.Context, failed <-chan error) error {
	s.front.draining.Store(true)
	s.plain.Drain()
	s.logger.InfoContext(ctx, "stopping", "delay", s.config.ShutdownDelay)
	select {
	case err := <-failed:
		return fmt.Errorf("serve gateway: %w", err)
	case <-s.deps.After(s.config.ShutdownDelay):
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.ShutdownTimeout)
	defer cancel()
	s.front.endStreams()
	errs := make(chan error, 1)
	go func() {
		if s.secure == nil {
			errs <- nil
			return
		}
		errs <- s.secure.Shutdown(ctx)
	}()
	if err := errors.Join(s.plain.Shutdown(ctx), <-errs); err != nil {
		return fmt.Errorf("stop gateway: requests were still running after %s: %w", s.config.ShutdownTimeout, err)
	}
	if err := s.deps.Tracer.Close(ctx); err != nil {
		s.logger.WarnContext(ctx, "the last spans were not sent", "error", err)
	}
	s.logger.InfoContext(ctx, "stopped")
	return nil
}

// close breaks off whatever is still being served.
func (s *Service) close() {
	s.plain.Close()
	if s.secure != nil {
		s.secure.Close()
	}
	if s.admin != nil {
		_ = s.admin.Close()
	}
	for _, l := range s.listeners() {
		_ = l.Close()
	}
	s.front.current.Each((*Gateway).Close)
}
