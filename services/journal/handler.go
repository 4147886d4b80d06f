package journal

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/glarimy/ums/shared/cursor"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/urlquery"
	"github.com/glarimy/ums/shared/userhttp"
)

// handler is the slot's HTTP side, but for the streams.
type handler struct {
	store   *store
	cursors *cursor.Sealer
	timeout time.Duration // of one read
	logger  *slog.Logger
}

func (h *handler) router(streams *streams) *userhttp.Router {
	router := userhttp.NewRouter()
	router.HandleFunc("/journal", h.list).Methods(http.MethodGet, http.MethodHead)
	router.HandleFunc("/journal/stream", streams.serve).Methods(http.MethodGet, http.MethodHead)
	router.HandleFunc("/journal/{id}", h.one).Methods(http.MethodGet, http.MethodHead)
	return router
}

func (h *handler) list(w http.ResponseWriter, r *http.Request) {
	q, err := readQuery(r.URL.RawQuery, h.cursors)
	if err != nil {
		writeError(w, r, h.logger, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.timeout)
	defer cancel()
	records, next, err := q.read(ctx, h.store, h.cursors)
	if err != nil {
		writeError(w, r, h.logger, err)
		return
	}
	q.link(w.Header(), next)
	write(w, appendPage(make([]byte, 0, 128+512*len(records)), records, next))
}

func (h *handler) one(w http.ResponseWriter, r *http.Request) {
	id, err := url.PathUnescape(mux.Vars(r)["id"])
	if err != nil || uuid.Validate(id) != nil {
		notFound(w, r) // no event has such an id
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.timeout)
	defer cancel()
	switch found, ok, err := h.store.byID(ctx, id); {
	case err != nil:
		writeError(w, r, h.logger, err)
	case !ok:
		notFound(w, r)
	default:
		write(w, found.appendJSON(nil))
	}
}

func notFound(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, problem.New(problem.EventNotFound, "The journal has no event of this id."))
}

// write answers with what is not to be kept by anybody: it holds phone numbers.
func write(w http.ResponseWriter, body []byte) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	//nolint:gosec // the body is JSON and goes out as such; a client that went away cannot be told anything more
	_, _ = w.Write(body)
}

func writeError(w http.ResponseWriter, r *http.Request, logger *slog.Logger, err error) {
	if refused, ok := errors.AsType[*urlquery.RefusedError](err); ok {
		problem.Write(w, r, refused.Problem)
		return
	}
	userhttp.WriteError(w, r, logger, err)
}
