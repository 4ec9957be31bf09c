// Package hugepages has the heap grow into huge pages, where the system has
// them for those who ask (transparent_hugepage is madvise, as most have it).
//
// Keyed state is read all over: each look-up is a miss of the processor's
// table of pages, which takes as long again as the memory itself, and longer
// on a virtual machine. That table holds 8 MiB of small pages but gigabytes of
// huge ones.
package hugepages

import (
	"runtime"
	"sync/atomic"
)

const least = 64 << 20

// asked is what was asked for: a process has many small pipelines at times.
var asked atomic.Int64

// Reserve asks for huge pages where the heap will grow next, by so many bytes.
// It takes no memory, only addresses: it makes a slice that nobody touches and
// leaves it to the collector, which gives its place to what is allocated
// later. Without such pages it does nothing, nor for so little that it makes no
// difference, or for what a call before has asked for.
func Reserve(bytes int64) {
	bytes = min(bytes, most())
	if before := asked.Load(); bytes < least || bytes <= before || !asked.CompareAndSwap(before, bytes) {
		return
	}
	advise(make([]byte, bytes))
	runtime.GC()
}
