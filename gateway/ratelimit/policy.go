package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"time"
)

// The bounds of a policy.
const (
	maxBurst = 1_000_000
	maxFill  = 24 * time.Hour // the longest that an empty bucket takes to be full
)

// Policy is one limit. Make it with NewPolicy; it never changes.
type Policy struct {
	name     string
	interval int64 // microseconds from one request to the next at the steady rate
	burst    int64
	header   string
}

// NewPolicy returns the policy that allows count requests in every period per, and burst at once. Its name is part of
// the buckets' keys and of the answers' headers: letters, digits and -. The interval between two requests is kept in
// whole microseconds. An error says which value is out of bounds.
func NewPolicy(name string, count int, per time.Duration, burst int) (Policy, error) {
	if count < 1 || per < time.Second {
		return Policy{}, errors.New("the rate is not at least one request in a period of a second or more")
	}
	interval := per.Microseconds() / int64(count)
	switch {
	case interval < 1:
		return Policy{}, errors.New("the rate is above 1000000 requests a second")
	case burst < 1 || burst > maxBurst:
		return Policy{}, fmt.Errorf("the burst %d is outside 1 to %d", burst, maxBurst)
	case interval > maxFill.Microseconds()/int64(burst):
		return Policy{}, fmt.Errorf("at this rate a burst of %d takes longer than %s to be there again", burst, maxFill)
	}
	p := Policy{name: name, interval: interval, burst: int64(burst)}
	p.header = strconv.Quote(name) + ";q=" + strconv.Itoa(burst) + ";w=" + strconv.FormatInt(seconds(p.capacity()), 10)
	return p, nil
}

// Name returns the policy's name.
func (p Policy) Name() string { return p.name }

// Limited reports whether p limits anything; the zero Policy does not.
func (p Policy) Limited() bool { return p.burst > 0 }

// capacity is how long an empty bucket takes to be full, in microseconds.
func (p Policy) capacity() int64 { return p.interval * p.burst }

// Decision says whether a request may pass, and what is left.
type Decision struct {
	Allowed    bool
	Limit      int           // requests at once
	Remaining  int           // requests that may follow at once
	RetryAfter time.Duration // until the next request may pass; 0 if Allowed
	Reset      time.Duration // until Limit requests may pass at once
}

// decide makes a decision of what the algorithm says: whether the request passes, and the time in microseconds after
// which the bucket is full again.
func (p Policy) decide(allowed bool, level int64) Decision {
	d := Decision{Allowed: allowed, Limit: int(p.burst), Reset: micros(level)}
	if allowed {
		d.Remaining = int(max(0, p.capacity()-level) / p.interval)
	} else {
		d.RetryAfter = micros(max(1, level+p.interval-p.capacity()))
	}
	return d
}

// SetHeaders tells the client its limit, by RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11: not
// an RFC, so names and form may change), and by Retry-After where the request was refused. The policy's window is the
// time in which an empty bucket is full again.
func (d Decision) SetHeaders(p Policy, set func(name, value string)) {
	window := seconds(d.Reset.Microseconds())
	if !d.Allowed {
		window = seconds(d.RetryAfter.Microseconds())
		set("Retry-After", strconv.FormatInt(window, 10))
	}
	var buffer [64]byte
	value := strconv.AppendQuote(buffer[:0], p.name)
	value = append(value, ";r="...)
	value = strconv.AppendInt(value, int64(d.Remaining), 10)
	value = append(value, ";t="...)
	value = strconv.AppendInt(value, window, 10)
	set("RateLimit-Policy", p.header)
	set("RateLimit", string(value))
}

// AddressKey returns whom a limit by address counts a client as: an IPv4 address, or the /64 network of an IPv6 one, as
// that is what one customer of a provider has at the least.
func AddressKey(client netip.Addr) string {
	client = client.Unmap()
	if client.Is6() {
		if network, err := client.WithZone("").Prefix(64); err == nil {
			return "addr:" + network.Addr().String()
		}
	}
	return "addr:" + client.String()
}

func micros(n int64) time.Duration {
	return time.Duration(min(n, math.MaxInt64/1000)) * time.Microsecond
}

// seconds rounds microseconds up to whole seconds.
func seconds(micros int64) int64 { return (micros + 999_999) / 1_000_000 }
