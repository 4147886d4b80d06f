package contract

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// Ways to write one character of a name. Joined at random, they make names of a known length that nobody else uses.
// A test keeps them true by comparing them with an implementation of Unicode's normalization.
func composed() []string {
	return []string{"é", "è", "à", "ù", "ô", "î", "ç", "ñ", "ä", "ö", "ü", "å", "ě", "š", "ž", "ř"}
}

// unmergeable are a letter and a mark each that have no composed form: two characters in every normal form but one.
func unmergeable() []string {
	return []string{
		"q\u0302", "x\u0302", "b\u0302", "d\u0302", "f\u0302", "k\u0302", "l\u0302", "m\u0302",
		"q\u030b", "x\u030b", "b\u030b", "d\u030b", "f\u030b", "k\u030b", "l\u030b", "m\u030b",
	}
}

// expanding are single characters that Normalization Form C turns into two.
func expanding() []string {
	return []string{"\u0958", "\u0959", "\u095a", "\u095b", "\u095c", "\u095d", "\u095e", "\u095f"}
}

// expansions are what the characters of expanding become, in the same order.
func expansions() []string {
	return []string{
		"\u0915\u093c", "\u0916\u093c", "\u0917\u093c", "\u091c\u093c", "\u0921\u093c", "\u0922\u093c", "\u092b\u093c",
		"\u092f\u093c",
	}
}

// decomposed returns composed characters as letters and marks of their own.
func decomposed(s string) string {
	marks := map[rune]string{
		'é': "e\u0301", 'è': "e\u0300", 'à': "a\u0300", 'ù': "u\u0300", 'ô': "o\u0302", 'î': "i\u0302", 'ç': "c\u0327",
		'ñ': "n\u0303", 'ä': "a\u0308", 'ö': "o\u0308", 'ü': "u\u0308", 'å': "a\u030a", 'ě': "e\u030c", 'š': "s\u030c",
		'ž': "z\u030c", 'ř': "r\u030c",
	}
	var out strings.Builder
	for _, r := range s {
		if m, ok := marks[r]; ok {
			out.WriteString(m)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// expanded returns what Normalization Form C makes of a text of expanding characters.
func expanded(s string) string {
	var out strings.Builder
	for _, r := range s {
		out.WriteString(expansions()[r-'\u0958'])
	}
	return out.String()
}

// acceptedName is a way to send a name, and the name that it has to become.
type acceptedName struct {
	id, says string
	make     func() (sent, kept string)
}

// same returns a name that is kept as it is sent.
func same(name func() string) func() (string, string) {
	return func() (string, string) { s := name(); return s, s }
}

// sample is a name with random letters in it that is kept as it is sent.
func sample(s string) func() (string, string) {
	return same(func() string { return fill(s) })
}

// AcceptedNames are what POST has to take.
func acceptedNames() []acceptedName {
	return []acceptedName{
		{"shortest", "8 characters are enough", same(func() string { return random(8) })},
		{"longest", "32 characters are not too many", same(func() string { return random(32) })},
		{"longest-astral", "32 characters are counted as such, whatever their bytes or UTF-16 units", same(func() string {
			return pick(32, "\U0001F600", "\U0001F680", "\U00020000", "\U0001D51E", "\U0001F9D1", "\U0001F30D")
		})},
		{"combining-8", "16 code points that compose to 8 characters are 8", func() (string, string) {
			s := pick(8, composed()...)
			return decomposed(s), s
		}},
		{"combining-32", "64 code points that compose to 32 characters are 32", func() (string, string) {
			s := pick(32, composed()...)
			return decomposed(s), s
		}},
		{"unmergeable-8", "4 letters with marks that do not compose are 8 characters", same(func() string {
			return pick(4, unmergeable()...)
		})},
		{"unmergeable-32", "16 letters with marks that do not compose are 32 characters", same(func() string {
			return pick(16, unmergeable()...)
		})},
		{"expanding-14", "7 characters that NFC expands to 14 are 14", func() (string, string) {
			s := pick(7, expanding()...)
			return s, expanded(s)
		}},
		{"nfc", "a decomposed name becomes its NFC form", func() (string, string) {
			tail := random(randomTail)
			return "Jose\u0301 Nu\u0303ez " + tail, "Jos\u00e9 N\u0169ez " + tail
		}},
		{"nfc-order", "NFC puts marks into their canonical order", func() (string, string) {
			tail := random(randomTail)
			return "q\u0307\u0323 " + tail, "q\u0323\u0307 " + tail
		}},
		{"nfc-not-nfkc", "compatibility characters are kept: NFC, not NFKC", sample("ﬁﾊ²Ａ◆")},
		{"trim-ascii", "white space around a name is cut off", func() (string, string) {
			s := newName()
			return " \t\r\n" + s + "\n\v\f ", s
		}},
		{"trim-unicode", "all of Unicode's White_Space is cut off", func() (string, string) {
			s := newName()
			return "\u00a0\u1680\u2003\u2028\u2029" + s + "\u202f\u205f\u3000\u0085", s
		}},
		{"trim-longest", "white space around does not count: 32 characters in 40", func() (string, string) {
			s := random(32)
			return "    " + s + "    ", s
		}},
		{"inner-space", "white space within a name is kept", sample("a  b\u3000c ◆")},
		{"case", "upper and lower case are kept", sample("McDonald ÅΣς ◆")},
		{"zwj", "zero-width joiners are allowed, as Indic scripts need them", sample("क्\u200dषत्रिय ◆")},
		{"zwnj", "zero-width non-joiners are allowed, as Indic scripts need them", sample("ರಾಮ್\u200cಗೋಪಾಲ್ ◆")},
		{"emoji-zwj", "joined emoji are characters like any", sample("\U0001F469\u200d\U0001F467 ◆")},
	}
}

func acceptedNameClauses() []Clause {
	var clauses []Clause
	for _, n := range acceptedNames() {
		clauses = append(clauses, Clause{
			ID: idOf(Add, "name", n.id), Says: n.says,
			Run: func(ctx context.Context, c *Client) error {
				sent, kept := n.make()
				phone := newPhone()
				if _, err := c.send(ctx, post(draft(sent, phone)),
					isStatus(http.StatusCreated), isRecord(kept, phone), isLocationOf(kept)); err != nil {
					return err
				}
				return c.removeUser(ctx, kept)
			},
		})
	}
	return clauses
}

// distinctNames are pairs of names that careless software takes for one.
func distinctNames() []struct{ id, says, one, other string } {
	return []struct{ id, says, one, other string }{
		{"case", "names that differ in case are two", "krishna ◆", "Krishna ◆"},
		{"accent", "names that differ in an accent are two", "Renee ◆", "Renée ◆"},
		{"width", "a wide letter is not the narrow one", "Krishna ◆", "Ｋrishna ◆"},
		{"sharp-s", "ß is not ss", "Strasse ◆", "Straße ◆"},
		{"emoji", "two emoji are two characters, not one unknown", "name \U0001F600 ◆", "name \U0001F680 ◆"},
		{"joiner", "a joiner makes another name", "क्षत्रिय ◆", "क्\u200dषत्रिय ◆"},
		{"plus", "+ in a path is a plus, not a space", "a+b+c+d ◆", "a b c d ◆"},
		{"escape", "a path is decoded once: %2F in a name is three characters", "50/50 or ◆", "50%2F50 or ◆"},
		{"inner-space", "two spaces within are not one", "Krishna  ◆", "Krishna ◆"},
	}
}

func distinctNameClauses(slot Slot) []Clause {
	var clauses []Clause
	for _, d := range distinctNames() {
		clauses = append(clauses, Clause{
			ID: idOf(slot, "distinct", d.id), Says: d.says,
			Run: func(ctx context.Context, c *Client) error { return distinct(ctx, c, slot, d.one, d.other) },
		})
	}
	return clauses
}

// distinct adds both users and addresses each by its path, which has to lead to its own number.
func distinct(ctx context.Context, c *Client, slot Slot, samples ...string) error {
	tail := random(randomTail)
	var users []user
	for i, s := range samples {
		u, err := c.addUserWith(ctx, replaceTail(s, tail), 9_000_000_000+uint64(i))
		if err != nil {
			return fmt.Errorf("%s user of two: %w", ordinal(i), err)
		}
		users = append(users, u)
	}
	for _, u := range users {
		path := userPrefix + encode(u.name, upperHex, mayStand)
		req := getPath(path)
		if slot == Add {
			req = patchPath(path, change(u.phone)) // the number that is there: nothing changes
		}
		if _, err := c.read(ctx, req, isStatus(http.StatusOK), isRecord(u.name, u.phone), hasHeader("ETag", u.etag)); err != nil {
			return err
		}
	}
	return nil
}

func ordinal(i int) string { return [...]string{"first", "second"}[i] }
