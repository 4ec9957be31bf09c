package pebble

import (
	"cmp"
	"io"
	"math"
	"sync"

	crdb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// Backend is a [state.Backend] in a directory.
type Backend struct {
	dir   string
	fs    vfs.FS
	cache *crdb.Cache
	lock  io.Closer
	alarm func(error)

	atMost      uint32
	recovery    Recovery
	checkpoints []manifest // the valid ones, newest last; the writer's
	spills      []vfs.File

	mu   sync.RWMutex // guards the choice of database: held for each Get
	live *live
}

var (
	_ state.Backend = (*Backend)(nil)
	_ state.Spiller = (*Backend)(nil)
)

// Options say how a backend is kept.
type Options struct {
	// FS is the file system; the operating system's if nil.
	FS vfs.FS
	// CacheBytes is the memory for blocks of tables that were read, which
	// includes their filters; 64 MiB if zero.
	CacheBytes int64
	// AtMost, if not zero, is the newest epoch that may be used: who commits
	// elsewhere in two phases knows which of the last two checkpoints counts.
	AtMost uint32
	// Alarm is called with what goes wrong in the background, such as a
	// compaction that finds the disk full and will be tried again. It is
	// called by Pebble's goroutines and must be quick.
	Alarm func(error)
}

// Recovery tells what [Open] found.
type Recovery struct {
	Epoch   uint32  // of the checkpoint in use; 0 for none
	Skipped []error // why newer ones were passed over: what is damaged
}

// Open opens the state in a directory, or makes an empty one. It reads the
// newest checkpoint through to make sure of it. When that is damaged, the one
// before it is used and [Backend.Recovery] says so; when no checkpoint is
// sound, the error is of [tidegate.CodeCorrupt].
func Open(dir string, o Options) (*Backend, error) {
	b := &Backend{dir: dir, fs: o.FS, alarm: o.Alarm, atMost: cmp.Or(o.AtMost, math.MaxUint32)}
	if b.fs == nil {
		b.fs = vfs.Default
	}
	if b.alarm == nil {
		b.alarm = func(error) {}
	}
	err := b.makeDir(b.path(checkpointsDir))
	if err != nil {
		return nil, err
	}
	if b.lock, err = b.fs.Lock(b.path("LOCK")); err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeConflict, Message: "the state in " + dir + " is in use", Cause: err}
	}
	b.cache = crdb.NewCache(cmp.Or(o.CacheBytes, 64<<20))
	if err := b.recover(); err != nil {
		b.cache.Unref()
		b.lock.Close()
		return nil, err
	}
	return b, nil
}

// Recovery tells what Open found.
func (b *Backend) Recovery() Recovery { return b.recovery }

// Damaged says why newer checkpoints than the one in use were passed over:
// what a pipeline reports when it starts.
func (b *Backend) Damaged() []error { return b.recovery.Skipped }

// Get is [state.Backend.Get].
func (b *Backend) Get(key, dst []byte) (row []byte, found bool, err error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	row, found, err = b.live.readers.get(b.live.db, key, dst)
	if err != nil {
		return dst, false, ioError("read a state row", err)
	}
	return row, found, nil
}

// Scan is [state.Backend.Scan].
func (b *Backend) Scan(start, end []byte, visit func(key, row []byte) bool) error {
	b.mu.RLock()
	live := b.live
	live.scans.Add(1)
	b.mu.RUnlock()
	defer live.scans.Done()
	it, err := live.db.NewIter(&crdb.IterOptions{LowerBound: start, UpperBound: end})
	if err != nil {
		return ioError("scan state rows", err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		row, err := it.ValueAndErr()
		if err != nil || !visit(it.Key(), row) {
			break
		}
	}
	if err := it.Close(); err != nil { // also what a step or a value failed with
		return ioError("scan state rows", err)
	}
	return nil
}

// Close closes the backend. Nobody may use it any more.
func (b *Backend) Close() error {
	err := b.live.close()
	b.cache.Unref()
	if e := b.closeSpills(); err == nil {
		err = e
	}
	if e := b.lock.Close(); err == nil {
		err = e
	}
	if err != nil {
		return ioError("close the state", err)
	}
	return nil
}

func (b *Backend) path(elements ...string) string {
	return b.fs.PathJoin(append([]string{b.dir}, elements...)...)
}

// ioError says what failed: a damaged file, or the disk.
func ioError(what string, cause error) *tidegate.Error {
	code := tidegate.CodeUnavailable
	if crdb.IsCorruptionError(cause) {
		code = tidegate.CodeCorrupt
	}
	return &tidegate.Error{Code: code, Message: "can't " + what, Cause: cause}
}
