package load

// ParseHead is parseHead, for its fuzz target.
func ParseHead(b []byte) (length, status, body int, err error) {
	h, err := parseHead(b)
	return h.length, h.status, h.body, err
}
