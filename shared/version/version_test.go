package version_test

import (
	"runtime/debug"
	"testing"

	"github.com/glarimy/ums/shared/version"
)

func TestFrom(t *testing.T) {
	t.Parallel()
	installed := &debug.BuildInfo{
		Main:     debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "4567cdef"}},
	}
	for name, tc := range map[string]struct {
		stamp string
		info  *debug.BuildInfo
		want  string
	}{
		"stamped":                  {stamp: "v2.0.0 0123abcd", info: installed, want: "v2.0.0+0123abcd"},
		"installed by go":          {info: installed, want: "v1.2.3+4567cdef"},
		"built outside of git":     {info: &debug.BuildInfo{}, want: "dev+unknown"},
		"nothing tells":            {want: "dev+unknown"},
		"a stamp that is no stamp": {stamp: "v2.0.0", want: "dev+unknown"},
	} {
		if got := version.From(tc.stamp, tc.info).String(); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}
