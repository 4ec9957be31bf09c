package statetest

import (
	"io"
	"sync"

	"github.com/tidegate/tidegate/stream/state"
)

// Spill is [state.Spiller.Spill]. What is in the file is lost with the clone
// that a crash leaves.
func (m *Map) Spill() (state.SpillFile, error) { return &mapFile{fail: m.Fail}, nil }

// mapFile is a file in memory.
type mapFile struct {
	fail func() error
	mu   sync.RWMutex
	b    []byte
}

func (f *mapFile) WriteAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		if err := f.fail(); err != nil {
			return 0, err
		}
	}
	if end := int(off) + len(p); end > len(f.b) {
		f.b = append(f.b, make([]byte, end-len(f.b))...)
	}
	return copy(f.b[off:], p), nil
}

func (f *mapFile) ReadAt(p []byte, off int64) (int, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if off > int64(len(f.b)) {
		return 0, io.EOF
	}
	n := copy(p, f.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
