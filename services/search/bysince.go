package search

import (
	"errors"
	"time"

	"github.com/glarimy/ums/shared/database"
)

// The moments that both databases can store, in microseconds of Unix time: the years 1000 to 9999. What lies beyond them
// is as good as their bounds.
func earliest() int64 { return time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() }

func latest() int64 { return time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1 }

// bySince lists the users who joined from one moment on and before another; without one of them there is no such bound.
func bySince(p *parameters) list {
	from, to := earliest(), latest()+1
	p.moment(paramSinceFrom, &from)
	p.moment(paramSinceTo, &to)
	if to < from {
		p.fault(paramSinceTo, codeTooEarly, "since_to lies before since_from")
	}
	return numberList{
		name:      "since",
		column:    "since",
		intervals: []interval{{first: from, last: to - 1}},
		number:    func(r row) int64 { return r.since.UnixMicro() },
		argument:  func(d database.Dialect, number int64) any { return d.Time(time.UnixMicro(number)) },
	}
}

// moment reads a parameter, if it is there, into micros.
func (p *parameters) moment(parameter string, micros *int64) {
	if !p.values.Has(parameter) {
		return
	}
	read, err := parseMoment(p.values.Get(parameter))
	if err != nil {
		p.fault(parameter, codeFormat, err.Error())
		return
	}
	*micros = min(max(read, earliest()), latest()+1)
}

// parseMoment returns the first microsecond that is not before the moment which text says. As all that is stored is in
// whole microseconds, that is as good a bound.
func parseMoment(text string) (int64, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || mended(text) {
		return 0, errors.New("the value is not a timestamp of RFC 3339, such as 2022-09-12T10:00:00Z; " +
			"in a query the + of an offset is written %2B")
	}
	micros := t.UnixMicro()
	if t.After(time.UnixMicro(micros)) {
		micros++
	}
	return micros, nil
}

// mended reports whether time.Parse took a text that RFC 3339 does not allow: with one digit for the hour, or a comma
// before the fraction (Go issue 54580).
func mended(text string) bool {
	const minute, fraction = len("2006-01-02T15"), len("2006-01-02T15:04:05")
	return text[minute] != ':' || text[fraction] == ','
}
