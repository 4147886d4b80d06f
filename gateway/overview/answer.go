package overview

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
)

// outcome is what became of a part: an answer, its service's own problem, or a failure that the gateway tells of.
type outcome struct {
	part       *part
	status     int
	body       jsontext.Value // nil if it failed
	problem    jsontext.Value // the service's own, byte for byte
	retryAfter []string       // what came with it
	failure    *Failure
}

func (o outcome) failed() bool { return o.body == nil }

// refuse answers with the problem of a part without which there is no answer.
func (o outcome) refuse(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if o.failure != nil {
		if o.failure.Kind == Unavailable {
			h.Set("Retry-After", "1")
		}
		problem.Write(w, r, o.told())
		return
	}
	if o.retryAfter != nil {
		h["Retry-After"] = o.retryAfter
	}
	h.Set("Content-Type", problem.ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	write(w, r, o.status, o.problem)
}

// told returns the problem by which the gateway tells of a failure: the slot, and nothing of what lies behind it.
func (o outcome) told() problem.Problem {
	var told problem.Problem
	slot := o.failure.Slot
	switch o.failure.Kind {
	case Unavailable:
		told = problem.New(problem.UpstreamUnavailable, "No instance of "+slot+" can be reached. Try again later.")
	case Timeout:
		told = problem.New(problem.UpstreamTimeout, "The answer of "+slot+" did not come in time. Try again later.")
	case Invalid:
		told = problem.New(problem.UpstreamInvalid, "What "+slot+" answered cannot be used: it is not JSON, or too large.")
	case Broken:
		told = problem.New(problem.UpstreamBroken, "The connection to "+slot+" broke off before its answer was whole. Try again.")
	}
	told.Slot = slot
	return told
}

// appendStatus appends what `parts` tells of one part. A service's own problem stays as it is, byte for byte.
func (o outcome) appendStatus(b []byte, requestID, instance string) ([]byte, error) {
	status, own := o.status, []byte(o.problem)
	if o.failure != nil {
		told := o.told()
		told.RequestID, told.Instance = requestID, instance
		var err error
		if own, err = json.Marshal(told); err != nil {
			return nil, err
		}
		status = told.Status
	}
	b = strconv.AppendInt(append(b, `{"status":`...), int64(status), 10)
	if own != nil {
		b = append(append(b, `,"problem":`...), own...)
	}
	return append(b, '}'), nil
}

// answer puts the parts together.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, outcomes []outcome) {
	body, err := compose(outcomes, w.Header().Get(header.RequestID), r.URL.EscapedPath())
	if err != nil { // texts and numbers, and what was found to be JSON before: cannot happen
		problem.Write(w, r, problem.New(problem.Internal, "The answer cannot be put together."))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, r, http.StatusOK, body)
}

// compose writes the object. Each key is there, null where its part failed, so that a reader need not ask whether it is.
func compose(outcomes []outcome, requestID, instance string) (body []byte, err error) {
	parts := []byte{'{'}
	body = append(body, '{')
	for i, o := range outcomes {
		if i > 0 {
			parts = append(parts, ',')
		}
		value := []byte(o.body)
		if o.failed() {
			value = []byte("null")
		}
		body = append(append(appendKey(body, o.part.Key), value...), ',')
		if parts, err = o.appendStatus(appendKey(parts, o.part.Name), requestID, instance); err != nil {
			return nil, err
		}
	}
	body = append(appendKey(body, config.PartsKey), parts...)
	return append(body, "}}"...), nil
}

// appendKey appends a member's name, which config.Load has seen to hold nothing that JSON would escape.
func appendKey(b []byte, key string) []byte {
	return append(strconv.AppendQuote(b, key), ':')
}

// write sends a body of known length. The strictest of the parts decides whether the whole may be kept, and the journal's
// may not: there is no entity tag, as nothing is kept that it could be compared with.
func write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) //nolint:gosec // JSON, and said to be; who went away cannot be told more
	}
}
