package ratelimit

import (
	"container/list"
	"hash/maphash"
	"strings"
	"sync"
)

const shards = 16

// local holds buckets in memory, the least recently used of which make room for new ones. A bucket that is forgotten is
// a full one. It is safe for concurrent use.
type local struct {
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	mu      sync.Mutex
	buckets map[id]*list.Element
	recent  *list.List // of *bucket, the one used last in front
	limit   int
}

// id names a bucket. Policies of different names have different buckets for one client.
type id struct{ policy, key string }

type bucket struct {
	id     id
	fullAt int64 // microseconds
}

func newLocal(limit int) *local {
	l := &local{seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i] = shard{buckets: map[id]*list.Element{}, recent: list.New(), limit: max(1, limit/shards)}
	}
	return l
}

func (l *local) shard(key string) *shard {
	return &l.shards[maphash.String(l.seed, key)%shards]
}

// take lets a request at now, in microseconds, pass or not.
func (l *local) take(p Policy, key string, now int64) (allowed bool, level int64) {
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(id{p.name, key})
	fullAt := now
	if b != nil {
		fullAt = clamp(p, b.fullAt, now)
	}
	next := fullAt + p.interval
	if next-p.capacity() > now {
		return false, fullAt - now
	}
	s.keep(b, id{p.name, key}, next)
	return true, next - now
}

// refuses reports whether the bucket is empty at now, and its level.
func (l *local) refuses(p Policy, key string, now int64) (level int64, empty bool) {
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(id{p.name, key})
	if b == nil {
		return 0, false
	}
	fullAt := clamp(p, b.fullAt, now)
	return fullAt - now, fullAt+p.interval-p.capacity() > now
}

// learn takes over what is known elsewhere. Answers may overtake each other, so what is later counts.
func (l *local) learn(p Policy, key string, fullAt int64) {
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(id{p.name, key})
	if b == nil || b.fullAt < fullAt {
		s.keep(b, id{p.name, key}, fullAt)
	}
}

// clamp keeps a bucket's time within what the policy can have made of it: a clock may have been set back, a policy
// changed.
func clamp(p Policy, fullAt, now int64) int64 {
	return min(max(fullAt, now), now+p.capacity())
}

// find returns a bucket, or nil.
func (s *shard) find(name id) *bucket {
	e, ok := s.buckets[name]
	if !ok {
		return nil
	}
	s.recent.MoveToFront(e)
	b, _ := e.Value.(*bucket)
	return b
}

// keep changes a bucket, or adds it.
func (s *shard) keep(b *bucket, name id, fullAt int64) {
	if b != nil {
		b.fullAt = fullAt
		return
	}
	if s.recent.Len() >= s.limit {
		oldest := s.recent.Back()
		if old, ok := s.recent.Remove(oldest).(*bucket); ok {
			delete(s.buckets, old.id)
		}
	}
	name.key = strings.Clone(name.key) // the caller's may be a view of a buffer that is used again
	s.buckets[name] = s.recent.PushFront(&bucket{id: name, fullAt: fullAt})
}
