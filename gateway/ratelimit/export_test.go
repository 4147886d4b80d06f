package ratelimit

// Kept returns how many buckets are in memory.
func (l *Limiter) Kept() int {
	n := 0
	for i := range l.local.shards {
		s := &l.local.shards[i]
		s.mu.Lock()
		n += len(s.buckets)
		s.mu.Unlock()
	}
	return n
}
