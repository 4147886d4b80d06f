package config

import (
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// maxTimeout bounds a timeout, so that a slip of the unit does not pass for a wish.
const maxTimeout = 10 * time.Minute

func (r *reader) timeout(n *yaml.Node, out *Route) {
	text, ok := r.text(n, "a timeout")
	if !ok || text == "none" {
		return
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		r.fault(n, `the timeout %q is no duration: write it like 500ms or 5s, or none for streams`, text)
	case d < time.Millisecond || d > maxTimeout:
		r.fault(n, "the timeout %s is outside 1ms to %s; write none for streams", d, maxTimeout)
	default:
		out.Timeout = d
	}
}

func (r *reader) bodyLimit(n *yaml.Node, out *Route) {
	text, ok := r.text(n, "a body limit")
	if !ok {
		return
	}
	size, ok := parseSize(text)
	if !ok {
		r.fault(n, "the body limit %q is no size: write it like 512, 64KiB or 1MiB", text)
		return
	}
	out.BodyLimit = size
}

// size reads a number of bytes; like is how it may be written.
func (r *reader) size(n *yaml.Node, what, like string) (size int64, ok bool) {
	text, ok := r.text(n, what)
	if !ok {
		return 0, false
	}
	if size, ok = parseSize(text); !ok {
		r.fault(n, "%s is %q, which is no size: write it like %s", what, text, like)
	}
	return size, ok
}

// parseSize reads a number of bytes, plain or in KiB, MiB or GiB.
func parseSize(text string) (int64, bool) {
	unit := int64(1)
	for suffix, factor := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if number, found := strings.CutSuffix(text, suffix); found {
			text, unit = strings.TrimSpace(number), factor
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}
