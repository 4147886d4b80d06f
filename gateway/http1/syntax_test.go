package http1_test

import (
	"strings"
	"testing"

	"github.com/glarimy/ums/gateway/http1"
)

func TestCharacters(t *testing.T) {
	t.Parallel()
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	for what, tt := range map[string]struct {
		is      func(string) bool
		allowed string
	}{
		"token": {http1.IsToken, letters + "!#$%&'*+-.^_`|~"},              // RFC 9110, section 5.6.2
		"host":  {http1.IsHost, letters + "-._~" + "!$&'()*+,;=" + "%:[]"}, // RFC 3986, section 3.2
	} {
		for c := range 256 {
			s := string([]byte{'a', byte(c)})
			if got, want := tt.is(s), strings.IndexByte(tt.allowed, byte(c)) >= 0; got != want {
				t.Errorf("%s: %q: %t, want %t", what, s, got, want)
			}
		}
	}
	if http1.IsToken("") || !http1.IsHost("") {
		t.Error("an empty token, or no empty host")
	}
}
