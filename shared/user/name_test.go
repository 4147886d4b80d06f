package user_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
)

func TestNewNameRefuses(t *testing.T) {
	t.Parallel()
	empty := usertest.BadName{Name: "empty", Code: user.CodeTooShort} // no segment of a path is empty
	for _, n := range append(usertest.BadNames(), empty) {
		t.Run(n.Name, func(t *testing.T) {
			t.Parallel()
			got, err := user.NewName(n.Raw)
			invalid, ok := errors.AsType[*user.InvalidError](err)
			switch {
			case !ok:
				t.Errorf("got %q, %v, want the error %s", got, err, n.Code)
			case invalid.Code != n.Code:
				t.Errorf("error = %s (%v), want %s", invalid.Code, err, n.Code)
			case !utf8.ValidString(err.Error()) || strings.ContainsFunc(err.Error(), unicode.IsControl):
				t.Errorf("the error holds what it refuses: %q", err)
			}
			if got != (user.Name{}) {
				t.Errorf("there is the name %q beside the error", got)
			}
		})
	}
}

func TestNewNameAccepts(t *testing.T) {
	t.Parallel()
	seen := map[user.Name]string{}
	for _, n := range usertest.GoodNames() {
		got, err := user.NewName(n.Raw)
		if err != nil {
			t.Errorf("%s: %v", n.Name, err)
			continue
		}
		if got.String() != n.Want {
			t.Errorf("%s: got %+q, want %+q", n.Name, got.String(), n.Want)
		}
		if again, err := user.NewName(got.String()); err != nil || again != got {
			t.Errorf("%s: %+q came back as %+q, %v", n.Name, got.String(), again.String(), err)
		}
		if other, is := seen[got]; is {
			t.Errorf("%s is the same name as %s", n.Name, other)
		}
		seen[got] = n.Name
	}
}

// TestNameTellsCharacter: clients must be able to find what is refused.
func TestNameTellsCharacter(t *testing.T) {
	t.Parallel()
	_, err := user.NewName("Krishna\u202EMohan")
	if err == nil || !strings.Contains(err.Error(), "U+202E") {
		t.Errorf("error = %v", err)
	}
	_, err = user.NewName(strings.Repeat("😀", 33))
	if err == nil || !strings.Contains(err.Error(), "33 characters") {
		t.Errorf("error = %v", err)
	}
}

func FuzzNewName(f *testing.F) {
	for _, n := range usertest.BadNames() {
		f.Add(n.Raw)
	}
	for _, n := range usertest.GoodNames() {
		f.Add(n.Raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		name, err := user.NewName(raw)
		if err != nil {
			if _, ok := errors.AsType[*user.InvalidError](err); !ok || name != (user.Name{}) {
				t.Errorf("got %q, %T %v", name, err, err)
			}
			return
		}
		s := name.String()
		if n := utf8.RuneCountInString(s); !utf8.ValidString(s) || n < user.MinNameLength || n > user.MaxNameLength {
			t.Errorf("%+q: %d characters", s, n)
		}
		if strings.TrimSpace(s) != s || strings.ContainsFunc(s, unicode.IsControl) {
			t.Errorf("%+q: white space around it, or a control character", s)
		}
		// norm does not take a run of more than 30 marks for normal.
		if !norm.NFC.IsNormalString(s) && strings.Count(norm.NFC.String(s), "\u034F") == strings.Count(s, "\u034F") {
			t.Errorf("%+q is not in Form C", s)
		}
		if strings.Count(s, "\u034F") > strings.Count(raw, "\u034F") {
			t.Errorf("%+q has a joiner that %+q has not", s, raw)
		}
		if again, err := user.NewName(s); err != nil || again != name {
			t.Errorf("%+q came back as %+q, %v", s, again.String(), err)
		}
		if decomposed, err := user.NewName(norm.NFD.String(raw)); strings.Contains(norm.NFD.String(raw), "\u034F") {
			return // see above
		} else if err != nil || decomposed != name {
			t.Errorf("%+q decomposed is another name: %+q, %v", raw, decomposed.String(), err)
		}
	})
}
