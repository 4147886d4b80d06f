// Package doctor looks at an installation from outside, at what it depends on and at the configuration, and tells line by
// line what is wrong and what to do. It changes nothing.
package doctor

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/glarimy/ums/shared/database"
)

// Status is how one thing is.
type Status string

// How a thing can be, from the best to the worst. Skip is what cannot be looked at from here: it is neither.
const (
	OK   Status = "ok"
	Skip Status = "skip"
	Warn Status = "warn"
	Fail Status = "fail"
)

// Finding is one line.
type Finding struct {
	Check  string `json:"check"` // what was looked at, in one word
	Status Status `json:"status"`
	Says   string `json:"says"`         // how it is
	Do     string `json:"do,omitempty"` // what to do about it
}

// Options say where to look. What is empty is not looked at, and said to be so.
type Options struct {
	URL    string // of the gateway
	Admin  string // host and port of the metrics
	APIKey string

	Database        *database.DB // nil: NoDatabase says why
	NoDatabase      error
	DatabaseSet     bool // somebody has named it: then it is a fault that there is none
	OutboxRetention time.Duration

	RedisURL       string
	EventsURL      string
	EventsPassword string // takes the place of the URL's own

	Environ []string // the environment's entries

	Timeout time.Duration // of each look; 5 s where it is zero
}

// Examine looks at everything at once and returns what it found, in an order that does not change.
func Examine(ctx context.Context, o Options) []Finding {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	e := &examination{Options: o, http: &http.Client{
		Timeout:       o.Timeout,
		Transport:     &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	looks := []func(context.Context) []Finding{
		e.gateway, e.database, e.outbox, e.journal, e.cache, e.bus, e.metrics, e.variables,
	}
	found := make([][]Finding, len(looks))
	var all sync.WaitGroup
	for i, look := range looks {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, o.Timeout)
			defer cancel()
			found[i] = look(ctx)
		})
	}
	all.Wait()
	var list []Finding
	for _, some := range found {
		list = append(list, some...)
	}
	return list
}

// Worst returns the worst of the findings; what was skipped counts as well.
func Worst(list []Finding) Status {
	worst := OK
	for _, f := range list {
		if f.Status == Fail || f.Status == Warn && worst != Fail {
			worst = f.Status
		}
	}
	return worst
}

// examination is one run.
type examination struct {
	Options
	http *http.Client
}

func ok(check, format string, args ...any) Finding {
	return Finding{Check: check, Status: OK, Says: fmt.Sprintf(format, args...)}
}

func skip(check, says, do string) Finding { return Finding{check, Skip, says, do} }
func warn(check, says, do string) Finding { return Finding{check, Warn, says, do} }
func fail(check, says, do string) Finding { return Finding{check, Fail, says, do} }

// byAge grades how long something has waited.
func byAge(age, warnFrom, failFrom time.Duration) Status {
	switch {
	case age >= failFrom:
		return Fail
	case age >= warnFrom:
		return Warn
	default:
		return OK
	}
}

func rounded(d time.Duration) string { return max(d, 0).Round(time.Second).String() }
