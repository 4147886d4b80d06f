package add

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/userdb"
)

// How a request can end whose idempotency key is taken; the third way is the answer of before, an answeredError.
var (
	errKeyReused = errors.New("the idempotency key was used for another request")
	errKeyInUse  = errors.New("a request with this idempotency key is being processed")
)

// answerTime is how long an answer is kept.
const answerTime = 24 * time.Hour

// keyID is what tells one key from another.
type keyID struct {
	principal string // who sent it
	route     string // such as "POST /user"
	key       string
}

func (k keyID) compare(other keyID) int {
	return cmp.Or(cmp.Compare(k.principal, other.principal), cmp.Compare(k.route, other.route), cmp.Compare(k.key, other.key))
}

// keyedRequest is a request that is to be processed once, however often it arrives.
type keyedRequest struct {
	keyID
	hash [sha256.Size]byte // of the body
}

// answer is what was answered, as it is stored and given again.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// answeredError says that the request was processed before, and what the answer was.
type answeredError struct{ answer answer }

func (e *answeredError) Error() string { return "the request was answered before" }

// keys keeps ums_idempotency. The row of a key is written in the transaction that does the request's work, and holds its
// answer: both are there or neither is. Whoever brings the same key at the same time waits for that transaction, at the
// table's primary key, and finds the answer, or does the work himself where it was rolled back. A row without an answer
// is a claim, by which another filling of the slot holds the key until the claim expires.
type keys struct {
	db  *database.DB
	now func() time.Time
}

// keyRow is a row with an answer.
type keyRow struct {
	keyedRequest
	answer  answer
	expires time.Time
}

func (k *keys) row(r keyedRequest, a answer) *keyRow {
	return &keyRow{keyedRequest: r, answer: a, expires: k.now().Add(answerTime)}
}

// take writes the row in the transaction that does the work, as its first statement. The error is errKeyReused,
// errKeyInUse or an answeredError where the key is taken, and the transaction must then not commit.
func (k *keys) take(ctx context.Context, tx *sql.Tx, row *keyRow) error {
	statement, args, err := keyStatement(k.db.Dialect, row)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT"+statement, args...)
	if database.IsDuplicate(err) { // so that nobody else changes the row before this transaction ends
		if err := k.free(ctx, tx, row.keyedRequest); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "REPLACE"+statement, args...)
	}
	if err != nil {
		return fmt.Errorf("take the idempotency key: %w", err)
	}
	return nil
}

// free returns nil where there is no row of the key, or an expired one, and otherwise what the row means for the request.
func (k *keys) free(ctx context.Context, q userdb.Querier, r keyedRequest) error {
	found, err := findKey(ctx, q, r.keyID)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case !found.expires.After(k.now()):
		return nil
	case found.hash != r.hash:
		return errKeyReused
	case found.answer != nil:
		return &answeredError{*found.answer}
	default:
		return errKeyInUse
	}
}

// foundKey is a row as it was found.
type foundKey struct {
	hash    [sha256.Size]byte
	expires time.Time
	answer  *answer // nil for a claim
}

func findKey(ctx context.Context, q userdb.Querier, id keyID) (foundKey, error) {
	const query = "SELECT body_hash, expires_at, status, headers, body FROM ums_idempotency " +
		"WHERE principal = ? AND route = ? AND idempotency_key = ?"
	var (
		hash    []byte
		expires database.Time
		status  sql.NullInt64
		headers sql.NullString
		body    sql.NullString
	)
	err := q.QueryRowContext(ctx, query, id.principal, id.route, id.key).Scan(&hash, &expires, &status, &headers, &body)
	if err != nil {
		return foundKey{}, fmt.Errorf("find the idempotency key: %w", err)
	}
	f := foundKey{expires: expires.Time}
	copy(f.hash[:], hash)
	if !status.Valid {
		return f, nil
	}
	f.answer = &answer{status: int(status.Int64), body: []byte(body.String)}
	if err := json.Unmarshal([]byte(headers.String), &f.answer.header); err != nil {
		return foundKey{}, fmt.Errorf("decode a stored answer: %w", err)
	}
	return f, nil
}

// keyStatement returns what follows INSERT, or REPLACE, in the statement that writes one row or more. Each has a token of its
// own, by which fillings that claim their keys notice that one of theirs was taken over. The hash goes as text: while a
// statement with its bytes is under way, MySQL refuses to list what is (information_schema.processlist, error 3854).
func keyStatement(dialect database.Dialect, rows ...*keyRow) (query string, args []any, err error) {
	const into = " INTO ums_idempotency " +
		"(principal, route, idempotency_key, body_hash, token, expires_at, status, headers, body) " +
		"VALUES (?, ?, ?, UNHEX(?), ?, ?, ?, ?, ?)"
	const more = ", (?, ?, ?, UNHEX(?), ?, ?, ?, ?, ?)"
	for _, r := range rows {
		headers, err := json.Marshal(r.answer.header)
		if err != nil {
			return "", nil, fmt.Errorf("encode an answer: %w", err)
		}
		args = append(args, r.principal, r.route, r.key, hex.EncodeToString(r.hash[:]), uuid.NewString(), dialect.Time(r.expires),
			r.answer.status, string(headers), string(r.answer.body))
	}
	return into + strings.Repeat(more, len(rows)-1), args, nil
}
