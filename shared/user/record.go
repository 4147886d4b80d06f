package user

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// UserRecord is the wire form of a user: what requests and events carry, and what is cached.
type UserRecord struct {
	Name  string `json:"name"`
	Phone uint64 `json:"phone"`
	Since string `json:"since"` // RFC 3339 in UTC; six digits of a second, or none where they are all zero
}

// Record returns the wire form of u.
func (u User) Record() UserRecord {
	return UserRecord{Name: u.Name.String(), Phone: u.Phone.Uint64(), Since: FormatSince(u.Since)}
}

// AppendJSON appends the record as one JSON object without white space, fields in the order of the struct.
func (r UserRecord) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"name":`...)
	// The error tells of invalid UTF-8, which a Name cannot hold and which is replaced in a record made by hand.
	dst, _ = jsontext.AppendQuote(dst, r.Name)
	dst = append(dst, `,"phone":`...)
	dst = strconv.AppendUint(dst, r.Phone, 10)
	dst = append(dst, `,"since":"`...)
	dst = append(dst, r.Since...)
	return append(dst, `"}`...)
}

// FormatSince returns t as the Since of a record.
func FormatSince(t time.Time) string {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000000Z")
}

// ParseSince reads the Since of a record.
func ParseSince(s string) (time.Time, error) {
	return time.Parse(time.RFC3339Nano, s)
}
