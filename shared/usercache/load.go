package usercache

import (
	"context"
	"sync"

	"github.com/glarimy/ums/shared/user"
)

// load is one read of the database, shared by those who may have its result.
type load struct {
	done  chan struct{} // closed when the result is there
	entry Entry
	err   error
}

func newLoad() *load { return &load{done: make(chan struct{})} }

func (l *load) finish(e Entry, err error) {
	l.entry, l.err = e, err
	close(l.done)
}

// wait returns the load's result, or the error of ctx, whose end leaves the load running for others.
func (l *load) wait(ctx context.Context) (Entry, error) {
	select {
	case <-l.done:
		return l.entry, l.err
	case <-ctx.Done():
		return Entry{}, ctx.Err()
	}
}

// leasedLoads are the running loads that hold a lease, by its token. The zero value is empty. It is safe for
// concurrent use.
type leasedLoads struct {
	mu      sync.Mutex
	byToken map[string]*load
}

// begin adds a load, which end removes when its lease can no longer be met.
func (s *leasedLoads) begin(token string) *load {
	l := newLoad()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byToken == nil {
		s.byToken = map[string]*load{}
	}
	s.byToken[token] = l
	return l
}

// find returns the load with this token, or nil where it is not one of this process.
func (s *leasedLoads) find(token string) *load {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byToken[token]
}

func (s *leasedLoads) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byToken, token)
}

// directLoads are the loads of readers who do not fill, by name: at most one that waits, which everybody may join
// because its SELECT has not been sent, and the one before it. The zero value is empty. It is safe for concurrent use.
type directLoads struct {
	mu     sync.Mutex
	byName map[user.Name]*directLine
}

type directLine struct {
	waiting *load // its SELECT has not been sent
	latest  *load // its SELECT has been sent last
}

// join returns the load that waits. Where there was none it makes one, and the caller has to run it: begin it when
// the load before it, if any, is over or has taken long enough.
func (s *directLoads) join(name user.Name) (l, before *load, run bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.byName[name]
	if line == nil {
		if s.byName == nil {
			s.byName = map[user.Name]*directLine{}
		}
		line = &directLine{}
		s.byName[name] = line
	}
	if line.waiting != nil {
		return line.waiting, nil, false
	}
	line.waiting = newLoad()
	return line.waiting, line.latest, true
}

// begin closes the load that waits to further readers; its SELECT may be sent from now on.
func (s *directLoads) begin(name user.Name) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.byName[name]
	line.latest, line.waiting = line.waiting, nil
}

// end forgets a load that is over.
func (s *directLoads) end(name user.Name, l *load) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.byName[name]
	if line == nil || line.latest != l {
		return // it took so long that others have come after it
	}
	line.latest = nil
	if line.waiting == nil {
		delete(s.byName, name)
	}
}
