//go:build amd64 || arm64

package prefetch

// Behind begins to bring near what an interface points at, a pointer's target
// or what the value is kept in: the cache line where that begins. It waits for
// nothing and reads nothing; for nil it does nothing.
//
//go:noescape
func Behind(p any)
