package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/version"
)

// Bounds of one request.
const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 16 << 20 // a page of 500 users is 50 kB
)

// Client speaks to the public API. It is safe for concurrent use.
type Client struct {
	base   string
	apiKey string
	http   *http.Client
}

// NewClient prepares a client of the system at a URL, such as http://localhost:8080, with at most so many connections.
// The API key goes along in X-API-Key unless it is empty. It does not connect.
func NewClient(rawURL, apiKey string, connections int) (*Client, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the URL of the system is not of the form http://host:8080")
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
		IdleConnTimeout: time.Minute,
	}
	return &Client{
		base: strings.TrimRight(rawURL, "/"), apiKey: apiKey,
		http: &http.Client{
			Transport: transport, Timeout: requestTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Close gives back the connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// answer is what came of a request.
type answer struct {
	status     int
	body       []byte
	retryAfter time.Duration // 0 where the answer has none
	problem    problem.Problem
}

// is says whether the answer is the problem of this kind.
func (a answer) is(kind problem.Type) bool { return a.problem.Type == kind.URI() }

// reason tells why the API refused something.
func (a answer) reason() Reason {
	if len(a.problem.Errors) == 0 {
		_, code, found := strings.Cut(a.problem.Type, "#")
		if !found {
			code = "status-" + strconv.Itoa(a.status)
		}
		detail := a.problem.Detail
		if detail == "" {
			detail = http.StatusText(a.status)
		}
		return Reason{Code: code, Detail: detail}
	}
	codes, details := make([]string, len(a.problem.Errors)), make([]string, len(a.problem.Errors))
	for i, e := range a.problem.Errors {
		codes[i], details[i] = e.Code, e.Detail
	}
	return Reason{Code: strings.Join(codes, " "), Detail: strings.Join(details, "; ")}
}

// String tells of an answer in a message.
func (a answer) String() string {
	said := strconv.Itoa(a.status) + " " + http.StatusText(a.status)
	if a.problem.Type != "" {
		said += " (" + a.reason().Detail + ")"
	}
	return said
}

// send makes one request and reads its answer. An error says that there was none.
func (c *Client) send(ctx context.Context, method, path, body string, header map[string]string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("User-Agent", "ums/"+version.Get().Version)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.apiKey != "" {
		request.Header.Set("X-Api-Key", c.apiKey)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := c.http.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the URL, which may hold a user's name
		}
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, retryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil {
		return answer{}, fmt.Errorf("the answer broke off: %w", err)
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), problem.ContentType) {
		_ = json.Unmarshal(a.body, &a.problem) // what is no problem has no type
	}
	return a, nil
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3); more than a minute is a minute.
func retryAfter(value string, now time.Time) time.Duration {
	const most = time.Minute
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, most)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), most)
	}
	return 0
}

// temporary says whether the same request may have another answer later.
func (a answer) temporary() bool {
	return a.status == http.StatusTooManyRequests || a.status >= 500 && a.status != http.StatusNotImplemented ||
		a.is(problem.IdempotencyKeyInUse)
}

// busy says whether the server asks for fewer requests.
func (a answer) busy() bool {
	return a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable
}

// backoff is how long to wait after so many failures in a row: 0.1 s, doubling up to 5 s.
func backoff(failures int) time.Duration {
	return min(100*time.Millisecond<<min(failures, 10), 5*time.Second)
}
