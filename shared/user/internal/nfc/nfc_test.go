package nfc_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/glarimy/ums/shared/user/internal/nfc"
)

// TestLongRuns has as its wanted values what other implementations of Form C make of the same text.
func TestLongRuns(t *testing.T) {
	t.Parallel()
	const acute, below = "\u0301", "\u0323"
	for name, tc := range map[string]struct{ in, want string }{
		"nothing to join":     {in: "x" + strings.Repeat(acute, 31), want: "x" + strings.Repeat(acute, 31)},
		"the first joins":     {in: "a" + strings.Repeat(acute, 32), want: "á" + strings.Repeat(acute, 31)},
		"no base":             {in: strings.Repeat(acute, 40), want: strings.Repeat(acute, 40)},
		"out of order":        {in: "b" + strings.Repeat(acute+below, 16), want: "ḅ" + strings.Repeat(below, 15) + strings.Repeat(acute, 16)},
		"joined from the end": {in: "x" + strings.Repeat(acute, 31) + "e" + acute, want: "x" + strings.Repeat(acute, 31) + "é"},
		"two in one":          {in: "o" + strings.Repeat(acute, 31) + below + "\u0302", want: "ọ" + strings.Repeat(acute, 31) + "\u0302"},
		"blocked":             {in: "a\u0315" + strings.Repeat(acute, 31), want: "á" + strings.Repeat(acute, 30) + "\u0315"},
		"a joiner that was there": {
			in: "a\u034F" + strings.Repeat(acute, 32), want: "a\u034F" + strings.Repeat(acute, 32),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := nfc.String(tc.in); got != tc.want {
				t.Errorf("got  %+q\nwant %+q", got, tc.want)
			}
			if got := nfc.String(tc.want); got != tc.want {
				t.Errorf("not stable: got %+q, want %+q", got, tc.want)
			}
		})
	}
}

// tail is a run too long for norm, and stands for itself: with it, all that precedes is normalised by this package.
var tail = "x" + strings.Repeat("\u0301", 31)

// TestAgreesWithNorm holds what this package does for long runs against norm on text without them: on every character
// that composes, reorders or decomposes, and on random sequences of them.
func TestAgreesWithNorm(t *testing.T) {
	t.Parallel()
	var interesting []rune
	for r := range rune(unicode.MaxRune + 1) {
		s := string(r)
		p := norm.NFC.PropertiesString(s)
		if 0xAC00 < r && r < 0xD7A3 && r%16 != 0 {
			continue // one in sixteen of the Hangul syllables will do
		}
		if p.CCC() == 0 && len(p.Decomposition()) == 0 && p.BoundaryBefore() {
			continue // norm and this package both take it as it is
		}
		interesting = append(interesting, r)
		if got, want := nfc.String(s+tail), norm.NFC.String(s)+tail; got != want {
			t.Errorf("%U: got %+q, want %+q", r, got, want)
		}
	}
	interesting = append(interesting, 'a', 'e', 'o', 'A', 'U', 'α', 'ω', 0x1100, 0x1101, 0x1161, 0x11A8, 0xAC00)
	random := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		var b strings.Builder
		for range 1 + random.IntN(8) {
			b.WriteRune(interesting[random.IntN(len(interesting))])
			if random.IntN(2) == 0 {
				b.WriteRune(interesting[len(interesting)-1-random.IntN(12)])
			}
		}
		s := b.String()
		if got, want := nfc.String(s+tail), norm.NFC.String(s)+tail; got != want {
			t.Fatalf("%+q: got %+q, want %+q", s, got, want)
		}
	}
}
