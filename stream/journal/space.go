package journal

import (
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// diskSpace watches the free space of the journal's disk. The committer looks
// after every commit: a statfs is a hundredth of a sync.
type diskSpace struct {
	min  uint64
	free atomic.Uint64
	low  atomic.Bool
}

// check looks at the disk; where the file system can't tell, nothing changes.
func (d *diskSpace) check(fs vfs.FS, dir string) {
	usage, err := fs.GetDiskUsage(dir)
	if err != nil {
		return
	}
	d.free.Store(usage.AvailBytes)
	d.low.Store(usage.AvailBytes < d.min)
}
