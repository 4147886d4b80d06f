package cursor_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/cursor"
)

// sealer returns a Sealer of one purpose with the keys of the list.
func sealer(t testing.TB, purpose string, list ...string) *cursor.Sealer {
	t.Helper()
	keys, err := cursor.ParseKeys(strings.Join(list, ","))
	if err != nil {
		t.Fatal(err)
	}
	s, err := cursor.New(keys, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// key returns a key that differs for each seed.
func key(seed byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{seed}, cursor.KeySize))
}

func TestOpenReturnsWhatWasSealed(t *testing.T) {
	t.Parallel()
	s := sealer(t, "search", key(1))
	for _, position := range []string{"", "KrishnaMohan", "\x00\xff", strings.Repeat("x", 200)} {
		text := s.Seal("by name", []byte(position))
		if got, err := s.Open("by name", text); err != nil || string(got) != position {
			t.Errorf("%q came back as %q, %v", position, got, err)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return !urlSafe(r) }) {
			t.Errorf("%q is not safe in a query", text)
		}
	}
}

func urlSafe(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_'
}

func TestOpenRefusesAnyChange(t *testing.T) {
	t.Parallel()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	s := sealer(t, "search", key(1))
	text := s.Seal("by name", []byte("KrishnaMoha")) // of a length that leaves unused bits in the last character
	for at := range text {
		for _, c := range alphabet {
			if altered := text[:at] + string(c) + text[at+1:]; altered != text {
				wantInvalid(t, s, "by name", altered)
			}
		}
		wantInvalid(t, s, "by name", text[:at])
		wantInvalid(t, s, "by name", text[:at]+"\n"+text[at:])
		wantInvalid(t, s, "by name", text[:at]+"A"+text[at:])
	}
	wantInvalid(t, s, "by name", text+"=")
	wantInvalid(t, s, "by name", text+"\n")
	wantInvalid(t, s, "by name", text+text)
}

func TestOpenRefusesTheCursorsOfOthers(t *testing.T) {
	t.Parallel()
	text := sealer(t, "search", key(1)).Seal("by name", []byte("KrishnaMohan"))
	wantInvalid(t, sealer(t, "search", key(1)), "by phone", text)
	wantInvalid(t, sealer(t, "search", key(1)), "", text)
	wantInvalid(t, sealer(t, "journal", key(1)), "by name", text)
	wantInvalid(t, sealer(t, "search", key(2)), "by name", text)

	// The parts must not run into each other.
	text = sealer(t, "search", key(1)).Seal("ab", []byte("c"))
	wantInvalid(t, sealer(t, "search", key(1)), "a", text)
	wantInvalid(t, sealer(t, "searcha", key(1)), "b", text)
}

func TestKeysAreRotated(t *testing.T) {
	t.Parallel()
	before := sealer(t, "search", key(1))
	announced := sealer(t, "search", key(1), key(2))
	changed := sealer(t, "search", key(2), key(1))
	after := sealer(t, "search", key(2))
	for _, step := range []struct {
		name     string
		old, new *cursor.Sealer // replicas that are there at the same time
	}{
		{"announce", before, announced},
		{"change", announced, changed},
		{"drop", changed, after},
	} {
		for _, from := range []*cursor.Sealer{step.old, step.new} {
			if step.name == "drop" && from == step.old {
				continue // its cursors are signed with the new key already
			}
			text := from.Seal("by name", []byte("KrishnaMohan"))
			for _, to := range []*cursor.Sealer{step.old, step.new} {
				if _, err := to.Open("by name", text); err != nil {
					t.Errorf("%s: a cursor of one replica is not valid at the other: %v", step.name, err)
				}
			}
		}
	}
	wantInvalid(t, after, "by name", before.Seal("by name", []byte("KrishnaMohan")))
}

func wantInvalid(t *testing.T, s *cursor.Sealer, binding, text string) {
	t.Helper()
	if position, err := s.Open(binding, text); !errors.Is(err, cursor.ErrInvalid) {
		t.Errorf("Open(%q, %q) = %q, %v, want ErrInvalid", binding, text, position, err)
	}
}

func TestParseKeys(t *testing.T) {
	t.Parallel()
	secret := base64.StdEncoding.EncodeToString([]byte("short secret"))
	for list, want := range map[string]string{
		"":                         "there is no key",
		"  ":                       "there is no key",
		",":                        "key 1 of the list has 0 bytes",
		key(1) + ",":               "key 2 of the list has 0 bytes",
		secret:                     "key 1 of the list has 12 bytes; it needs at least 32",
		key(1) + "," + secret:      "key 2 of the list has 12 bytes",
		"not base64":               "key 1 of the list is not base64",
		strings.Trim(key(1), "="):  "key 1 of the list is not base64",
		key(1) + ";" + key(2):      "key 1 of the list is not base64",
		key(1) + " " + key(2) + "": "key 1 of the list is not base64",
	} {
		keys, err := cursor.ParseKeys(list)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseKeys(%q): error = %v, want %q", list, err, want)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("the error holds the key: %v", err)
		}
		if _, err := cursor.New(keys, "search"); err == nil {
			t.Errorf("a Sealer was made of the keys of %q", list)
		}
	}
	for _, list := range []string{key(1), key(1) + "," + key(2), " " + key(1) + " ,\n" + key(2) + "\n"} {
		if _, err := cursor.ParseKeys(list); err != nil {
			t.Errorf("ParseKeys(%q): %v", list, err)
		}
	}
}

func TestNewKey(t *testing.T) {
	t.Parallel()
	one, another := cursor.NewKey(), cursor.NewKey()
	if one == another {
		t.Errorf("two new keys are the same: %s", one)
	}
	text := sealer(t, "search", one).Seal("by name", nil)
	wantInvalid(t, sealer(t, "search", another), "by name", text)
}

func TestKeysArePrintedByNoVerb(t *testing.T) {
	t.Parallel()
	keys, err := cursor.ParseKeys(key('k'))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, keys); got != "[keys]" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

func FuzzOpen(f *testing.F) {
	s := sealer(f, "search", key(1))
	f.Add("by name", "")
	f.Add("by name", s.Seal("by name", []byte("KrishnaMohan")))
	f.Add("by phone", s.Seal("by name", []byte("KrishnaMohan")))
	f.Fuzz(func(t *testing.T, binding, text string) {
		position, err := s.Open(binding, text)
		if err == nil && s.Seal(binding, position) != text {
			t.Errorf("%q was taken for %q, which is no cursor of it", text, binding)
		}
	})
}
