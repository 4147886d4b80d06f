package upstream

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glarimy/ums/gateway/config"
)

const (
	// limitWindow is how often the limit is thought over, if enough answers came.
	limitWindow  = 100 * time.Millisecond
	limitSamples = 10
	// startShare is which part of the most is the limit at the start: a crowd that comes first is not refused for being a
	// crowd, and a limit that is too high is halved in each window.
	startShare = 4
	// tolerance is how many times the usual wait is taken for a queue.
	tolerance = 2
	// Of a mean wait that differs from the usual one, so much enters it in each window: quickly what is less, because
	// a queue can only add.
	enterLess, enterMore = 0.3, 0.02
	// reviewAfter is how long a limit may bind before it is found out whether the usual wait is still the usual one, and
	// reviewShare the part of the limit that is let in meanwhile, which leaves hardly a queue.
	reviewAfter = 10 * time.Second
	reviewShare = 4
)

// Limiter bounds the requests that wait for an upstream's answer, and finds the bound by itself: while answers come in
// about the usual time, or within a time that is nobody's concern, it rises; when they take longer, requests are queueing
// upstream, and it falls. What is beyond it is refused at once, so that what is let in is answered as fast as ever. It is
// safe for concurrent use; a nil Limiter lets everything in.
type Limiter struct {
	settings config.Limit
	start    time.Time

	limit    atomic.Int64
	inFlight atomic.Int64

	// Of the current window.
	waits   atomic.Int64 // ns
	samples atomic.Int64
	peak    atomic.Int64 // of inFlight
	refused atomic.Int64
	from    atomic.Int64 // ns since start; what was let in earlier does not count
	until   atomic.Int64 // ns since start

	mu        sync.Mutex
	usual     float64 // ns, the wait without a queue
	fresh     int64   // ns since start, when usual was last seen without a queue
	reviewing bool
	saved     int64 // the limit before the review
}

// Permit is one request that was let in.
type Permit struct {
	limiter *Limiter
	at      int64 // ns since the limiter's start
}

// NewLimiter returns a limiter, or nil if the configuration wants none.
func NewLimiter(c config.Limit) *Limiter {
	if c.Max == 0 {
		return nil
	}
	l := &Limiter{settings: c, start: time.Now()}
	l.limit.Store(int64(max(c.Min, c.Max/startShare)))
	l.until.Store(int64(limitWindow))
	return l
}

// Acquire lets a request in, or reports that there are too many. It never waits, and allocates nothing.
func (l *Limiter) Acquire() (Permit, bool) {
	if l == nil {
		return Permit{}, true
	}
	n := l.inFlight.Add(1)
	if n > l.limit.Load() {
		l.inFlight.Add(-1)
		l.refused.Add(1)
		return Permit{}, false
	}
	if n > l.peak.Load() {
		l.peak.Store(n) // a lost update does not matter
	}
	return Permit{limiter: l, at: l.now()}, true
}

// Release ends the wait of a request, which is when the head of its answer is there: how long the client takes to read
// the rest says nothing of the upstream. The zero Permit may be released as well.
func (p Permit) Release(o Outcome) {
	l := p.limiter
	if l == nil {
		return
	}
	l.inFlight.Add(-1)
	now := l.now()
	// A refused connection is no answer, and a client that left early tells only how patient it was.
	if o != ConnectFailed && o != Canceled && p.at >= l.from.Load() {
		l.waits.Add(now - p.at)
		l.samples.Add(1)
	}
	if now >= l.until.Load() && l.samples.Load() >= limitSamples {
		l.think(now)
	}
}

// Limit returns the present bound; 0 stands for none.
func (l *Limiter) Limit() int {
	if l == nil {
		return 0
	}
	return int(l.limit.Load())
}

// InFlight returns how many requests wait.
func (l *Limiter) InFlight() int {
	if l == nil {
		return 0
	}
	return int(l.inFlight.Load())
}

func (l *Limiter) now() int64 { return int64(time.Since(l.start)) }

// think ends a window: it learns from it, and sets the limit for the next.
func (l *Limiter) think(now int64) {
	if !l.mu.TryLock() {
		return // another request does it
	}
	defer l.mu.Unlock()
	if now < l.until.Load() || l.samples.Load() == 0 {
		return
	}
	wait := float64(l.waits.Swap(0)) / float64(l.samples.Swap(0))
	peak, refused := l.peak.Swap(l.inFlight.Load()), l.refused.Swap(0)
	if l.reviewing {
		l.endReview(now, wait)
		return
	}
	l.learn(now, wait, refused > 0)
	l.until.Store(now + int64(limitWindow))
	if refused > 0 && now-l.fresh >= int64(reviewAfter) {
		l.beginReview(now, wait)
		return
	}
	l.limit.Store(l.next(wait, peak))
}

// learn takes a window's wait into the usual one. A longer one counts only while nobody is refused: at the limit it may
// be the queue's.
func (l *Limiter) learn(now int64, wait float64, full bool) {
	switch {
	case l.usual == 0:
		l.usual, l.fresh = wait, now
	case wait < l.usual:
		l.usual += enterLess * (wait - l.usual)
		l.fresh = now
	case !full:
		l.usual += enterMore * (wait - l.usual)
		l.fresh = now
	}
}

// next returns the limit that follows from a window's wait and from the most that waited at a time.
func (l *Limiter) next(wait float64, peak int64) int64 {
	limit := l.limit.Load()
	bearable := max(tolerance*l.usual, float64(l.settings.Latency))
	switch {
	case wait > bearable:
		// From where the requests really are, as a limit that nobody reached bounds nothing.
		limit = int64(float64(min(limit, peak)) * max(0.5, bearable/wait))
	case peak > limit/2:
		limit += int64(math.Ceil(math.Sqrt(float64(limit))))
	}
	return min(max(limit, int64(l.settings.Min)), int64(l.settings.Max))
}

// beginReview lets in so few for a moment that there is no queue upstream, to see how long an answer takes without one.
// Else a limiter that has once taken a good moment for the usual one would refuse half of the requests for ever.
func (l *Limiter) beginReview(now int64, wait float64) {
	l.reviewing, l.saved = true, l.limit.Load()
	l.limit.Store(max(1, l.saved/reviewShare))
	l.from.Store(now + int64(wait)) // by then those of before have gone
	l.until.Store(now + int64(wait) + int64(max(float64(limitWindow), wait)))
}

func (l *Limiter) endReview(now int64, wait float64) {
	l.reviewing = false
	l.usual, l.fresh = wait, now
	l.limit.Store(l.saved)
	l.until.Store(now + int64(limitWindow))
}
