// Package user is the domain of UMS: users, their names and phone numbers, the form a user has on the wire, and the
// repository they are kept in. It depends on no database, no transport and no other package of UMS.
package user

import (
	"strconv"
	"time"
)

// User is someone known by a name. Name and Since never change; Phone can, and Version counts the changes from 1 on.
type User struct {
	Name    Name
	Phone   PhoneNumber
	Since   time.Time // when the user was added: UTC, whole microseconds
	Version uint64
}

// New returns the first version of a user who joins at the moment now.
func New(name Name, phone PhoneNumber, now time.Time) User {
	return User{Name: name, Phone: phone, Since: now.UTC().Truncate(time.Microsecond), Version: 1}
}

// ETag returns the strong entity tag (RFC 9110, section 8.8.3) of this version of the user, quotes included.
// It holds the moment of joining, so a user removed and added again never matches a tag of the former one.
func (u User) ETag() string {
	b := make([]byte, 0, 40)
	b = append(b, '"')
	b = strconv.AppendInt(b, u.Since.UnixMicro(), 10)
	b = append(b, '-')
	b = strconv.AppendUint(b, u.Version, 10)
	return string(append(b, '"'))
}
