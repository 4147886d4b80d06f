package user_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/glarimy/ums/shared/user"
)

func TestNewNamePrefix(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, raw, want string }{
		{"one letter", "K", "K"},
		{"32 letters", strings.Repeat("K", 32), strings.Repeat("K", 32)},
		{"white space before it", " \t\u2003Krishna", "Krishna"},
		{"white space after it", "Krishna  ", "Krishna  "},
		{"decomposed", "Franc\u0327ois", "François"},
		{"a mark alone", "\u0301", "\u0301"},
		{"metacharacters", `100%_\|`, `100%_\|`},
		{"the last characters of planes 0 and 16", "\uFFFD\U0010FFFD", "\uFFFD\U0010FFFD"},
	} {
		got, err := user.NewNamePrefix(tc.raw)
		if err != nil || got.String() != tc.want {
			t.Errorf("%s: got %+q, %v, want %+q", tc.name, got.String(), err, tc.want)
		}
	}
	for _, tc := range []struct{ name, raw, code string }{
		{"nothing", "", user.CodeTooShort},
		{"white space alone", " \u3000", user.CodeTooShort},
		{"33 letters", strings.Repeat("K", 33), user.CodeTooLong},
		{"a control character", "Krishna\x00", user.CodeForbiddenCharacter},
		{"a bidirectional control", "Krishna\u202E", user.CodeForbiddenCharacter},
		{"a noncharacter", "\U0010FFFF", user.CodeForbiddenCharacter},
		{"not UTF-8", "Krishna\xFF", user.CodeEncoding},
	} {
		got, err := user.NewNamePrefix(tc.raw)
		if invalid, ok := errors.AsType[*user.InvalidError](err); !ok || invalid.Code != tc.code {
			t.Errorf("%s: got %+q, %v, want the error %s", tc.name, got.String(), err, tc.code)
		}
	}
}

func TestNamePrefixEnd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ prefix, want string }{
		{"Krishna", "Krishnb"},
		{"Krishna ", "Krishna!"},
		{"\uD7FF", "\uE000"}, // not a surrogate
		{"\uFFFD", "\uFFFE"},
		{"x\U0010FFFD", "x\U0010FFFE"},
		{"😀", "😁"},
		{"\u00E9", "\u00EA"},
		{"a\u007E", "a\u007F"},
		{"\U0001FFFD", "\U0001FFFE"},
		{"Kri\U0010FFFDshna", "Kri\U0010FFFDshnb"},
	} {
		p, err := user.NewNamePrefix(tc.prefix)
		if err != nil {
			t.Errorf("%+q: %v", tc.prefix, err)
			continue
		}
		if got := p.End(); got != tc.want {
			t.Errorf("the end of %+q is %+q, want %+q", tc.prefix, got, tc.want)
		} else if !utf8.ValidString(got) {
			t.Errorf("the end of %+q is not valid UTF-8: %+q", tc.prefix, got)
		}
	}
}

// FuzzNamePrefix holds the bounds against what it means to begin with something.
func FuzzNamePrefix(f *testing.F) {
	f.Add("Krishna", "KrishnaMohan")
	f.Add("Krishna ", "Krishna Mohan")
	f.Add("\uD7FF", "\uE000xxxxxxx")
	f.Add("😀", "😁😀😀😀😀😀😀😀")
	f.Fuzz(func(t *testing.T, beginning, text string) {
		prefix, err := user.NewNamePrefix(beginning)
		if err != nil {
			return
		}
		again, err := user.NewNamePrefix(prefix.String())
		if err != nil || again != prefix {
			t.Errorf("%+q came back as %+q, %v", prefix.String(), again.String(), err)
		}
		for _, candidate := range []string{text, beginning + text} {
			name, err := user.NewName(candidate)
			if err != nil {
				continue
			}
			n := name.String()
			within := n >= prefix.String() && n < prefix.End()
			if begins := strings.HasPrefix(n, prefix.String()); begins != within {
				t.Errorf("%+q begins with %+q: %t; it lies between it and %+q: %t", n, prefix.String(), begins, prefix.End(), within)
			}
			runes := []rune(n)
			for i := range runes[1:] {
				cut, err := user.NewNamePrefix(string(runes[:i+1]))
				if err != nil || cut.String() != string(runes[:i+1]) {
					t.Errorf("the beginning %+q of a name is %+q, %v", string(runes[:i+1]), cut.String(), err)
				}
			}
		}
	})
}
