package stale

import (
	"bytes"
	"container/list"
	"fmt"
	"hash/maphash"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Header is one field of an answer, as it came.
type Header struct{ Name, Value string }

// Answer is a kept answer of status 200. It is not to be changed.
type Answer struct {
	Headers []Header // without Age
	Body    []byte
	Age     time.Duration // since the service made it
}

// Failed reports whether an answer's status is an error in the sense of stale-if-error (RFC 5861, section 4). No answer at
// all is one, too.
func Failed(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

const (
	shardCount = 16
	// overhead is what an entry takes beside its bytes: map, list element, slice headers.
	overhead = 256
	// headerOverhead is what a header takes beside its bytes.
	headerOverhead = 32
)

// Cache keeps answers, the most recently used ones within its size. It is safe for concurrent use. A nil Cache keeps
// nothing.
type Cache struct {
	seed    maphash.Seed
	shards  [shardCount]shard
	answers prometheus.Counter
}

// shard is a part of the cache with a lock of its own.
type shard struct {
	mu      sync.Mutex
	max     int64 // bytes
	size    int64
	entries map[string]*list.Element // of *entry
	order   *list.List               // the most recently used first
	drops   uint64
}

type entry struct {
	key     string
	headers []Header
	body    []byte
	made    time.Time // by the service, as far as Age tells
	size    int64
}

// New returns a cache that keeps nothing before Resize. There is one for the life of the process, whatever configurations
// come and go. The error is that of metrics that the registerer refuses.
func New(registerer prometheus.Registerer) (*Cache, error) {
	c := &Cache{
		seed: maphash.MakeSeed(),
		answers: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ums_gateway_stale_answers_total", Help: "Answers of old in the place of an upstream's error.",
		}),
	}
	for i := range c.shards {
		c.shards[i].entries, c.shards[i].order = make(map[string]*list.Element), list.New()
	}
	for _, collector := range []prometheus.Collector{
		c.answers,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "ums_gateway_stale_bytes", Help: "Memory of the answers that are kept for the time of an error.",
		}, func() float64 { return float64(c.Size()) }),
	} {
		if err := registerer.Register(collector); err != nil {
			return nil, fmt.Errorf("register the metrics of stale answers: %w", err)
		}
	}
	return c, nil
}

// Resize sets how many bytes the cache may take; 0 empties it. What is the least recently used goes first.
func (c *Cache) Resize(size int64) {
	if c == nil {
		return
	}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.max = size / shardCount
		s.evict()
		s.mu.Unlock()
	}
}

// Mark is when a request went upstream.
type Mark struct{ drops uint64 }

// Mark notes that a request for a path goes upstream now.
func (c *Cache) Mark(path string) Mark {
	if c == nil {
		return Mark{}
	}
	s := c.shard(path)
	s.mu.Lock()
	defer s.mu.Unlock()
	return Mark{drops: s.drops}
}

// Store keeps an answer of status 200, unless its headers forbid it, it is too large, or something was dropped since the
// mark: it might then be from before a write. Headers and body are copied.
func (c *Cache) Store(path string, m Mark, headers []Header, body []byte) {
	if c == nil {
		return
	}
	age, ok := storable(headers)
	if !ok {
		c.Drop(path) // what was kept before may not be given out either
		return
	}
	key := Key(path)
	s := c.shard(path)
	made := time.Now().Add(-age)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drops != m.drops {
		return
	}
	if element := s.entries[key]; element != nil {
		if e := entryOf(element); slices.Equal(e.headers, headers) && bytes.Equal(e.body, body) {
			e.made = made // the same once more, which is the usual case: nothing is copied
			s.order.MoveToFront(element)
			return
		}
		s.remove(element)
	}
	e := &entry{key: key, headers: slices.Clone(headers), body: bytes.Clone(body), made: made}
	e.size = overhead + int64(len(key)+len(body))
	for i, h := range e.headers {
		e.headers[i] = Header{Name: strings.Clone(h.Name), Value: strings.Clone(h.Value)}
		e.size += headerOverhead + int64(len(h.Name)+len(h.Value))
	}
	if e.size > s.max {
		return
	}
	s.entries[key] = s.order.PushFront(e)
	s.size += e.size
	s.evict()
}

// Lookup returns the answer that is kept for a path, if it is not older than the given age.
func (c *Cache) Lookup(path string, oldest time.Duration) (Answer, bool) {
	if c == nil {
		return Answer{}, false
	}
	s := c.shard(path)
	s.mu.Lock()
	defer s.mu.Unlock()
	element := s.entries[Key(path)]
	if element == nil {
		return Answer{}, false
	}
	e := entryOf(element)
	age := time.Since(e.made)
	if age > oldest {
		return Answer{}, false
	}
	s.order.MoveToFront(element)
	c.answers.Inc()
	return Answer{Headers: e.headers, Body: e.body, Age: age}, true
}

// Drop forgets what is kept for a path, because it has been changed.
func (c *Cache) Drop(path string) {
	if c == nil {
		return
	}
	s := c.shard(path)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
	if element := s.entries[Key(path)]; element != nil {
		s.remove(element)
	}
}

// Size returns the bytes in use.
func (c *Cache) Size() int64 {
	if c == nil {
		return 0
	}
	var size int64
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		size += s.size
		s.mu.Unlock()
	}
	return size
}

// AgeHeader returns the value of the Age field: whole seconds.
func (a Answer) AgeHeader() string { return strconv.FormatInt(int64(a.Age/time.Second), 10) }

// StatusHeader returns the value of the Cache-Status field (RFC 9211). An answer is fresh for no time at all, so its time
// to live is its age, below zero.
func (a Answer) StatusHeader() string { return "ums-gateway; hit; ttl=-" + a.AgeHeader() }

func (c *Cache) shard(path string) *shard {
	return &c.shards[maphash.String(c.seed, Key(path))%shardCount]
}

// evict makes the shard as small as it has to be. The caller holds the lock.
func (s *shard) evict() {
	for s.size > s.max {
		s.remove(s.order.Back())
	}
}

// remove takes an entry out. The caller holds the lock.
func (s *shard) remove(element *list.Element) {
	e := entryOf(element)
	s.order.Remove(element)
	delete(s.entries, e.key)
	s.size -= e.size
}

func entryOf(element *list.Element) *entry {
	e, _ := element.Value.(*entry)
	return e
}
