package pebble

import (
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
)

const (
	checkpointsDir = "checkpoints"
	unfinished     = ".tmp"     // a checkpoint being written
	damaged        = ".damaged" // one that was passed over; kept until the next is complete
	kept           = 2
)

// numbered is the name of a checkpoint's directory, in lexical order.
func numbered(n uint64) string { return fmt.Sprintf("%020d", n) }

// checkpoint makes the live database the newest checkpoint, and returns the
// bytes that had to be copied for it.
func (b *Backend) checkpoint() (copied int64, err error) {
	m := manifest{number: 1, files: map[string]fileSum{}}
	if last := b.newest(); last != nil {
		m.number = last.number + 1
	}
	final := b.path(checkpointsDir, numbered(m.number))
	dir := final + unfinished
	if err := b.fs.RemoveAll(dir); err != nil {
		return 0, ioError("clear an unfinished checkpoint", err)
	}
	defer func() {
		if err != nil {
			// What can't be removed now, the next checkpoint removes.
			_ = b.fs.RemoveAll(dir)
		}
	}()
	if err := b.live.db.Checkpoint(dir); err != nil {
		return 0, ioError("link a checkpoint", err)
	}
	names, err := b.fs.List(dir)
	if err != nil {
		return 0, ioError("list a checkpoint", err)
	}
	for _, name := range names {
		sum, n, err := b.own(dir, name)
		if err != nil {
			return copied, err
		}
		m.files[name] = sum
		copied += n
	}
	if err := b.writeFile(b.fs.PathJoin(dir, manifestName), m.encode()); err != nil {
		return copied, err
	}
	if err := b.syncDir(dir); err != nil {
		return copied, err
	}
	if err := b.fs.Rename(dir, final); err != nil {
		return copied, ioError("publish a checkpoint", err)
	}
	if err := b.syncDir(b.path(checkpointsDir)); err != nil {
		return copied, err
	}
	b.checkpoints = append(b.checkpoints, m)
	if n := len(b.checkpoints); n > kept {
		b.checkpoints = slices.Clone(b.checkpoints[n-kept:])
	}
	b.prune()
	return copied, nil
}

// own gives a checkpoint's file a place on the disk that the checkpoint before
// it does not share, and takes its sum. A table that this one has anew is the
// live database's; one that the previous checkpoint has is linked to the last
// but one, whose turn it is, or copied.
func (b *Backend) own(dir, name string) (sum fileSum, copied int64, err error) {
	path := b.fs.PathJoin(dir, name)
	known, shared := fileSum{}, false
	n := len(b.checkpoints)
	if n > 0 && isTable(name) {
		known, shared = b.checkpoints[n-1].files[name]
	}
	if !shared {
		sum, err = b.sum(path)
		return sum, 0, err
	}
	if err := b.fs.Remove(path); err != nil {
		return sum, 0, ioError("copy a table", err)
	}
	if n > 1 && b.checkpoints[n-2].files[name] == known {
		if err := b.fs.Link(b.path(checkpointsDir, numbered(b.checkpoints[n-2].number), name), path); err != nil {
			return sum, 0, ioError("link a table", err)
		}
		return known, 0, nil
	}
	if err := vfs.Copy(b.fs, b.path(checkpointsDir, numbered(b.checkpoints[n-1].number), name), path); err != nil {
		return sum, 0, ioError("copy a table", err)
	}
	if sum, err = b.sum(path); err != nil {
		return sum, 0, err
	}
	if sum != known {
		return sum, 0, tidegate.Errorf(tidegate.CodeCorrupt, "state table %s of checkpoint %d is damaged", name, b.checkpoints[n-1].number)
	}
	return sum, sum.size, nil
}

// prune removes what no recovery will look at: older checkpoints and damaged
// ones. What can't be removed now, the next checkpoint removes.
func (b *Backend) prune() {
	names, err := b.fs.List(b.path(checkpointsDir))
	if err != nil {
		return
	}
	for _, name := range names {
		if !slices.ContainsFunc(b.checkpoints, func(m manifest) bool { return numbered(m.number) == name }) {
			_ = b.fs.RemoveAll(b.path(checkpointsDir, name))
		}
	}
}
