package find

import (
	"io"
	"log/slog"
	"net/http"

	"github.com/glarimy/ums/shared/etag"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/readevents"
	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/userhttp"
)

// handler is the slot's HTTP side. A hit in the cache is written out as it is: no JSON, no reflection.
type handler struct {
	cache  *usercache.Cache
	reads  *readevents.Recorder
	logger *slog.Logger

	// Values of headers that every answer shares; nobody writes to them.
	json, noCache []string
}

func newHandler(cache *usercache.Cache, reads *readevents.Recorder, logger *slog.Logger) *userhttp.Router {
	h := &handler{
		cache: cache, reads: reads, logger: logger, json: []string{"application/json"}, noCache: []string{"no-cache"},
	}
	router := userhttp.NewRouter()
	router.HandleFunc("/user/{name}", h.find).Methods(http.MethodGet, http.MethodHead)
	return router
}

func (h *handler) find(w http.ResponseWriter, r *http.Request) {
	name, err := userhttp.Name(r)
	if err != nil {
		userhttp.WriteError(w, r, h.logger, err)
		return
	}
	has, err := ifNoneMatch(r)
	if err != nil {
		problem.Write(w, r, problem.New(problem.InvalidPrecondition, "If-None-Match: "+err.Error()+"."))
		return
	}
	entry, err := h.cache.Get(r.Context(), name)
	if err != nil {
		userhttp.WriteError(w, r, h.logger, err)
		return
	}
	h.reads.Found(r, name.String()) // a 304 too: it says that the user is there, and which
	header := w.Header()
	header["Etag"] = []string{entry.ETag()}
	header["Cache-Control"] = h.noCache // kept by clients, but asked for again: If-None-Match makes that cheap
	if has.MatchWeak(entry.ETag()) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header["Content-Type"] = h.json
	//nolint:gosec // the record is JSON and goes out as such; a client that went away cannot be told anything more
	_, _ = io.WriteString(w, entry.Record())
}

// ifNoneMatch returns the versions that the client says it has (RFC 9110, section 13.1.2).
func ifNoneMatch(r *http.Request) (etag.List, error) {
	lines := r.Header["If-None-Match"]
	if len(lines) == 0 {
		return etag.List{}, nil
	}
	return etag.Parse(lines)
}
