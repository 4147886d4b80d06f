package token

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/glarimy/ums/gateway/config"
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

// Check returns what is wrong with the key set in a file: a config.Errors, or that it cannot be read.
func Check(path string) error {
	document, err := FromFile(path)(context.Background())
	if err != nil {
		return err
	}
	if _, err = parseKeys(document); err != nil {
		return config.Errors{{File: path, Line: lineOf(document, err), Message: err.Error()}}
	}
	return nil
}

// lineOf returns the line of a document that is no JSON for this reason, or not of the right types; 0 if it has none.
func lineOf(document []byte, err error) int {
	var offset int64
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = e.Offset
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = e.Offset
	} else {
		return 0
	}
	return 1 + bytes.Count(document[:min(offset, int64(len(document)))], []byte("\n"))
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
