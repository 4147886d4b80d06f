package http1

// Fault is what is wrong with a message, as far as the answer to it differs.
type Fault int

// The faults.
const (
	Malformed        Fault = iota // 400
	TooLong                       // 431: the head is longer than allowed
	UnknownCoding                 // 501: a transfer coding other than chunked
	UnknownVersion                // 505: neither HTTP/1.0 nor HTTP/1.1
	UnmetExpectation              // 417: an expectation other than 100-continue
)

// SyntaxError is a message that is not taken. The reason is fit for a client's eyes.
type SyntaxError struct {
	Fault  Fault
	Reason string
}

func (e *SyntaxError) Error() string { return e.Reason }

func malformed(reason string) error { return &SyntaxError{Fault: Malformed, Reason: reason} }

func errTooLong() error {
	return &SyntaxError{Fault: TooLong, Reason: "the request line and the header fields are too long together"}
}
