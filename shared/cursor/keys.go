package cursor

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// KeySize is the smallest size of a key, in bytes: that of HMAC-SHA-256's result (RFC 2104, section 3).
const KeySize = 32

// Keys are the secrets that cursors are signed with: the first one signs, all of them verify. A key is rotated without
// breaking a cursor by adding the new one at the end of the list everywhere, then moving it to the front everywhere, then
// leaving the old one out once no cursor of its time is in use.
type Keys struct {
	secrets [][]byte
}

// ParseKeys reads a list of keys, separated by commas, each in base64 (RFC 4648, section 4). Errors never hold a key.
func ParseKeys(list string) (Keys, error) {
	if strings.TrimSpace(list) == "" {
		return Keys{}, errors.New("there is no key")
	}
	var keys Keys
	for i, text := range strings.Split(list, ",") {
		secret, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
		switch {
		case err != nil: // which would tell a part of the key
			return Keys{}, fmt.Errorf("key %d of the list is not base64", i+1)
		case len(secret) < KeySize:
			return Keys{}, fmt.Errorf("key %d of the list has %d bytes; it needs at least %d", i+1, len(secret), KeySize)
		}
		keys.secrets = append(keys.secrets, secret)
	}
	return keys, nil
}

// NewKey returns a new random key in the form that [ParseKeys] reads.
func NewKey() string {
	secret := make([]byte, KeySize)
	_, _ = rand.Read(secret) // it never fails (crypto/rand)
	return base64.StdEncoding.EncodeToString(secret)
}

// String hides the keys, so that formatting a configuration never prints them.
func (Keys) String() string { return "[keys]" }

// GoString is as String.
func (Keys) GoString() string { return "[keys]" }
