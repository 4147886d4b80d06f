package steady

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

type answer struct {
	status  int
	version uint64 // of the ETag; 0 where there is none
}

// do sends one request. A body is JSON; key is the Idempotency-Key, "" for none.
func (s *Sender) do(ctx context.Context, method, path, body, key string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.load.URL+path, strings.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	got, err := s.client.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	_, err = io.Copy(io.Discard, got.Body)
	return answer{got.StatusCode, version(got.Header.Get("ETag"))}, errors.Join(err, got.Body.Close())
}

// version returns that of an ETag, which is "<since>-<version>" in quotes.
func version(tag string) uint64 {
	_, text, _ := strings.Cut(strings.Trim(tag, `"`), "-")
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
