package gateway

import (
	"net/http"
	"sync/atomic"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/reload"
)

// live is an http.Handler over the gateway that is in force, and over those before it until their requests have ended.
type live struct {
	d        Dependencies
	current  *reload.Current[*Gateway]
	stopping atomic.Bool
}

func newLive(d Dependencies) (*live, error) {
	g, err := NewGateway(d.Routes, d.Logger, d.Registry)
	if err != nil {
		return nil, err
	}
	return &live{d: d, current: reload.NewCurrent(g, (*Gateway).Close)}, nil
}

// ServeHTTP serves a request by the gateway that is in force when it arrives.
func (l *live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := l.current.Acquire()
	defer g.Release() // also when the answer breaks off by a panic
	g.Value.ServeHTTP(w, r)
}

// Ready is that of the gateway in force.
func (l *live) Ready() error {
	g := l.current.Acquire()
	defer g.Release()
	return g.Value.Ready()
}

// EndStreams ends the streams of all gateways, also of one that is put in force afterwards.
func (l *live) EndStreams() {
	l.stopping.Store(true)
	l.current.Each((*Gateway).EndStreams)
}

func (l *live) apply(c config.Config) error {
	g, err := NewGateway(c, l.d.Logger, l.d.Registry)
	if err != nil {
		return err
	}
	l.current.Replace(g)
	if l.stopping.Load() {
		l.current.Each((*Gateway).EndStreams)
	}
	return nil
}

func (l *live) close() { l.current.Each((*Gateway).Close) }
