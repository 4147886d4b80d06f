package edge

import (
	"net/http"
	"sync/atomic"
	"time"
)

// date is the value of Date, formatted once a second.
type date struct {
	current atomic.Pointer[second]
}

type second struct {
	unix int64
	text string
}

func (d *date) at(t time.Time) string {
	unix := t.Unix()
	if s := d.current.Load(); s != nil && s.unix == unix {
		return s.text
	}
	s := &second{unix: unix, text: t.UTC().Format(http.TimeFormat)}
	d.current.Store(s)
	return s.text
}
