package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/gorilla/mux"
)

// serve answers GET /user/{name} until ctx ends.
func serve(ctx context.Context, getenv func(string) string, find http.HandlerFunc) error {
	router := mux.NewRouter()
	router.HandleFunc("/user/{name}", find).Methods(http.MethodGet)
	server := &http.Server{Handler: router} //nolint:gosec // bare on purpose: each timeout costs something per request
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", getenv("ADDR"))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// write answers with a record.
func write(w http.ResponseWriter, record []byte) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(record) //nolint:gosec // it is JSON; a client that went away cannot be told anything more
}
