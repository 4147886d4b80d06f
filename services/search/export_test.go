package search

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/urlquery"
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

// ReadQuery returns what tells the list of a raw query, with its limit, from others, and the query of its next page's link
// but for the cursor.
func ReadQuery(raw string) (list, link string, err error) {
	q, err := readQuery(raw)
	if err != nil {
		return "", "", err
	}
	q.Values.Del(urlquery.Cursor)
	return fmt.Sprintf("%s limit %d", q.list.binding(), q.limit), q.Values.Encode(), nil
}

// IsRefusal reports whether an error is what a client is told.
func IsRefusal(err error) bool {
	_, ok := errors.AsType[*urlquery.RefusedError](err)
	return ok
}
