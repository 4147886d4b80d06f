// Package version tells which build of UMS is running.
package version

import (
	"runtime/debug"
	"strings"
)

// version is what the linker writes: the version and the commit, with a space between them.
//
//	-ldflags "-X 'github.com/glarimy/ums/shared/version.version=v1.2.3 0123abcd'"
var version string

// Build is a build of one program.
type Build struct {
	Version string // a tag such as v1.2.3, or "dev" or "(devel)" for what is none
	Commit  string // "unknown" where nothing tells
}

// String returns both in one word, such as v1.2.3+0123abcd.
func (b Build) String() string { return b.Version + "+" + b.Commit }

// Get returns the build of the running program: what the linker wrote, else what the Go command did.
func Get() Build {
	info, _ := debug.ReadBuildInfo()
	return From(version, info)
}

// From returns the build that stamp and info tell of; both may be absent.
func From(stamp string, info *debug.BuildInfo) Build {
	if v, commit, found := strings.Cut(stamp, " "); found {
		return Build{Version: v, Commit: commit}
	}
	b := Build{Version: "dev", Commit: "unknown"}
	if info == nil {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			b.Commit = setting.Value
		}
	}
	return b
}
