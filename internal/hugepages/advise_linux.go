//go:build linux && !race

package hugepages

import "syscall"

// most is half of the machine's memory: a system that counts what is promised
// would refuse more than it has.
func most() int64 {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 0
	}
	return int64(uint64(info.Totalram) * uint64(info.Unit) / 2)
}

// advise is advice: a kernel without huge pages refuses it, and all is as it was.
func advise(memory []byte) { _ = syscall.Madvise(memory, syscall.MADV_HUGEPAGE) }
