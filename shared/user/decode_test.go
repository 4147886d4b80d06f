package user_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
)

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cases  []usertest.Case
		decode func([]byte) (any, error)
		zero   any
	}{
		"draft": {
			cases:  usertest.BadDrafts(),
			decode: func(b []byte) (any, error) { return user.DecodeDraft(b) },
			zero:   user.Draft{},
		},
		"change": {
			cases:  usertest.BadChanges(),
			decode: func(b []byte) (any, error) { return user.DecodeChange(b) },
			zero:   user.PhoneNumber{},
		},
	} {
		for _, c := range tc.cases {
			if c.HTTPOnly {
				continue
			}
			t.Run(name+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				body := bytes.Clone(c.Body)
				got, err := tc.decode(body)
				if err := check(c, err); err != nil {
					t.Error(err)
				}
				if got != tc.zero {
					t.Error("there is a value beside the error")
				}
				if !bytes.Equal(body, c.Body) {
					t.Error("the document was changed")
				}
			})
		}
	}
}

// check returns how an error of the decoding differs from the problem that the case asks for.
func check(c usertest.Case, err error) error {
	if c.Problem == problem.MalformedJSON {
		syntax, ok := errors.AsType[*user.SyntaxError](err)
		switch {
		case !ok:
			return fmt.Errorf("error = %T %v, want a *SyntaxError", err, err)
		case syntax.Offset < 0 || syntax.Offset > int64(len(c.Body)):
			return fmt.Errorf("offset = %d in a document of %d bytes", syntax.Offset, len(c.Body))
		case syntax.Reason == "" || !strings.Contains(err.Error(), syntax.Reason):
			return fmt.Errorf("error %q does not say the reason %q", err, syntax.Reason)
		}
		return nil
	}
	faults, ok := errors.AsType[user.FieldErrors](err)
	if !ok {
		return fmt.Errorf("error = %T %v, want FieldErrors", err, err)
	}
	got := make([]usertest.Error, len(faults))
	for i, f := range faults {
		if f.Detail == "" || !strings.Contains(err.Error(), f.Detail) {
			return fmt.Errorf("error %q does not say the detail %q", err, f.Detail)
		}
		got[i] = usertest.Error{Pointer: f.Pointer, Code: f.Code}
	}
	if !slices.Equal(got, c.Errors) {
		return fmt.Errorf("errors = %v, want %v", got, c.Errors)
	}
	return nil
}

func TestDecodeAccepts(t *testing.T) {
	t.Parallel()
	for _, g := range usertest.GoodDrafts() {
		t.Run("draft/"+g.Name, func(t *testing.T) {
			t.Parallel()
			got, err := user.DecodeDraft(g.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got.Name.String() != g.WantName || got.Phone.Uint64() != g.WantPhone {
				t.Errorf("got %q, %d, want %q, %d", got.Name, got.Phone.Uint64(), g.WantName, g.WantPhone)
			}
		})
	}
	for _, g := range usertest.GoodChanges() {
		t.Run("change/"+g.Name, func(t *testing.T) {
			t.Parallel()
			got, err := user.DecodeChange(g.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got.Uint64() != g.WantPhone {
				t.Errorf("got %d, want %d", got.Uint64(), g.WantPhone)
			}
		})
	}
}

// TestSyntaxErrors holds the words for the faults that people make most.
func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		document string
		offset   int64
		reason   string
	}{
		{document: ``, reason: "the document ends too early"},
		{document: `{"name":"Krishna`, offset: 16, reason: "the document ends too early"},
		{document: `{"name":`, offset: 8, reason: "the document ends too early"},
		{document: `[]`, reason: "the document must be one JSON object"},
		{document: `{}{}`, offset: 2, reason: "there is more after the JSON object"},
		{document: `{} 1`, offset: 2, reason: "there is more after the JSON object"},
	} {
		_, err := user.DecodeDraft([]byte(tc.document))
		syntax, ok := errors.AsType[*user.SyntaxError](err)
		if !ok {
			t.Errorf("%s: error = %v", tc.document, err)
			continue
		}
		if syntax.Reason != tc.reason || syntax.Offset != tc.offset {
			t.Errorf("%s: got %d %q, want %d %q", tc.document, syntax.Offset, syntax.Reason, tc.offset, tc.reason)
		}
	}
}

// TestErrorsHoldNoNumber: errors are logged and answered, and a phone number is personal data.
func TestErrorsHoldNoNumber(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		`{"name":"KrishnaMohan","phone":8731423166}`,
		`{"name":"KrishnaMohan","phone":8731423166.5}`,
		`{"name":"KrishnaMohan","phone":"8731423166"}`,
		`{"name":"KrishnaMohan","phone":8731423166000000}`,
		`{"name":"KrishnaMohan","phone":8731423166`,
		`{"name":"KrishnaMohan","phone":8731423166x}`,
	} {
		if _, err := user.DecodeDraft([]byte(document)); err == nil || strings.Contains(err.Error(), "873142") {
			t.Errorf("%s: error = %v", document, err)
		}
	}
}

func FuzzDecodeDraft(f *testing.F) {
	for _, c := range usertest.BadDrafts() {
		if len(c.Body) <= usertest.MaxBody {
			f.Add(c.Body)
		}
	}
	for _, g := range usertest.GoodDrafts() {
		f.Add(g.Body)
	}
	for _, n := range usertest.GoodNames() {
		f.Add(n.Draft())
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		draft, err := user.DecodeDraft(document)
		if err != nil {
			decodeError(t, err)
			if draft != (user.Draft{}) {
				t.Error("there is a draft beside the error")
			}
			return
		}
		agreesWithEncodingJSON(t, document, draft)
		again, err := user.DecodeDraft(encode(t, draft))
		if err != nil || again != draft {
			t.Errorf("came back as %v, %v, want %v", again, err, draft)
		}
	})
}

func FuzzDecodeChange(f *testing.F) {
	for _, c := range usertest.BadChanges() {
		if len(c.Body) <= usertest.MaxBody {
			f.Add(c.Body)
		}
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		phone, err := user.DecodeChange(document)
		if err != nil {
			decodeError(t, err)
		} else if _, err := user.NewPhoneNumber(phone.Uint64()); err != nil {
			t.Error(err)
		}
	})
}

// decodeError fails where err is none of the two kinds that handlers know.
func decodeError(t *testing.T, err error) {
	t.Helper()
	_, syntax := errors.AsType[*user.SyntaxError](err)
	faults, fields := errors.AsType[user.FieldErrors](err)
	if syntax == fields {
		t.Errorf("error = %T %v", err, err)
	}
	if fields && (len(faults) == 0 || len(faults) > 16) {
		t.Errorf("%d faults", len(faults))
	}
}

func agreesWithEncodingJSON(t *testing.T, document []byte, draft user.Draft) {
	t.Helper()
	var other struct {
		Name  string `json:"name"`
		Phone uint64 `json:"phone"`
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.DisallowUnknownFields()
	if err := d.Decode(&other); err != nil {
		t.Fatalf("encoding/json refuses it: %v", err)
	}
	if name, err := user.NewName(other.Name); err != nil || name != draft.Name || other.Phone != draft.Phone.Uint64() {
		t.Errorf("encoding/json reads %q (%v), %d, want %q, %d", name, err, other.Phone, draft.Name, draft.Phone.Uint64())
	}
}

func encode(t *testing.T, draft user.Draft) []byte {
	t.Helper()
	document, err := json.Marshal(map[string]any{"name": draft.Name.String(), "phone": draft.Phone.Uint64()})
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestNewPhoneNumber(t *testing.T) {
	t.Parallel()
	for n, code := range map[uint64]string{
		0:                       user.CodeTooSmall,
		user.MinPhoneNumber - 1: user.CodeTooSmall,
		user.MinPhoneNumber:     "",
		9_731_423_166:           "",
		user.MaxPhoneNumber:     "",
		user.MaxPhoneNumber + 1: user.CodeTooLarge,
		1 << 53:                 user.CodeTooLarge,
		math.MaxInt64:           user.CodeTooLarge,
		math.MaxInt64 + 1:       user.CodeTooLarge,
		math.MaxUint64:          user.CodeTooLarge,
	} {
		got, err := user.NewPhoneNumber(n)
		if code == "" {
			if err != nil || got.Uint64() != n {
				t.Errorf("%d: got %d, %v", n, got.Uint64(), err)
			}
			continue
		}
		if invalid, ok := errors.AsType[*user.InvalidError](err); !ok || invalid.Code != code {
			t.Errorf("%d: error = %v, want %s", n, err, code)
		}
		if got != (user.PhoneNumber{}) {
			t.Errorf("%d: there is a number beside the error", n)
		}
	}
}
