package usercache_test

import (
	"fmt"

	"github.com/glarimy/ums/shared/user"
)

// Which writes a read may not miss.
func anyWrite(act) bool         { return true }
func confirmedWrite(a act) bool { return a.confirmed }
func fencedWrite(a act) bool    { return a.confirmed || a.fenced }

// missed is a read that missed a write.
type missed struct{ read, write act }

// stale counts the reads that returned what was there before a write that was acknowledged when they began, of those
// writes that count.
func (c *crowd) stale(counts func(act) bool) (n int, example missed) {
	writes := map[user.Name][]act{}
	for _, a := range c.acts {
		if a.write {
			writes[a.name] = append(writes[a.name], a)
		}
	}
	for _, read := range c.acts {
		if read.write {
			continue
		}
		var newest act // that counts and was acknowledged before the read began
		for _, w := range writes[read.name] {
			if counts(w) && w.end < read.call && w.revision > newest.revision {
				newest = w
			}
		}
		if newest.revision > 0 && !read.couldFollow(newest, writes[read.name]) {
			n++
			example = missed{read, newest}
		}
	}
	return n, example
}

// couldFollow reports whether a read may have seen w or a later one of the writes.
func (a act) couldFollow(w act, writes []act) bool {
	if a.present {
		return a.revision >= w.revision
	}
	for _, later := range writes {
		if !later.present && later.revision >= w.revision && later.call < a.end {
			return true
		}
	}
	return false
}

// summary says in one line what the crowd did.
func (c *crowd) summary() string {
	var reads, writes, unfenced, unconfirmed, neither int
	for _, a := range c.acts {
		switch {
		case !a.write:
			reads++
			continue
		case !a.fenced && !a.confirmed:
			neither++
		case !a.fenced:
			unfenced++
		case !a.confirmed:
			unconfirmed++
		}
		writes++
	}
	all, _ := c.stale(anyWrite)
	fenced, _ := c.stale(fencedWrite)
	return fmt.Sprintf("%d reads, %d writes: %d with the delete confirmed alone, %d with the fence alone, %d with neither; "+
		"%d reads missed one of any, %d one of which something was confirmed",
		reads, writes, unfenced, unconfirmed, neither, all, fenced)
}
