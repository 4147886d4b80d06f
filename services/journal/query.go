package journal

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"time"

	"github.com/glarimy/ums/shared/cursor"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/urlquery"
)

// query is what one request for a page asks for.
type query struct {
	*urlquery.Parameters
	filter   filter
	from, to *time.Time // when it was recorded: from the one on, before the other; nil for no bound
	reversed bool
	size     int
	cursor   uint64 // the position of the last event of the page before; 0 for the first page
}

// readQuery reads a raw query. The error is a [*urlquery.RefusedError].
func readQuery(raw string, cursors *cursor.Sealer) (query, error) {
	p := urlquery.Read(raw, []string{
		paramUser, paramType, paramFrom, paramTo, paramOrder, urlquery.Limit, urlquery.Cursor,
	})
	q := query{
		Parameters: p, filter: readFilter(p), from: readMoment(p, paramFrom), to: readMoment(p, paramTo),
		reversed: isDescending(p), size: p.Limit(),
	}
	if q.from != nil && q.to != nil && q.to.Before(*q.from) {
		p.Fault(paramTo, urlquery.CodeTooEarly, "to lies before from")
	}
	if err := p.Refused(); err != nil || !p.Values.Has(urlquery.Cursor) {
		return q, err
	}
	position, err := cursors.Open(q.binding(), p.Values.Get(urlquery.Cursor))
	if err == nil {
		q.cursor, err = decodePosition(position)
	}
	if err != nil {
		return query{}, urlquery.Refuse(problem.InvalidCursor,
			"Send the cursor as it came, with the filter and order that it came for, or begin again without one.")
	}
	return q, nil
}

// binding tells the list from every other one: its cursors are good for lists of the same binding alone.
func (q query) binding() string {
	bound := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.Format(timeForm)
	}
	return fmt.Sprintf("%s\x00%s\x00%s\x00%s\x00%t", q.filter.user, q.filter.kind, bound(q.from), bound(q.to), q.reversed)
}

func encodePosition(position uint64) []byte { return binary.AppendUvarint(nil, position) }

// decodePosition reads what encodePosition wrote. The error is [cursor.ErrInvalid].
func decodePosition(encoded []byte) (uint64, error) {
	position, size := binary.Uvarint(encoded)
	if size != len(encoded) || size == 0 || position == 0 || position > lastPosition {
		return 0, cursor.ErrInvalid
	}
	return position, nil
}

// span returns the positions that the query asks for; false where there are none yet. Moments become positions, as no
// event was recorded before one that comes earlier: so every filter may have moments beside it.
func (q query) span(ctx context.Context, s *store) (span, bool, error) {
	in := everything()
	in.descending = q.reversed
	switch {
	case q.cursor == 0:
	case q.reversed:
		in.before = q.cursor
	default:
		in.after = q.cursor
	}
	if q.from != nil {
		first, ok, err := s.since(ctx, *q.from)
		if err != nil || !ok {
			return span{}, false, err
		}
		in.after = max(in.after, first-1)
	}
	if q.to != nil {
		end, ok, err := s.since(ctx, *q.to)
		if err != nil {
			return span{}, false, err
		}
		if ok {
			in.before = min(in.before, end)
		}
	}
	return in, true, nil
}

// read returns the events of one page, and the cursor of the next; "" where this is the last one.
func (q query) read(ctx context.Context, s *store, cursors *cursor.Sealer) (records []record, next string, err error) {
	in, ok, err := q.span(ctx, s)
	if err != nil || !ok {
		return nil, "", err
	}
	records, err = s.page(ctx, q.filter, in, q.size+1) // one more, to know whether there is a next page
	if err != nil || len(records) <= q.size {
		return records, "", err
	}
	records = records[:q.size]
	return records, cursors.Seal(q.binding(), encodePosition(records[q.size-1].position)), nil
}

// link returns the header Link of the next page, relative to the request's own URL (RFC 8288).
func (q query) link(header http.Header, next string) {
	if next != "" {
		q.Values.Set(urlquery.Cursor, next)
		header.Set("Link", `<?`+q.Values.Encode()+`>; rel="next"`)
	}
}
