package apart_test

import (
	"testing"

	"github.com/glarimy/ums/bench/apart"
)

func TestOneUser(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"         0       1000          1\n":                                   true,
		"         0          0 4294967295\n":                                   false,
		"         0       1000          1\n         1     100000      65536\n": false,
		"": false,
	} {
		if got := apart.OneUserIn(text); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}
