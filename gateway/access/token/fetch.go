package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// maxKeySet bounds a key set, in bytes.
const maxKeySet = 1 << 20

// FromFile reads the key set from a file.
func FromFile(path string) Fetch {
	return func(context.Context) ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read the key set: %w", err)
		}
		defer func() { _ = f.Close() }()
		return readAll(f)
	}
}

// FromURL gets the key set over HTTP. A redirect that leaves HTTPS is not followed.
func FromURL(url string, transport http.RoundTripper) Fetch {
	client := &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != "https" && strings.HasPrefix(url, "https:") {
			return errors.New("the issuer redirects to another address without TLS")
		}
		if len(via) >= 3 {
			return errors.New("the issuer redirects again and again")
		}
		return nil
	}}
	return func(ctx context.Context) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return nil, fmt.Errorf("ask for the key set: %w", err)
		}
		r.Header.Set("Accept", "application/jwk-set+json, application/json")
		res, err := client.Do(r)
		if err != nil {
			return nil, fmt.Errorf("ask for the key set: %w", err)
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("ask for the key set: %s answered %s", url, res.Status)
		}
		return readAll(res.Body)
	}
}

func readAll(r io.Reader) ([]byte, error) {
	document, err := io.ReadAll(io.LimitReader(r, maxKeySet+1))
	if err != nil {
		return nil, fmt.Errorf("read the key set: %w", err)
	}
	if len(document) > maxKeySet {
		return nil, fmt.Errorf("the key set is larger than %d bytes", maxKeySet)
	}
	return document, nil
}
