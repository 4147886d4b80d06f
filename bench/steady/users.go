package steady

import (
	"sync"
	"time"
)

// hot is how many of the users added last are written again, and are what half of the reads read: a stale answer shows
// only to whoever reads soon after a write.
const hot = 32

// write is one acknowledged write.
type write struct {
	name    string
	version uint64
	at      time.Time
}

// users are those who were added, and what is known of them. It is safe for concurrent use.
type users struct {
	mu     sync.Mutex
	names  []string
	latest map[string]write // the highest acknowledged version
	writes []write          // every acknowledged one
}

// acknowledge takes down a write that was answered.
func (u *users) acknowledge(w write) {
	u.mu.Lock()
	defer u.mu.Unlock()
	before, known := u.latest[w.name]
	if !known {
		u.names = append(u.names, w.name)
	}
	if !known || w.version > before.version {
		u.latest[w.name] = w
	}
	u.writes = append(u.writes, w)
}

// one returns what was acknowledged of some user, a different one for each number; its name is "" while there is none.
func (u *users) one(number int) write {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.names) == 0 {
		return write{}
	}
	among := u.names
	if number%2 == 0 || number%5 == 0 {
		among = among[max(len(among)-hot, 0):]
	}
	return u.latest[among[number*7%len(among)]]
}
