package journal

import (
	"context"
	"errors"
	"math"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/urlquery"
)

// StreamConfig is what an operator can set of the streams.
type StreamConfig struct {
	// Most is how many streams a process has open at a time.
	Most int `env:"JOURNAL_MAX_STREAMS" envDefault:"1000"`

	// Heartbeat is the longest silence of a stream.
	Heartbeat time.Duration `env:"JOURNAL_HEARTBEAT" envDefault:"15s"`

	// WriteTimeout is how long a client may take to take one event (default 10 s). Beyond that it is dropped: the table
	// keeps what it has missed.
	WriteTimeout time.Duration
}

const (
	defaultWriteTimeout = 10 * time.Second

	// streamHead begins every stream: how long a client waits, in milliseconds, before it connects again.
	streamHead = "retry: 2000\n\n"
	heartbeat  = ": heartbeat\n\n"
)

// streams answers GET /journal/stream with server-sent events (HTML Standard, section 9.2). A stream keeps nothing but the
// position that it has come to.
type streams struct {
	*handler
	config  StreamConfig
	tail    *tail
	metrics *metrics
	ended   chan struct{} // closed when the server takes no more requests
	end     func()        // closes ended; may be called again
}

func newStreams(c StreamConfig, h *handler, t *tail, m *metrics) *streams {
	if c.WriteTimeout == 0 {
		c.WriteTimeout = defaultWriteTimeout
	}
	ended := make(chan struct{})
	return &streams{handler: h, config: c, tail: t, metrics: m, ended: ended, end: sync.OnceFunc(func() { close(ended) })}
}

func (s *streams) serve(w http.ResponseWriter, r *http.Request) {
	f, from, err := s.read(r)
	if err != nil {
		writeError(w, r, s.logger, err)
		return
	}
	if !s.tail.join(s.config.Most) {
		w.Header().Set("Retry-After", "5")
		problem.Write(w, r, problem.New(problem.Unavailable, "There are as many streams as may be. Try again in a moment."))
		return
	}
	defer s.tail.leave()
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()

	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would keep events back
	header.Set("Connection", "close")     // its deadlines are not those of another request
	if r.Method == http.MethodHead {
		return
	}
	one := &stream{streams: s, filter: f, position: from, out: w, control: http.NewResponseController(w)}
	switch err := one.run(r.Context()); {
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.metrics.dropped.Inc()
		s.logger.InfoContext(r.Context(), "a stream was dropped: its client reads too slowly")
	case err != nil && r.Context().Err() == nil:
		s.logger.WarnContext(r.Context(), "a stream broke off", "error", err)
	}
}

// read reads what a stream is to have, and the position behind which it begins.
func (s *streams) read(r *http.Request) (filter, uint64, error) {
	p := urlquery.Read(r.URL.RawQuery, []string{paramUser, paramType})
	f := readFilter(p)
	if err := p.Refused(); err != nil {
		return filter{}, 0, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	head, err := s.store.head(ctx)
	if err != nil {
		return filter{}, 0, err
	}
	values := r.Header.Values("Last-Event-ID")
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return f, head, nil // from now on
	}
	last, ok := urlquery.Integer(values[0])
	if !ok || last > math.MaxInt64 || len(values) > 1 {
		return filter{}, 0, urlquery.Refuse(problem.InvalidLastEventID,
			"Send the id of the last event that arrived, as it came, or leave Last-Event-ID out.")
	}
	if last > head {
		return filter{}, 0, urlquery.Refuse(problem.InvalidLastEventID,
			"The journal has no event of this position yet, so it is of another one. Leave Last-Event-ID out to begin now.")
	}
	return f, last, nil
}

// stream is one stream.
type stream struct {
	*streams
	filter   filter
	position uint64 // everything up to this one was sent, or is not for this stream
	out      http.ResponseWriter
	control  *http.ResponseController
}

// run sends events until the client or the server goes. The error is why it broke off before that.
func (s *stream) run(ctx context.Context) error {
	if err := s.control.SetReadDeadline(time.Time{}); err != nil { // that of requests would end the stream
		return err
	}
	if err := s.send([]byte(streamHead)); err != nil {
		return err
	}
	silence := time.NewTimer(s.config.Heartbeat)
	defer silence.Stop()
	for {
		moved, changed, err := s.advance(ctx)
		if err != nil {
			return err
		}
		if moved {
			silence.Reset(s.config.Heartbeat)
		}
		if changed == nil { // there may be more
			if ctx.Err() != nil || s.over() {
				return nil
			}
			continue
		}
		if err := s.control.Flush(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.ended:
			return nil
		case <-changed:
		case <-silence.C:
			if err := s.send([]byte(heartbeat)); err != nil {
				return err
			}
			silence.Reset(s.config.Heartbeat)
		}
	}
}

func (s *stream) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// advance sends what there is behind the position: from the tail, or from the table where the tail does not reach back so
// far. It returns whether anything was sent, and what is closed when there is more; nil where there may be more already.
func (s *stream) advance(ctx context.Context) (sent bool, changed <-chan struct{}, err error) {
	frames, reached, covered, changed := s.tail.behind(s.position)
	if covered {
		for _, f := range frames {
			if !s.filter.selects(f.event) {
				continue
			}
			if err := s.send(f.text); err != nil {
				return sent, nil, err
			}
			s.metrics.sent.Inc()
			sent = true
		}
		s.position = reached
		return sent, changed, nil
	}
	before := s.position
	found, err := s.table(ctx)
	if err != nil {
		return false, nil, err
	}
	for _, r := range found {
		if err := s.send(newFrame(r).text); err != nil {
			return sent, nil, err
		}
		s.metrics.sent.Inc()
		s.position, sent = r.position, true
	}
	if len(found) < tailBatch { // the table was read after the tail's head was seen, so all up to there is sent
		s.position = max(s.position, reached)
	}
	if s.position > before {
		return sent, nil, nil
	}
	return sent, changed, nil
}

func (s *stream) table(ctx context.Context) ([]record, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.store.page(ctx, s.filter, span{after: s.position, before: lastPosition}, tailBatch)
}

// send writes a text within the time that a client has for it.
func (s *stream) send(text []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.config.WriteTimeout)); err != nil {
		return err
	}
	_, err := s.out.Write(text)
	return err
}
