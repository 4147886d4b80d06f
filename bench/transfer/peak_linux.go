package transfer

import (
	"os"
	"syscall"
)

// peak returns the most memory that a process held at a time, in bytes.
func peak(ended *os.ProcessState) int64 {
	usage, ok := ended.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss << 10
}
