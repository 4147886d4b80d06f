package search

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/glarimy/ums/shared/cursor"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/readevents"
	"github.com/glarimy/ums/shared/urlquery"
	"github.com/glarimy/ums/shared/userhttp"
)

// handler is the slot's HTTP side.
type handler struct {
	users   *store
	cursors *cursor.Sealer
	reads   *readevents.Recorder
	timeout time.Duration
	logger  *slog.Logger
}

func (h *handler) router() *userhttp.Router {
	router := userhttp.NewRouter()
	router.HandleFunc("/user", h.search).Methods(http.MethodGet, http.MethodHead)
	return router
}

func (h *handler) search(w http.ResponseWriter, r *http.Request) {
	q, from, err := h.read(r.URL.RawQuery)
	if refused, ok := errors.AsType[*urlquery.RefusedError](err); ok {
		problem.Write(w, r, refused.Problem)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.timeout)
	defer cancel()
	rows, err := h.users.read(ctx, q.list, from, q.limit+1) // one more, to know whether there is a next page
	if err != nil {
		userhttp.WriteError(w, r, h.logger, err)
		return
	}
	next := ""
	if len(rows) > q.limit {
		rows = rows[:q.limit]
		next = h.cursors.Seal(q.list.binding(), q.list.position(rows[q.limit-1]).encode())
	}
	h.reads.Searched(r, q.list.filter(), len(rows))
	write(w, q, rows, next)
}

// read reads a query and the position behind which it asks to go on. The error is a [*urlquery.RefusedError].
func (h *handler) read(raw string) (query, position, error) {
	q, err := readQuery(raw)
	if err != nil {
		return query{}, position{}, err
	}
	if !q.Values.Has(urlquery.Cursor) {
		return q, beginning(), nil
	}
	encoded, err := h.cursors.Open(q.list.binding(), q.Values.Get(urlquery.Cursor))
	if err != nil {
		return query{}, position{}, urlquery.Refuse(problem.InvalidCursor,
			"Send the cursor as it came, with the filter that it came for, or begin again without one.")
	}
	from, err := decodePosition(encoded)
	if err != nil {
		return query{}, position{}, urlquery.Refuse(problem.InvalidCursor, "Begin again without a cursor.")
	}
	return q, from, nil
}

// write answers with one page. It is not to be kept by anybody: it holds phone numbers.
func write(w http.ResponseWriter, q query, rows []row, next string) {
	body := appendPage(make([]byte, 0, 128+128*len(rows)), rows, next)
	header := w.Header()
	if next != "" {
		q.Values.Set(urlquery.Cursor, next)
		header.Set("Link", `<?`+q.Values.Encode()+`>; rel="next"`) // relative to the request's own URL (RFC 8288)
	}
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	//nolint:gosec // the page is JSON and goes out as such; a client that went away cannot be told anything more
	_, _ = w.Write(body)
}
