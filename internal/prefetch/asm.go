//go:build amd64 || arm64

package prefetch

// Behind begins to bring near what a pointer in an interface points at: the
// cache line where that begins. It waits for nothing and reads nothing; for
// what is no pointer, or nil, it does nothing.
//
//go:noescape
func Behind(p any)
