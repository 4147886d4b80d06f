package peers

import (
	"context"
	"io"
	"net/http"
)

// Constant answers every name with the same record: what HTTP and mux alone cost. It is the floor of the others.
func Constant(ctx context.Context, _ []string, getenv func(string) string, _ io.Writer) error {
	record := []byte(`{"name":"bench-user-0000","phone":9000000000,"since":"2022-09-12T10:00:00Z"}`)
	return serve(ctx, getenv, func(w http.ResponseWriter, _ *http.Request) { write(w, record) })
}
