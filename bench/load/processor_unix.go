//go:build unix

package load

import (
	"syscall"
	"time"
)

// processorTime is what the process has used of the processors so far, in its
// own code and in the kernel's.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
