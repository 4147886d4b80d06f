package search

import (
	"encoding/binary"
	"math"

	"github.com/glarimy/ums/shared/cursor"
)

// position is where a user stands in a list: by the number that leads the list's order, which is 0 in a list by name, and
// by the name among those with the same number.
type position struct {
	lead int64
	name string
}

// beginning returns the position before every user.
func beginning() position { return position{lead: math.MinInt64} }

// encode returns the position as it is in a cursor.
func (p position) encode() []byte {
	return append(binary.AppendVarint(nil, p.lead), p.name...)
}

// decodePosition reads what encode wrote. The error is [cursor.ErrInvalid].
func decodePosition(encoded []byte) (position, error) {
	lead, size := binary.Varint(encoded)
	if size <= 0 {
		return position{}, cursor.ErrInvalid
	}
	return position{lead: lead, name: string(encoded[size:])}, nil
}
