package search

import (
	"context"
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/userhttp"
)

// Querier is what ReadPage asks.
type Querier = querier

// Beginning is the lead of the position before every user.
const Beginning = math.MinInt64

// ReadPage reads the page that a raw query asks for, behind a position, and returns how many users it read for it.
func ReadPage(ctx context.Context, db Querier, d database.Dialect, raw string, lead int64, name string) (int, error) {
	q, err := readQuery(raw)
	if err != nil {
		return 0, err
	}
	users, err := newStore(db, d, prometheus.NewRegistry())
	if err != nil {
		return 0, err
	}
	rows, err := users.read(ctx, q.list, position{lead: lead, name: name}, q.limit+1)
	return len(rows), err
}

// Router returns the routes of the slot.
func Router() *userhttp.Router { return new(handler).router() }
