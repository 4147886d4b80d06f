package user

import (
	"context"
	"errors"
)

// The ways in which a [UserRepository] says no. Every other error means that the outcome is unknown or that the
// store could not be reached.
var (
	ErrNotFound        = errors.New("user not found")
	ErrExists          = errors.New("user already exists")
	ErrVersionMismatch = errors.New("user is at another version")
)

// Precondition says whether a change may be applied to the user as it stands. A nil Precondition always holds.
type Precondition func(current User) bool

// UserRepository keeps users. Implementations are safe for concurrent use unless they are bound to one transaction.
type UserRepository interface {
	// Find returns the user called name, or ErrNotFound.
	Find(ctx context.Context, name Name) (User, error)

	// Add stores a new user, or returns ErrExists.
	Add(ctx context.Context, u User) error

	// ChangePhone gives the user another number and returns the user as it then stands. It returns ErrNotFound, or
	// ErrVersionMismatch where the precondition does not hold. Where the number is what it was, nothing is written
	// and changed is false.
	ChangePhone(ctx context.Context, name Name, phone PhoneNumber, pre Precondition) (u User, changed bool, err error)

	// Remove deletes the user and returns what was deleted. It returns ErrNotFound, or ErrVersionMismatch where the
	// precondition does not hold.
	Remove(ctx context.Context, name Name, pre Precondition) (User, error)
}
