package pebble_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestModel holds the store to a plain map over Pebble, through crashes that
// leave what was synced and a random part of what was not, and full disks.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := newCrashingDisk(rapid.Uint64().Draw(t, "seed"))
		defer disk.close()
		statetest.Check(t, statetest.Disk{Open: disk.open, Fail: disk.fill})
	})
}

// crashingDisk is a disk that loses what was not synced, and can be full.
type crashingDisk struct {
	rng     *rand.Rand
	memory  *vfs.MemFS
	full    atomic.Pointer[atomic.Bool] // of the process that has it open
	linking sync.RWMutex
	backend *pebble.Backend
	old     []*pebble.Backend // of processes that have crashed
}

func newCrashingDisk(seed uint64) *crashingDisk {
	return &crashingDisk{rng: rand.New(rand.NewPCG(seed, 0)), memory: vfs.NewCrashableMem()}
}

func (d *crashingDisk) open() (state.Backend, error) {
	if d.backend != nil {
		d.old = append(d.old, d.backend)
	}
	d.linking.Lock()
	d.memory = d.memory.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: d.rng.IntN(101), RNG: d.rng})
	d.linking.Unlock()
	full := new(atomic.Bool)
	d.full.Store(full)
	var writes atomic.Int64
	fails := 1 + d.rng.Int64N(60)
	fs := errorfs.Wrap(linkFS{d.memory, &d.linking}, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && writes.Add(1)%fails == 0 {
			return syscall.ENOSPC
		}
		return nil
	}))
	var err error
	d.backend, err = pebble.Open("data/state", pebble.Options{FS: fs})
	return d.backend, err
}

func (d *crashingDisk) fill(full bool) { d.full.Load().Store(full) }

func (d *crashingDisk) close() {
	for _, b := range append(d.old, d.backend) {
		if b != nil {
			_ = b.Close()
		}
	}
}

// linkFS keeps links and crashes apart: MemFS takes the lock that CrashClone
// needs twice for a link.
type linkFS struct {
	*vfs.MemFS
	linking *sync.RWMutex
}

func (fs linkFS) Link(from, to string) error {
	fs.linking.RLock()
	defer fs.linking.RUnlock()
	return fs.MemFS.Link(from, to)
}
