// Package keyfile makes API keys, and keeps them in a file that holds no secret.
//
// A key is ums_, 43 random characters and a checksum of 6. The prefix and the checksum let scanners of repositories and
// logs find a leaked key without false alarms, and let the gateway refuse a mistyped one without looking it up.
//
// The file holds the SHA-256 of each key. A slow hash such as bcrypt or Argon2 makes up for passwords that can be guessed;
// 256 random bits cannot, at any speed, so that it would protect nothing and would let anybody who sends wrong keys
// occupy a processor. For the same reason looking a key up by its hash tells a stopwatch nothing: what it could tell is
// about the hash of what was sent, and nobody can choose a key by its hash.
package keyfile

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
)

// Prefix begins every key.
const Prefix = "ums_"

const (
	alphabet  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	secretLen = 43 // characters, of which each has log2(62) bits: 256 in all
	sumLen    = 6  // characters: the checksum's 32 bits
	keyLen    = len(Prefix) + secretLen + sumLen
)

// Hash is what is kept of a key.
type Hash [sha256.Size]byte

const hashPrefix = "sha256:"

// String returns the form that a hash has in a file.
func (h Hash) String() string { return hashPrefix + hex.EncodeToString(h[:]) }

// ParseHash reads what String returns.
func ParseHash(text string) (Hash, error) {
	var h Hash
	digits, ok := strings.CutPrefix(text, hashPrefix)
	if !ok || len(digits) != hex.EncodedLen(len(h)) {
		return h, fmt.Errorf("a hash is %s and %d hexadecimal digits", hashPrefix, hex.EncodedLen(len(h)))
	}
	if _, err := hex.Decode(h[:], []byte(digits)); err != nil {
		return h, fmt.Errorf("a hash is %s and %d hexadecimal digits", hashPrefix, hex.EncodedLen(len(h)))
	}
	return h, nil
}

// NewKey returns a random key.
func NewKey() string {
	secret := make([]byte, 0, secretLen)
	var random [secretLen]byte
	for len(secret) < secretLen {
		_, _ = rand.Read(random[:]) // ends the program rather than fail
		for _, b := range random {
			// 248 is the greatest multiple of 62 in a byte: without what is beyond it all characters are as likely.
			if b < 248 && len(secret) < secretLen {
				secret = append(secret, alphabet[b%62])
			}
		}
	}
	return Prefix + string(secret) + checksum(string(secret))
}

// HashOf returns the hash of a key; ok is false where the text has not the form of a key, or not its checksum.
func HashOf(key string) (h Hash, ok bool) {
	if len(key) != keyLen || !strings.HasPrefix(key, Prefix) {
		return Hash{}, false
	}
	secret, sum := key[len(Prefix):len(Prefix)+secretLen], key[len(Prefix)+secretLen:]
	if checksum(secret) != sum {
		return Hash{}, false
	}
	var buffer [keyLen]byte // on the stack
	copy(buffer[:], key)
	return sha256.Sum256(buffer[:]), true
}

// checksum is the CRC-32 of a secret in base 62.
func checksum(secret string) string {
	n := ^uint32(0)
	table := crc32.IEEETable
	for i := range len(secret) { // the package's own function would have the secret moved to the heap
		n = table[byte(n&0xFF)^secret[i]] ^ (n >> 8)
	}
	n = ^n
	var sum [sumLen]byte
	for i := sumLen - 1; i >= 0; i-- {
		sum[i] = alphabet[n%62]
		n /= 62
	}
	return string(sum[:])
}
