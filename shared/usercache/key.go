package usercache

import (
	"crypto/rand"

	"github.com/glarimy/ums/shared/user"
)

// keyPrefix carries the version of what the keys hold: readers and writers of another version never see each other's
// keys.
const keyPrefix = "ums:user:v1:"

// Key returns the Redis key of the user called name.
func Key(name user.Name) string { return keyPrefix + name.String() }

// newToken returns a name for one load or one write that no other will ever have.
func newToken() string { return rand.Text() }
