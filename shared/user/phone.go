package user

import (
	"fmt"
	"log/slog"
)

// Bounds of a phone number, both inclusive: ten digits from 9000000000 on, to the fifteen digits of ITU-T E.164.
// All of them are exact in a JavaScript number.
const (
	MinPhoneNumber = 9_000_000_000
	MaxPhoneNumber = 999_999_999_999_999
)

// PhoneNumber is the number a user is reached at. It is immutable and comparable. As personal data it redacts itself
// in logs, unless it lies in an unexported field, whose methods fmt cannot call; the zero PhoneNumber is not a valid
// number.
type PhoneNumber struct {
	value uint64
}

// NewPhoneNumber makes a PhoneNumber of n. The error is an [*InvalidError].
func NewPhoneNumber(n uint64) (PhoneNumber, error) {
	switch {
	case n < MinPhoneNumber:
		return PhoneNumber{}, &InvalidError{
			Code:   CodeTooSmall,
			Detail: fmt.Sprintf("the phone number is below %d", MinPhoneNumber),
		}
	case n > MaxPhoneNumber:
		return PhoneNumber{}, &InvalidError{
			Code:   CodeTooLarge,
			Detail: fmt.Sprintf("the phone number is above %d", MaxPhoneNumber),
		}
	}
	return PhoneNumber{value: n}, nil
}

// Uint64 returns the number.
func (p PhoneNumber) Uint64() uint64 { return p.value }

// String hides the number, so that formatting a user never prints it.
func (PhoneNumber) String() string { return "[phone number]" }

// LogValue hides the number from structured logs.
func (p PhoneNumber) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Format hides the number for every formatting verb.
func (p PhoneNumber) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(p.String())) }
