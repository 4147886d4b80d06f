package outage

import (
	"bufio"
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/glarimy/ums/bench/steady"
)

const (
	sampling = time.Second
	// margin is by how much an acknowledgement and the sample that counts its write may be apart.
	margin = 2 * time.Second
)

// unfenced follows how many writes were made without a confirmed fence: what is cached of their users may be stale until
// their events arrive.
type unfenced struct {
	cluster *Cluster
	last    map[string]float64 // by pod
	rises   []rise
	total   float64
	asked   int // samples that some pod answered
}

// rise is a time within which such writes were made.
type rise struct{ from, to time.Time }

// follow samples until ctx ends.
func (u *unfenced) follow(ctx context.Context) {
	before := time.Now()
	for first := true; ; first = false {
		now, risen := time.Now(), u.sample(ctx)
		if risen > 0 && !first {
			u.rises = append(u.rises, rise{before.Add(-margin), now.Add(margin)})
			u.total += risen
		}
		before = now
		select {
		case <-ctx.Done():
			return
		case <-time.After(sampling):
		}
	}
}

// sample returns by how much the counters have risen since the last one.
func (u *unfenced) sample(ctx context.Context) float64 {
	pods, err := u.cluster.pods(ctx, "add")
	if err != nil {
		return 0
	}
	risen := 0.0
	for _, p := range pods {
		page, err := u.cluster.get(ctx, "pods/"+p.Metadata.Name+":9464/proxy/metrics")
		if err != nil {
			continue
		}
		u.asked++
		value := metric(page, "ums_cache_unfenced_writes_total")
		risen += max(value-u.last[p.Metadata.UID], 0)
		u.last[p.Metadata.UID] = value
	}
	return risen
}

// excuses tells whether the write that a read missed may be one of them.
func (u *unfenced) excuses(s steady.Stale) bool {
	for _, r := range u.rises {
		if s.AckedAt.After(r.from) && s.AckedAt.Before(r.to) {
			return true
		}
	}
	return false
}

// metric returns the value of a metric without labels; 0 where it is not there.
func metric(page []byte, name string) float64 {
	for lines := bufio.NewScanner(bytes.NewReader(page)); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			value, _ := strconv.ParseFloat(text, 64)
			return value
		}
	}
	return 0
}
