package userhttp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// WriteError answers with the problem that err stands for. What is the server's own fault is logged with its cause and
// told to the client without it.
func WriteError(w http.ResponseWriter, r *http.Request, logger *slog.Logger, err error) {
	p := describe(err)
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	if p.Status >= http.StatusInternalServerError && r.Context().Err() == nil {
		logger.ErrorContext(r.Context(), "request failed",
			"request_id", w.Header().Get(header.RequestID), "error", err, "status", p.Status)
	}
	problem.Write(w, r, p)
}

// describe is the one table from errors to problems.
func describe(err error) problem.Problem {
	if fields, ok := errors.AsType[user.FieldErrors](err); ok {
		return validation(fields)
	}
	if syntax, ok := errors.AsType[*user.SyntaxError](err); ok {
		return problem.New(problem.MalformedJSON, syntax.Error())
	}
	if name, ok := errors.AsType[*NameError](err); ok {
		return problem.New(problem.InvalidName, name.Reason.Detail,
			problem.FieldError{Pointer: "#/name", Code: name.Reason.Code, Detail: name.Reason.Detail})
	}
	switch {
	case errors.Is(err, ErrMediaType):
		return problem.New(problem.UnsupportedMediaType, "Send JSON in UTF-8, with Content-Type: application/json.")
	case errors.Is(err, ErrTooLarge):
		return problem.New(problem.BodyTooLarge, "The body may have at most 16 KiB.")
	case errors.Is(err, ErrIncomplete): // before the server's own connections, whose errors look the same
		return problem.New(problem.MalformedRequest, "The body did not arrive whole. Send the request again.")
	case errors.Is(err, user.ErrNotFound):
		return problem.New(problem.UserNotFound, "There is no user of this name.")
	case errors.Is(err, user.ErrExists):
		return problem.New(problem.UserExists, "There is a user of this name already.")
	case errors.Is(err, user.ErrVersionMismatch):
		return problem.New(problem.PreconditionFailed, "The user has changed. Fetch it again and decide anew.")
	case errors.Is(err, usercache.ErrOverloaded):
		return problem.New(problem.Unavailable, "The service has more requests than it can take. Try again in a moment.")
	case errors.Is(err, database.ErrOutcomeUnknown):
		return problem.New(problem.Unavailable,
			"The database did not confirm the change: it may have been made or not. Look before you repeat it, "+
				"or repeat it with the same Idempotency-Key.")
	case database.IsContention(err):
		return problem.New(problem.Unavailable,
			"Many requests change this at once, and this one lost. Try again in a moment.")
	case database.IsUnavailable(err), errors.Is(err, context.Canceled):
		return problem.New(problem.Unavailable, "The service cannot reach what it needs. Try again in a moment.")
	default:
		return problem.New(problem.Internal, "The request ended in an error of the server's.")
	}
}

func validation(fields user.FieldErrors) problem.Problem {
	errs := make([]problem.FieldError, len(fields))
	for i, f := range fields {
		errs[i] = problem.FieldError{Pointer: f.Pointer, Code: f.Code, Detail: f.Detail}
	}
	return problem.New(problem.Validation, "Mend the fields in errors and send the request again.", errs...)
}
