// Package cursor makes the opaque texts by which a client asks for the next page of a list. A cursor says where a page
// ended. It is signed, so that nobody but the server makes one, and bound to what was asked for, so that it is of no use
// for another list.
package cursor

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// ErrInvalid says that a text is not a cursor of this list: it was altered or made up, belongs to another list, or is
// signed with a key that is no longer in use. Which of these it is cannot be told.
var ErrInvalid = errors.New("the cursor is not valid here")

const (
	// version is the first byte of every cursor. Another version means another form, or another meaning of a position.
	version = 1

	// signatureSize is how many bytes of HMAC-SHA-256 a cursor holds: half, the least that RFC 2104 (section 5) allows.
	signatureSize = sha256.Size / 2
)

// Sealer makes and reads the cursors of one kind of lists. It is safe for concurrent use.
type Sealer struct {
	purpose string
	keys    Keys
}

// New returns a Sealer. Cursors of one purpose are not valid for another, even where the keys are the same.
// It needs at least one key.
func New(keys Keys, purpose string) (*Sealer, error) {
	if len(keys.secrets) == 0 {
		return nil, errors.New("cursors need a key to be signed with")
	}
	return &Sealer{purpose: purpose, keys: keys}, nil
}

// Seal returns a cursor that says position to the list that binding describes. It is safe in a URL's query as it is.
// A client who wants to can read the position; he cannot change it.
func (s *Sealer) Seal(binding string, position []byte) string {
	sealed := make([]byte, 0, 1+signatureSize+len(position))
	sealed = append(sealed, version)
	sealed = append(sealed, s.sign(s.keys.secrets[0], binding, position)...)
	sealed = append(sealed, position...)
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// Open returns the position that a cursor says, or ErrInvalid where it is not one of [Sealer.Seal] for this binding.
func (s *Sealer) Open(binding, cursor string) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || base64.RawURLEncoding.EncodeToString(sealed) != cursor { // each cursor has one form only
		return nil, ErrInvalid
	}
	if len(sealed) < 1+signatureSize || sealed[0] != version {
		return nil, ErrInvalid
	}
	signature, position := sealed[1:1+signatureSize], sealed[1+signatureSize:]
	for _, secret := range s.keys.secrets {
		if hmac.Equal(signature, s.sign(secret, binding, position)) {
			return position, nil
		}
	}
	return nil, ErrInvalid
}

// sign signs all that a cursor stands for, each part behind its length, so that no two of them read alike.
func (s *Sealer) sign(secret []byte, binding string, position []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	text := []byte{version}
	for _, part := range []string{s.purpose, binding, string(position)} {
		text = binary.AppendUvarint(text, uint64(len(part)))
		text = append(text, part...)
	}
	_, _ = mac.Write(text) // a hash never fails
	return mac.Sum(nil)[:signatureSize]
}
