//go:build !linux || race

package hugepages

// The race detector keeps notes of all that is allocated, touched or not.

func most() int64 { return 0 }

func advise([]byte) {}
