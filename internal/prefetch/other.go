//go:build !amd64 && !arm64

package prefetch

// Behind does nothing here.
func Behind(any) {}
