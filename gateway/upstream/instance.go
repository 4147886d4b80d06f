package upstream

import (
	"net"
	"net/url"
	"sync/atomic"
	"time"
)

// Endpoint is where an instance is. It is comparable.
type Endpoint struct {
	Addr       string // host:port to connect to; the host is an address or a name
	Host       string // the authority that requests name, as the configuration has it
	TLS        bool
	ServerName string // that the instance's certificate must have
}

// endpointOf returns the endpoint of a URL's host, at the given address instead of the host if it is not empty.
func endpointOf(u *url.URL, addr string) Endpoint {
	e := Endpoint{Host: u.Host, TLS: u.Scheme == "https", ServerName: u.Hostname()}
	port := u.Port()
	if port == "" {
		port = "80"
		if e.TLS {
			port = "443"
		}
	}
	if addr == "" {
		addr = u.Hostname()
	}
	e.Addr = net.JoinHostPort(addr, port)
	return e
}

// Instance is one of the processes that fill a slot. Its methods are safe for concurrent use.
type Instance struct {
	endpoint Endpoint
	set      *Set
	attached any

	inFlight        atomic.Int64
	connectFailures atomic.Int32 // in a row
	failures        atomic.Int32 // in a row
	probation       atomic.Bool  // it has come in again, and has not answered yet: its next failure puts it out
	warmingSince    atomic.Int64 // Unix time in ns since when it gets requests again; 0: it has its full share
	leaving         atomic.Bool  // it is no longer a member, and goes with its last request
	left            atomic.Bool

	health // guarded by the set
}

// Addr returns the host and port to connect to.
func (i *Instance) Addr() string { return i.endpoint.Addr }

// Endpoint returns all that is needed to connect.
func (i *Instance) Endpoint() Endpoint { return i.endpoint }

// Attached returns what Options.Attach made for the instance, such as its idle connections.
func (i *Instance) Attached() any { return i.attached }

// InFlight returns how many picks of the instance are not done.
func (i *Instance) InFlight() int { return int(i.inFlight.Load()) }

// Done ends a pick, and tells how the exchange ended. It is called exactly once for each.
func (i *Instance) Done(o Outcome) {
	remaining := i.inFlight.Add(-1)
	switch o {
	case Answered:
		i.fine()
	case Unwell, Broken, TimedOut:
		// The connection was open, so the run of failures to connect is over.
		i.connectFailures.Store(0)
		if i.tooMany(i.failures.Add(1), i.set.settings.Ejection.Failures) {
			i.set.eject(i, causeFailures)
		}
	case ConnectFailed:
		if i.tooMany(i.connectFailures.Add(1), i.set.settings.Ejection.ConnectFailures) {
			i.set.eject(i, causeConnect)
		}
	case Canceled:
	}
	if remaining <= 0 && i.leaving.Load() {
		i.leave()
	}
}

// fine ends every run of failures. It writes only where there is something to change, since it follows every request.
func (i *Instance) fine() {
	if i.failures.Load() != 0 {
		i.failures.Store(0)
	}
	if i.connectFailures.Load() != 0 {
		i.connectFailures.Store(0)
	}
	if i.probation.Load() {
		i.probation.Store(false)
	}
}

// tooMany reports whether a run of failures puts the instance out; 0 stands for never.
func (i *Instance) tooMany(run int32, threshold int) bool {
	return threshold > 0 && (int(run) >= threshold || i.probation.Load())
}

// share returns which part of its share of requests the instance gets while it is warming up, from a tenth to 1.
func (i *Instance) share(slowStart time.Duration) float64 {
	since := i.warmingSince.Load()
	if since == 0 {
		return 1
	}
	passed := time.Duration(time.Now().UnixNano() - since)
	if passed >= slowStart {
		i.warmingSince.CompareAndSwap(since, 0)
		return 1
	}
	return max(0.1, float64(passed)/float64(slowStart))
}

// leave lets go of what is attached, once.
func (i *Instance) leave() {
	if i.left.CompareAndSwap(false, true) && i.set.options.Detach != nil {
		i.set.options.Detach(i)
	}
}
