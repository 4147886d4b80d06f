package userhttp_test

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/userhttp"
)

// secret stands for what an error tells that is nobody's business outside.
const secret = "s3cret"

func TestWriteError(t *testing.T) {
	t.Parallel()
	tooShort := user.InvalidError{Code: user.CodeTooShort, Detail: "the name has 1 characters"}
	inside := errors.New(secret)
	for _, tc := range []struct {
		name string
		err  error
		want problem.Type
		errs []problem.FieldError
	}{
		{
			name: "fields", want: problem.Validation,
			err: user.FieldErrors{
				{Pointer: "#/name", InvalidError: tooShort},
				{Pointer: "#/x", InvalidError: user.InvalidError{Code: user.CodeUnknown, Detail: "there is no such field"}},
			},
			errs: []problem.FieldError{
				{Pointer: "#/name", Code: "too-short", Detail: "the name has 1 characters"},
				{Pointer: "#/x", Code: "unknown-field", Detail: "there is no such field"},
			},
		},
		{
			name: "name", err: &userhttp.NameError{Reason: &tooShort}, want: problem.InvalidName,
			errs: []problem.FieldError{{Pointer: "#/name", Code: "too-short", Detail: "the name has 1 characters"}},
		},
		{name: "syntax", err: &user.SyntaxError{Offset: 3, Reason: "it ends"}, want: problem.MalformedJSON},
		{name: "media type", err: userhttp.ErrMediaType, want: problem.UnsupportedMediaType},
		{name: "too large", err: userhttp.ErrTooLarge, want: problem.BodyTooLarge},
		{name: "cut", err: fmt.Errorf("%w: %w", userhttp.ErrIncomplete, io.ErrUnexpectedEOF), want: problem.MalformedRequest},
		{name: "not found", err: user.ErrNotFound, want: problem.UserNotFound},
		{name: "exists", err: user.ErrExists, want: problem.UserExists},
		{name: "version", err: user.ErrVersionMismatch, want: problem.PreconditionFailed},
		{name: "overloaded", err: usercache.ErrOverloaded, want: problem.Unavailable},
		{name: "unknown outcome", err: fmt.Errorf("%w: %w", database.ErrOutcomeUnknown, inside), want: problem.Unavailable},
		{name: "deadlock", err: &mysql.MySQLError{Number: 1213, Message: secret}, want: problem.Unavailable},
		{name: "no network", err: &net.OpError{Op: "dial", Err: inside}, want: problem.Unavailable},
		{name: "lost", err: driver.ErrBadConn, want: problem.Unavailable},
		{name: "too slow", err: context.DeadlineExceeded, want: problem.Unavailable},
		{name: "given up", err: context.Canceled, want: problem.Unavailable},
		{name: "statement", err: &mysql.MySQLError{Number: 1064, Message: secret}, want: problem.Internal},
		{name: "anything else", err: inside, want: problem.Internal},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var logs bytes.Buffer
			w := httptest.NewRecorder()
			w.Header().Set(header.RequestID, "request-1")
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/user/a%2Fb", nil)
			userhttp.WriteError(w, r, slog.New(slog.NewTextHandler(&logs, nil)), fmt.Errorf("find: %w", tc.err))

			var got problem.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if w.Code != tc.want.Status() || got.Type != tc.want.URI() || got.Detail == "" {
				t.Errorf("status %d and problem %+v, want %s", w.Code, got, tc.want)
			}
			if got.RequestID != "request-1" || got.Instance != "/user/a%2Fb" {
				t.Errorf("the problem is of the request %q at %q", got.RequestID, got.Instance)
			}
			if diff := cmp.Diff(tc.errs, got.Errors); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("the problem tells what it must not: %s", w.Body)
			}
			if retry := w.Header().Get("Retry-After"); (retry != "") != (w.Code == http.StatusServiceUnavailable) {
				t.Errorf("status %d with Retry-After %q", w.Code, retry)
			}
			logged := strings.Contains(logs.String(), "request_id=request-1") && strings.Contains(logs.String(), tc.err.Error())
			if ours := w.Code >= http.StatusInternalServerError; logged != ours {
				t.Errorf("status %d and the log %q", w.Code, &logs)
			}
		})
	}
}

// TestWriteErrorToNobody finds that a client that went away is no error of the server's.
func TestWriteErrorToNobody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var logs bytes.Buffer
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/user/a", nil)
	userhttp.WriteError(httptest.NewRecorder(), r, slog.New(slog.NewTextHandler(&logs, nil)), context.Canceled)
	if logs.Len() > 0 {
		t.Errorf("it was logged: %s", &logs)
	}
}
