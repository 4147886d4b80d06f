// Package userdb keeps users in the table ums_users of either database.
package userdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/user"
)

// Querier is what a pool, a connection and a transaction have in common.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Repository is a [user.UserRepository] over ums_users. Over a pool it finds users; the changes are made over a
// transaction, as each reads the row and then writes it.
type Repository struct {
	q       Querier
	dialect database.Dialect
}

var _ user.UserRepository = (*Repository)(nil)

// New returns a repository that speaks through q.
func New(q Querier, dialect database.Dialect) *Repository {
	return &Repository{q: q, dialect: dialect}
}

const selectUser = "SELECT phone, since, version FROM ums_users WHERE name = ?"

// Find implements [user.UserRepository].
func (r *Repository) Find(ctx context.Context, name user.Name) (user.User, error) {
	return r.find(ctx, name, selectUser)
}

func (r *Repository) find(ctx context.Context, name user.Name, query string) (user.User, error) {
	var (
		phone uint64
		since database.Time
		u     = user.User{Name: name}
	)
	err := r.q.QueryRowContext(ctx, query, name.String()).Scan(&phone, &since, &u.Version)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return user.User{}, user.ErrNotFound
	case err != nil:
		return user.User{}, fmt.Errorf("find user: %w", err)
	}
	u.Since = since.Time
	if u.Phone, err = user.NewPhoneNumber(phone); err != nil {
		return user.User{}, fmt.Errorf("the stored user %q is not valid: %w", name, err)
	}
	return u, nil
}

// Add implements [user.UserRepository].
func (r *Repository) Add(ctx context.Context, u user.User) error {
	query, args := AddStatement(r.dialect, u)
	_, err := r.q.ExecContext(ctx, query, args...)
	return AddError(err)
}

// AddStatement returns the statement that adds one user or more, all or none, for a caller that sends it together with
// another. Its error becomes that of [Repository.Add] by [AddError].
func AddStatement(dialect database.Dialect, users ...user.User) (query string, args []any) {
	const insert, row = "INSERT INTO ums_users (name, phone, since, version) VALUES (?, ?, ?, ?)", ", (?, ?, ?, ?)"
	for _, u := range users {
		args = append(args, u.Name.String(), u.Phone.Uint64(), dialect.Time(u.Since), u.Version)
	}
	return insert + strings.Repeat(row, len(users)-1), args
}

// AddError returns what [Repository.Add] returns where its statement ended with err, which may be nil.
func AddError(err error) error {
	switch {
	case database.IsDuplicate(err):
		return user.ErrExists
	case err != nil:
		return fmt.Errorf("add user: %w", err)
	}
	return nil
}

// ChangePhone implements [user.UserRepository].
func (r *Repository) ChangePhone(
	ctx context.Context, name user.Name, phone user.PhoneNumber, pre user.Precondition,
) (user.User, bool, error) {
	u, err := r.lock(ctx, name, pre)
	if err != nil || u.Phone == phone {
		return u, false, err
	}
	u.Phone = phone
	u.Version++
	const query = "UPDATE ums_users SET phone = ?, version = ? WHERE name = ?"
	if _, err := r.q.ExecContext(ctx, query, phone.Uint64(), u.Version, name.String()); err != nil {
		return user.User{}, false, fmt.Errorf("change user: %w", err)
	}
	return u, true, nil
}

// Remove implements [user.UserRepository].
func (r *Repository) Remove(ctx context.Context, name user.Name, pre user.Precondition) (user.User, error) {
	u, err := r.lock(ctx, name, pre)
	if err != nil {
		return user.User{}, err
	}
	if _, err := r.q.ExecContext(ctx, "DELETE FROM ums_users WHERE name = ?", name.String()); err != nil {
		return user.User{}, fmt.Errorf("remove user: %w", err)
	}
	return u, nil
}

// lock finds the user, holds the row until the transaction ends, and checks the precondition.
func (r *Repository) lock(ctx context.Context, name user.Name, pre user.Precondition) (user.User, error) {
	u, err := r.find(ctx, name, selectUser+r.dialect.ForUpdate())
	switch {
	case err != nil:
		return user.User{}, err
	case pre != nil && !pre(u):
		return user.User{}, user.ErrVersionMismatch
	}
	return u, nil
}
