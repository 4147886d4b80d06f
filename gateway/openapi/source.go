package openapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/shared/document"
	"github.com/glarimy/ums/shared/problem"
)

const (
	fresh   = time.Minute      // how long a document is given out without asking the services again
	retry   = 5 * time.Second  // the same, where a service did not answer
	timeout = time.Second      // of asking them all
	maxSize = 1 << 20          // bytes of what a service may say
	oldest  = 10 * time.Minute // how long what a service said outlives its silence
)

// Options are what a [Description] is given beside the configuration. All of them are required.
type Options struct {
	Upstream func(slot string) http.RoundTripper // by which the service of a slot is asked
	Logger   *slog.Logger
	Now      func() time.Time
}

// Description answers with the OpenAPI document of everything, and with the page that shows it. It is safe for concurrent
// use.
type Description struct {
	config   config.Config
	options  Options
	composer func() (*composer, error) // made for the first request: most gateways are never asked
	flight   singleflight.Group

	mu      sync.Mutex
	current *rendering // nil before the first request
	expires time.Time
	told    map[string]told
}

// told is what a service said last.
type told struct {
	part *part
	at   time.Time
}

// New returns a Description, which asks nobody before the first request.
func New(c config.Config, o Options) *Description {
	return &Description{
		config: c, options: o, told: map[string]told{},
		composer: sync.OnceValues(func() (*composer, error) { return newComposer(c) }),
	}
}

// ServeJSON answers with the document.
func (d *Description) ServeJSON(w http.ResponseWriter, r *http.Request) {
	d.serve(w, r, func(current *rendering) http.Handler { return current.json })
}

// ServePage answers with the page.
func (d *Description) ServePage(w http.ResponseWriter, r *http.Request) {
	d.serve(w, r, func(current *rendering) http.Handler { return current.page })
}

func (d *Description) serve(w http.ResponseWriter, r *http.Request, form func(*rendering) http.Handler) {
	current, err := d.get(r.Context())
	if err != nil {
		d.options.Logger.ErrorContext(r.Context(), "the OpenAPI document cannot be composed", "error", err)
		problem.Write(w, r, problem.New(problem.Internal, "The document cannot be composed."))
		return
	}
	form(current).ServeHTTP(w, r)
}

// get returns the current rendering. Of many who ask when it is old, one makes the next, and the others wait for it: for
// a second at most, as the services have no more time to answer.
func (d *Description) get(ctx context.Context) (*rendering, error) {
	d.mu.Lock()
	current, isFresh := d.current, d.options.Now().Before(d.expires)
	d.mu.Unlock()
	if isFresh {
		return current, nil
	}
	next, err, _ := d.flight.Do("", func() (any, error) { return d.refresh(context.WithoutCancel(ctx)) })
	if err != nil {
		return nil, err
	}
	return next.(*rendering), nil //nolint:forcetypeassert // it is what refresh returns
}

// refresh asks all services at once and composes what they say.
func (d *Description) refresh(ctx context.Context) (*rendering, error) {
	composer, err := d.composer()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var wg sync.WaitGroup
	for _, u := range d.config.Upstreams {
		wg.Go(func() { d.ask(ctx, u) })
	}
	wg.Wait()

	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.options.Now()
	parts, expires := map[string]*part{}, now.Add(fresh)
	for _, u := range d.config.Upstreams {
		last := d.told[u.Slot]
		if last.part == nil || now.Sub(last.at) >= fresh {
			expires = now.Add(retry)
		}
		if last.part != nil && now.Sub(last.at) < oldest {
			parts[u.Slot] = last.part
		}
	}
	next, err := composer.render(parts)
	if err != nil {
		return nil, err
	}
	d.current, d.expires = next, expires
	return next, nil
}

// ask asks one service, and notes what it says.
func (d *Description) ask(ctx context.Context, u config.Upstream) {
	p, err := d.fetch(ctx, u)
	if err != nil {
		d.options.Logger.InfoContext(ctx, "a service does not describe itself", "slot", u.Slot, "error", err)
		if errors.Is(err, errSilent) {
			return // what it said last may still be true
		}
		p = nil // it has none, or not one that can be used
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told[u.Slot] = told{part: p, at: d.options.Now()}
}

// errSilent says that a service could not be asked.
var errSilent = errors.New("no answer")

func (d *Description) fetch(ctx context.Context, u config.Upstream) (*part, error) {
	target := (&url.URL{Scheme: u.URL.Scheme, Host: u.URL.Host, Path: document.Path}).String()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	response, err := d.options.Upstream(u.Slot).RoundTrip(r) // not a client: nobody is to send the gateway elsewhere
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSilent, err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errSilent, err)
	case response.StatusCode >= http.StatusInternalServerError:
		return nil, fmt.Errorf("%w: it answers %d", errSilent, response.StatusCode)
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answers %d", response.StatusCode)
	case len(data) > maxSize:
		return nil, fmt.Errorf("its document has more than %d bytes", maxSize)
	}
	return newPart(u.Slot, data)
}
