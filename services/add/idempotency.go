package add

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/database"
)

// How a request with an idempotency key can end before it is processed, or at its commit.
var (
	errKeyReused = errors.New("the idempotency key was used for another request")
	errKeyInUse  = errors.New("a request with this idempotency key is being processed")
	errClaimLost = errors.New("another request has taken over the idempotency key")
)

const (
	claimTime  = 30 * time.Second // how long a claim lives whose request never ends; above any transaction's time
	answerTime = 24 * time.Hour   // how long an answer is kept
)

// request identifies what a key was used for.
type request struct {
	principal string // who sent it
	route     string // such as "POST /user"
	key       string
	hash      [sha256.Size]byte // of the body
}

// claim is the right to process one request, held by its token.
type claim struct {
	request
	token string
}

// answer is what was answered, as it is stored and given again.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// claims keeps ums_idempotency: a keyed request first commits a claim on its own, so that of many at once exactly one is
// processed; the answer is then stored in the transaction that does the work, and only if the claim is still held.
type claims struct {
	db  *database.DB
	now func() time.Time
}

// begin returns a claim to process the request under, or the stored answer of the one that was. The error is
// errKeyReused or errKeyInUse, or the database's.
func (c *claims) begin(ctx context.Context, r request) (*claim, *answer, error) {
	const attempts = 3 // a row may vanish or change hands between two statements, but not for ever
	for range attempts {
		mine, err := c.insert(ctx, r)
		if mine != nil || err != nil {
			return mine, nil, err
		}
		found, err := c.find(ctx, r)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return nil, nil, err
		}
		done, expired := found.answer != nil, !found.expires.After(c.now())
		switch {
		case done && expired:
		case found.hash != r.hash:
			return nil, nil, errKeyReused
		case done:
			return nil, found.answer, nil
		case !expired:
			return nil, nil, errKeyInUse
		}
		if mine, err := c.takeOver(ctx, r, found.token); mine != nil || err != nil {
			return mine, nil, err
		}
	}
	return nil, nil, errKeyInUse
}

// insert returns nil without an error where the key is taken.
func (c *claims) insert(ctx context.Context, r request) (*claim, error) {
	mine := newClaim(r)
	err := c.db.InTx(ctx, func(tx *sql.Tx) error {
		const query = "INSERT INTO ums_idempotency (principal, route, idempotency_key, body_hash, token, expires_at) " +
			"VALUES (?, ?, ?, ?, ?, ?)"
		_, err := tx.ExecContext(ctx, query,
			r.principal, r.route, r.key, r.hash[:], mine.token, c.db.Dialect.Time(c.now().Add(claimTime)))
		return err
	})
	switch {
	case database.IsDuplicate(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("claim the idempotency key: %w", err)
	}
	return mine, nil
}

// stored is a row of ums_idempotency.
type stored struct {
	hash    [sha256.Size]byte
	token   string
	expires time.Time
	answer  *answer // nil for a claim
}

func (c *claims) find(ctx context.Context, r request) (stored, error) {
	const query = "SELECT body_hash, token, expires_at, status, headers, body FROM ums_idempotency " +
		"WHERE principal = ? AND route = ? AND idempotency_key = ?"
	var (
		s       stored
		hash    []byte
		expires database.Time
		status  sql.NullInt64
		headers sql.NullString
		body    sql.NullString
	)
	err := c.db.QueryRowContext(ctx, query, r.principal, r.route, r.key).
		Scan(&hash, &s.token, &expires, &status, &headers, &body)
	if err != nil {
		return stored{}, fmt.Errorf("find the idempotency key: %w", err)
	}
	copy(s.hash[:], hash)
	s.expires = expires.Time
	if !status.Valid {
		return s, nil
	}
	s.answer = &answer{status: int(status.Int64), body: []byte(body.String)}
	if err := json.Unmarshal([]byte(headers.String), &s.answer.header); err != nil {
		return stored{}, fmt.Errorf("decode a stored answer: %w", err)
	}
	return s, nil
}

// takeOver returns nil without an error where another request was faster, or the former one has stored its answer after
// all: that keeps the token, but does not leave the row expired.
func (c *claims) takeOver(ctx context.Context, r request, former string) (*claim, error) {
	mine := newClaim(r)
	taken := false
	err := c.db.InTx(ctx, func(tx *sql.Tx) (err error) {
		const query = "UPDATE ums_idempotency " +
			"SET body_hash = ?, token = ?, expires_at = ?, status = NULL, headers = NULL, body = NULL " +
			"WHERE principal = ? AND route = ? AND idempotency_key = ? AND token = ? AND expires_at <= ?"
		now := c.now()
		taken, err = changesOne(tx.ExecContext(ctx, query,
			r.hash[:], mine.token, c.db.Dialect.Time(now.Add(claimTime)),
			r.principal, r.route, r.key, former, c.db.Dialect.Time(now)))
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("take over the idempotency key: %w", err)
	case !taken:
		return nil, nil
	}
	return mine, nil
}

// complete stores the answer in the transaction that did the work. It returns errClaimLost where the claim is not held
// any more; the transaction must then not commit.
func (c *claims) complete(ctx context.Context, tx *sql.Tx, mine *claim, a answer) error {
	headers, err := json.Marshal(a.header)
	if err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	const query = "UPDATE ums_idempotency SET status = ?, headers = ?, body = ?, expires_at = ? " +
		"WHERE principal = ? AND route = ? AND idempotency_key = ? AND token = ?"
	held, err := changesOne(tx.ExecContext(ctx, query, a.status, string(headers), string(a.body),
		c.db.Dialect.Time(c.now().Add(answerTime)), mine.principal, mine.route, mine.key, mine.token))
	switch {
	case err != nil:
		return fmt.Errorf("store the answer: %w", err)
	case !held:
		return errClaimLost
	}
	return nil
}

// drop gives the key back after a request that stored no answer. A claim that was lost is not touched.
func (c *claims) drop(ctx context.Context, mine *claim) error {
	return c.db.InTx(ctx, func(tx *sql.Tx) error {
		const query = "DELETE FROM ums_idempotency " +
			"WHERE principal = ? AND route = ? AND idempotency_key = ? AND token = ? AND status IS NULL"
		if _, err := tx.ExecContext(ctx, query, mine.principal, mine.route, mine.key, mine.token); err != nil {
			return fmt.Errorf("give back the idempotency key: %w", err)
		}
		return nil
	})
}

func newClaim(r request) *claim { return &claim{request: r, token: uuid.NewString()} }

func changesOne(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}
