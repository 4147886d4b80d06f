package policy_test

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/glarimy/ums/gateway/policy"
)

func TestBody(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"as it comes":        func(r io.Reader) io.Reader { return r },
		"byte by byte":       iotest.OneByteReader,
		"the end with bytes": iotest.DataErrReader,
	} {
		for _, tt := range []struct {
			content string
			limit   int64
			want    string
			tooMuch bool
		}{
			{"", 0, "", false},
			{"a", 0, "", true},
			{"abc", 3, "abc", false},
			{"abc", 2, "ab", true},
			{"abc", 100, "abc", false},
			{"abc", math.MaxInt64, "abc", false},
		} {
			body := policy.NewBody(wrap(strings.NewReader(tt.content)), tt.limit)
			got, err := io.ReadAll(body)
			if string(got) != tt.want || errors.Is(err, policy.ErrBodyTooLarge) != tt.tooMuch || (err != nil) != tt.tooMuch {
				t.Errorf("%s: %q held to %d: %q, %v", name, tt.content, tt.limit, got, err)
			}
			if _, isBody := errors.AsType[*policy.BodyError](err); isBody != tt.tooMuch {
				t.Errorf("%s: %v is not marked as the client's", name, err)
			}
		}
	}
}

func TestBody_broken(t *testing.T) {
	t.Parallel()
	cause := errors.New("broken")
	_, err := io.ReadAll(policy.NewBody(iotest.ErrReader(cause), 10))
	if _, ok := errors.AsType[*policy.BodyError](err); !ok || !errors.Is(err, cause) {
		t.Errorf("ReadAll = %v, want a BodyError of %v", err, cause)
	}
}
