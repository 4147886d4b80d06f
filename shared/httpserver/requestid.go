package httpserver

import (
	"math/rand/v2"
)

const maxRequestID = 128

// ValidRequestID reports whether a request id that came from outside may be taken over: 1 to 128 visible ASCII
// characters, so that it is safe in headers, logs and the database.
func ValidRequestID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// NewRequestID returns 128 random bits as text. It is unique, not secret.
func NewRequestID() string {
	const digits = "0123456789abcdef"
	var id [32]byte
	for i := 0; i < len(id); i += 16 {
		bits := rand.Uint64()
		for j := range 16 {
			id[i+j] = digits[bits>>(4*j)&0xf]
		}
	}
	return string(id[:])
}
