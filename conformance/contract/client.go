package contract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options say where the system under test is.
type Options struct {
	// URL is the base address of the gateway, or of the service that fills the slot.
	URL string
	// WriteURL is where users are added, changed and removed; URL if empty. It is needed where URL is that of a
	// service that only reads.
	WriteURL string
	// Lag is how long an acknowledged change may take to be seen by readers. Zero, which the default services keep,
	// means that the very next read sees it; a filling of the add slot that does not fence the cache gets one second.
	Lag time.Duration
	// Settle is how long an acknowledged change may take to be seen in lists and in the journal; a second,
	// as the contract has it, if zero.
	Settle time.Duration
	// Trace is told of every exchange in one line, if it is not nil. It must be safe for concurrent use.
	Trace func(line string)
	// Observe is told of every exchange as it was, if it is not nil. It must be safe for concurrent use.
	Observe func(Exchange)
}

// Exchange is one request and the answer to it.
type Exchange struct {
	Method        string
	Target        string // the request target below the base address, as it was sent
	RequestHeader http.Header
	RequestBody   []byte // nil where there is none
	Raw           bool   // the request was sent byte by byte: its header and body are not known
	Status        int
	Header        http.Header
	Body          []byte
}

// Client speaks to the system under test. It follows no redirects, keeps no cookies, changes no paths, and is safe for
// concurrent use.
type Client struct {
	readBase  *url.URL
	writeBase *url.URL
	lag       time.Duration
	settle    time.Duration
	trace     func(string)
	observe   func(Exchange)
	http      *http.Client
	added     *addedUsers
}

// NewClient returns a client. The error says what is wrong with the options; nothing is sent yet.
func NewClient(o Options) (*Client, error) {
	read, err := parseBase(o.URL)
	if err != nil {
		return nil, err
	}
	write := read
	if o.WriteURL != "" {
		if write, err = parseBase(o.WriteURL); err != nil {
			return nil, err
		}
	}
	if o.Lag < 0 || o.Settle < 0 {
		return nil, fmt.Errorf("the lag %s is negative", min(o.Lag, o.Settle))
	}
	trace := o.Trace
	if trace == nil {
		trace = func(string) {}
	}
	observe := o.Observe
	if observe == nil {
		observe = func(Exchange) {}
	}
	return &Client{
		readBase: read, writeBase: write, lag: o.Lag, settle: max(cmp.Or(o.Settle, defaultSettle), o.Lag),
		trace: trace, observe: observe, added: new(addedUsers),
		http: &http.Client{
			Transport: &http.Transport{
				DisableCompression:  true, // bytes are compared
				MaxIdleConnsPerHost: 2 * crowd,
				IdleConnTimeout:     30 * time.Second,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// defaultSettle is how long the contract lets a change take until lists have it.
const defaultSettle = time.Second

func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not a URL: %w", raw, err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("%q is not a base URL such as http://localhost:8080", raw)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, fmt.Errorf("the base URL %q may hold neither a user, nor a query, nor a fragment", raw)
	}
	return u, nil
}

// ErrUnreachable says that nothing answers at an address, or that what answers is not UMS.
var ErrUnreachable = errors.New("the system under test cannot be reached")

// Reach finds out whether the clauses of a slot can be run at all: something answers, and there is where to add users.
// The error wraps [ErrUnreachable].
func (c *Client) Reach(ctx context.Context, slot Slot) error {
	for _, req := range []request{getProbe(Find, "/livez"), getProbe(Add, "/livez")} {
		if _, err := c.send(ctx, req); err != nil {
			return fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
	}
	res, err := c.send(ctx, post(``))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	case slot != Add && (res.status == http.StatusNotFound || res.status == http.StatusMethodNotAllowed):
		return fmt.Errorf("%w: %s does not take POST /user, so no users can be added to be found; "+
			"give the address that does, the gateway's or the add service's, as the write URL", ErrUnreachable, c.writeBase)
	}
	return nil
}

// Filled finds out whether anything fills a slot that may be empty. Where nothing does, most of its clauses fail, and
// all of them for this one reason. The error wraps [ErrUnreachable].
func (c *Client) Filled(ctx context.Context, slot Slot) error {
	var first request
	switch slot {
	case Add, Find, All: // these are never empty, or it is told by their clauses
		return nil
	case Search:
		first = list("limit", "1")
	case Journal:
		first = journal("limit", "1")
	}
	res, err := c.send(ctx, first)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	case res.status == http.StatusNotImplemented:
		return fmt.Errorf("%w: %w", ErrUnreachable, res.check(isStatus(http.StatusOK)))
	}
	return nil
}

// session returns a client that remembers for itself which users were added.
func (c *Client) session() *Client {
	s := *c
	s.added = new(addedUsers)
	return &s
}

const cleanUpTimeout = 15 * time.Second

// cleanUp removes the session's users as well as it can. It reports nothing: that removal works is a clause of its own.
func (c *Client) cleanUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, cleanUpTimeout)
	defer cancel()
	for _, name := range c.added.names() {
		if _, err := c.send(ctx, remove(name)); err != nil {
			_, _ = c.send(ctx, remove(name)) // the connection may have been one that the server had given up
		}
	}
}

// base returns where requests of that side go.
func (c *Client) base(side Slot) *url.URL {
	if side == Add {
		return c.writeBase
	}
	return c.readBase
}

// target returns the raw request target of a path, below the base address's own path.
func target(base *url.URL, path string) string {
	return strings.TrimSuffix(base.EscapedPath(), "/") + path
}

// hostPort returns the address to connect to.
func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// addedUsers collects the names of users that exist because of a session.
type addedUsers struct {
	mu  sync.Mutex
	set map[string]struct{}
}

func (a *addedUsers) remember(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.set == nil {
		a.set = make(map[string]struct{})
	}
	a.set[name] = struct{}{}
}

func (a *addedUsers) forget(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.set, name)
}

func (a *addedUsers) names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	names := make([]string, 0, len(a.set))
	for name := range a.set {
		names = append(names, name)
	}
	return names
}
