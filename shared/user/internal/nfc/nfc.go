// Package nfc brings text to Unicode Normalization Form C exactly as the standard defines it.
package nfc

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// joiner is U+034F COMBINING GRAPHEME JOINER.
const joiner = "\u034F"

// String returns s, which must be valid UTF-8, in Form C.
//
// It is norm.NFC but for runs of more than 30 combining marks. These norm breaks up by a joiner that nobody wrote
// (UAX #15, Stream-Safe Text Format) and that the libraries of other languages do not insert, so that one name would
// be two, and one character longer.
func String(s string) string {
	streamSafe := norm.NFC.String(s)
	if strings.Count(streamSafe, joiner) == strings.Count(s, joiner) {
		return streamSafe
	}
	return string(compose(order(decompose(s))))
}

// mark is a character with its canonical combining class, which is 0 for one that starts a sequence.
type mark struct {
	r     rune
	class uint8
}

// decompose returns the full canonical decomposition of s (Unicode Standard, D68), not yet ordered.
func decompose(s string) []mark {
	marks := make([]mark, 0, len(s))
	for _, r := range s {
		for _, d := range norm.NFD.String(string(r)) {
			marks = append(marks, mark{r: d, class: norm.NFD.PropertiesString(string(d)).CCC()})
		}
	}
	return marks
}

// order sorts each run of marks by class and leaves those of one class as they are (D109).
func order(marks []mark) []mark {
	for begin := 0; begin < len(marks); begin++ {
		end := begin
		for end < len(marks) && marks[end].class != 0 {
			end++
		}
		slices.SortStableFunc(marks[begin:end], func(a, b mark) int { return int(a.class) - int(b.class) })
		begin = end
	}
	return marks
}

// compose joins each character with the last starter before it, unless another character blocks it (D117).
func compose(marks []mark) []rune {
	out := make([]rune, 0, len(marks))
	starter := -1 // the index in out
	var last uint8
	for _, m := range marks {
		adjacent := starter == len(out)-1
		if starter >= 0 && (adjacent || last != 0 && last < m.class) {
			if joined, ok := pair(out[starter], m.r); ok {
				out[starter] = joined
				continue
			}
		}
		if last = m.class; last == 0 {
			starter = len(out)
		}
		out = append(out, m.r)
	}
	return out
}

// pair returns the primary composite of two characters.
func pair(first, second rune) (rune, bool) {
	joined := []rune(norm.NFC.String(string(first) + string(second)))
	return joined[0], len(joined) == 1
}
