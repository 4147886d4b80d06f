package search

import (
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/urlquery"
)

// The moments that both databases can store, in microseconds of Unix time: the years 1000 to 9999. What lies beyond them
// is as good as their bounds.
func earliest() int64 { return time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() }

func latest() int64 { return time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1 }

// bySince lists the users who joined from one moment on and before another; without one of them there is no such bound.
func bySince(p *urlquery.Parameters) list {
	from, to := earliest(), latest()+1
	readMoment(p, paramSinceFrom, &from)
	readMoment(p, paramSinceTo, &to)
	if to < from {
		p.Fault(paramSinceTo, urlquery.CodeTooEarly, "since_to lies before since_from")
	}
	return numberList{
		name:      "since",
		column:    "since",
		intervals: []interval{{first: from, last: to - 1}},
		number:    func(r row) int64 { return r.since.UnixMicro() },
		argument:  func(d database.Dialect, number int64) any { return d.Time(time.UnixMicro(number)) },
	}
}

// readMoment reads a parameter, if it is there, into micros.
func readMoment(p *urlquery.Parameters, parameter string, micros *int64) {
	if t, ok := p.Moment(parameter); ok {
		*micros = min(max(t.UnixMicro(), earliest()), latest()+1)
	}
}
