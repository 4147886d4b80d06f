package report

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// Machine describes where the benchmark runs, in one line. What the system does not tell is left out.
func Machine() string {
	facts := []string{}
	if model := field("/proc/cpuinfo", "model name"); model != "" {
		facts = append(facts, model)
	}
	facts = append(facts, fmt.Sprintf("%d CPUs", runtime.NumCPU()))
	if total, _, ok := strings.Cut(field("/proc/meminfo", "MemTotal"), " kB"); ok {
		if kib, err := strconv.ParseFloat(total, 64); err == nil {
			facts = append(facts, fmt.Sprintf("%.1f GiB", kib/(1<<20)))
		}
	}
	facts = append(facts, system(), runtime.Version())
	return strings.Join(facts, ", ")
}

// LoadAverage returns what the machine was busy with in the last minute, or "" where the system does not tell.
func LoadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	minute, _, _ := strings.Cut(string(text), " ")
	return minute
}

// Module returns the version of a module that this program was built with, such as "v9.23.0".
func Module(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == path {
				return m.Version
			}
		}
	}
	return "of unknown version"
}

func system() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return runtime.GOOS + "/" + runtime.GOARCH
	}
	return "Linux " + string(bytes.TrimSpace(release)) + " " + runtime.GOARCH
}

// field returns the first value of a key in a file with lines such as "key : value".
func field(path, key string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
