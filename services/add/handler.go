package add

import (
	"crypto/sha256"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strconv"

	"github.com/glarimy/ums/shared/etag"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/userhttp"
)

const (
	mediaJSON  = "application/json"
	mediaPatch = "application/merge-patch+json" // RFC 7396
	routeAdd   = "POST /user"
)

// handler is the slot's HTTP side.
type handler struct {
	writer *writer
	logger *slog.Logger
}

func (h *handler) router() *userhttp.Router {
	router := userhttp.NewRouter()
	router.HandleFunc("/user", h.answering(h.create)).Methods(http.MethodPost)
	router.HandleFunc("/user/{name}", h.answering(h.change)).Methods(http.MethodPatch)
	router.HandleFunc("/user/{name}", h.answering(h.remove)).Methods(http.MethodDelete)
	return router
}

// answering writes what f returns: its answer, or the problem that its error stands for.
func (h *handler) answering(f func(http.ResponseWriter, *http.Request) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := f(w, r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		a.write(w)
	}
}

func (h *handler) create(w http.ResponseWriter, r *http.Request) (answer, error) {
	body, err := userhttp.Body(w, r, mediaJSON)
	if err != nil {
		return answer{}, err
	}
	draft, err := user.DecodeDraft(body)
	if err != nil {
		return answer{}, err
	}
	req, err := keyedRequestOf(r, body)
	if err != nil {
		return answer{}, err
	}
	u, err := h.writer.add(r.Context(), draft, originOf(r), req)
	if before, ok := errors.AsType[*answeredError](err); ok {
		w.Header().Set("Idempotent-Replayed", "true")
		return before.answer, nil
	}
	return created(u), err
}

// keyedRequestOf returns nil where the request has no idempotency key.
func keyedRequestOf(r *http.Request, body []byte) (*keyedRequest, error) {
	key, keyed, err := idempotencyKey(r.Header)
	if err != nil || !keyed {
		return nil, err
	}
	id := keyID{principal: principalOf(r), route: routeAdd, key: key}
	return &keyedRequest{keyID: id, hash: sha256.Sum256(body)}, nil
}

func (h *handler) change(w http.ResponseWriter, r *http.Request) (answer, error) {
	name, err := userhttp.Name(r)
	if err != nil {
		return answer{}, err
	}
	body, err := userhttp.Body(w, r, mediaJSON, mediaPatch)
	if err != nil {
		return answer{}, err
	}
	phone, err := user.DecodeChange(body)
	if err != nil {
		return answer{}, err
	}
	pre, err := precondition(r.Header)
	if err != nil {
		return answer{}, err
	}
	u, err := h.writer.changePhone(r.Context(), name, phone, pre, originOf(r))
	return answer{
		status: http.StatusOK,
		header: http.Header{"Content-Type": {mediaJSON}, "Etag": {u.ETag()}},
		body:   u.Record().AppendJSON(nil),
	}, err
}

func (h *handler) remove(_ http.ResponseWriter, r *http.Request) (answer, error) {
	name, err := userhttp.Name(r)
	if err != nil {
		return answer{}, err
	}
	pre, err := precondition(r.Header)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, h.writer.remove(r.Context(), name, pre, originOf(r))
}

// created is the answer to a POST that added u.
func created(u user.User) answer {
	return answer{
		status: http.StatusCreated,
		header: http.Header{"Content-Type": {mediaJSON}, "Location": {userhttp.Path(u.Name)}, "Etag": {u.ETag()}},
		body:   u.Record().AppendJSON(nil),
	}
}

func (a answer) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	if a.status != http.StatusNoContent { // RFC 9110, section 8.6
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that went away cannot be told anything more
}

// fail answers with the problem that err stands for; what is particular to this slot is told here.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errKeyReused):
		problem.Write(w, r, problem.New(problem.IdempotencyKeyReused,
			"This key was sent before with another body. Use a new key for a new request."))
	case errors.Is(err, errKeyInUse):
		w.Header().Set("Retry-After", "1")
		problem.Write(w, r, problem.New(problem.IdempotencyKeyInUse,
			"Another request with this key has not ended yet. Try again in a moment to get its answer."))
	case errors.Is(err, errKeySyntax):
		problem.Write(w, r, problem.New(problem.InvalidIdempotencyKey,
			"The Idempotency-Key must be 1 to 255 visible ASCII characters, once; a UUID will do."))
	case errors.Is(err, etag.ErrSyntax):
		problem.Write(w, r, problem.New(problem.InvalidPrecondition, "If-Match: "+err.Error()+"."))
	default:
		userhttp.WriteError(w, r, h.logger, err)
	}
}
