package config

import "time"

// Resilience is how the gateway treats one upstream that is slow, failing or partly gone. It is comparable: an upstream
// whose configuration is the same after a reload keeps what is known of it.
type Resilience struct {
	Lookup   time.Duration // between two lookups of a dns+ name
	Health   Health
	Ejection Ejection
	Retries  Retries
	Breaker  Breaker
	Limit    Limit
}

// Health is the question that every instance is asked in the background, where there are at least two.
type Health struct {
	Path      string        // asked with GET, answered with 2xx by an instance that wants requests; empty: nobody is asked
	Interval  time.Duration // from one question to the next
	Timeout   time.Duration // of one question
	Unhealthy int           // failed answers in a row that put an instance out
	Healthy   int           // good answers in a row that take it in again
}

// Ejection is how an instance is put out for what requests have met there.
type Ejection struct {
	ConnectFailures int           // connections in a row that could not be opened; 0: they put nobody out
	Failures        int           // broken, late and 5xx answers in a row; 0: they put nobody out
	Time            time.Duration // of a first ejection; doubled for each that follows soon
	MaxTime         time.Duration // what it grows to
	SlowStart       time.Duration // over which an instance that comes in gets its full share of requests; 0: at once
}

// Retries is how often a request is sent again.
type Retries struct {
	Attempts     int // after the first; 0: none
	Budget       int // retries in a hundred requests
	MinPerSecond int // retries a second that are always allowed
}

// Breaker is when the gateway stops asking an upstream that gives no answers.
type Breaker struct {
	Failures int           // requests in a hundred without an answer that open it; 0: it never opens
	Requests int           // in the window, below which it never opens
	Window   time.Duration // over which requests are counted
	Open     time.Duration // until it lets a few requests try
}

// Limit bounds the requests that wait for an answer at a time.
type Limit struct {
	// Min are let in always, but for a moment's look after ten seconds of refusing. Where the file says a max alone, it is not
	// more than that.
	Min     int
	Max     int           // that are ever let in; 0: there is no limit
	Latency time.Duration // the mean wait up to which nobody is refused
}

// DefaultResilience is what holds for an upstream that says nothing else.
func DefaultResilience() Resilience {
	return Resilience{
		Lookup: 5 * time.Second,
		Health: Health{Path: "/readyz", Interval: 5 * time.Second, Timeout: time.Second, Unhealthy: 2, Healthy: 2},
		Ejection: Ejection{
			ConnectFailures: 2, Failures: 5, Time: 5 * time.Second, MaxTime: 2 * time.Minute, SlowStart: 10 * time.Second,
		},
		Retries: Retries{Attempts: 2, Budget: 20, MinPerSecond: 10},
		Breaker: Breaker{Failures: 50, Requests: 20, Window: 10 * time.Second, Open: 5 * time.Second},
		Limit:   Limit{Min: 256, Max: 4096, Latency: 100 * time.Millisecond},
	}
}
