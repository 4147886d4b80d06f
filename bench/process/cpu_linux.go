package process

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpu reads the CPU clock of a process, which counts in nanoseconds, where /proc/<pid>/stat counts in hundredths of a
// second. Its id is made as clock_getcpuclockid(3) makes it: the complement of the process's id, and the kind of clock
// (CPUCLOCK_SCHED) in the three lowest bits.
func cpu(pid int) (time.Duration, error) {
	const sched = 2
	var spent unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|sched, &spent); err != nil { //nolint:gosec // process ids have 22 bits
		return 0, err
	}
	return time.Duration(spent.Nano()), nil
}
