package pebble

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
)

const (
	checkpointsDir = "checkpoints"
	unfinished     = ".tmp"   // a checkpoint being written
	aside          = ".aside" // one that was passed over; kept until the next is complete
	kept           = 2
)

// numbered is the name of a checkpoint's directory, in lexical order.
func numbered(epoch uint32) string { return fmt.Sprintf("%010d", epoch) }

// checkpoint makes the live database the newest checkpoint, and returns the
// bytes that had to be copied for it.
func (b *Backend) checkpoint(epoch uint32) (copied int64, err error) {
	m := manifest{epoch: epoch, files: map[string]fileSum{}}
	final := b.path(checkpointsDir, numbered(epoch))
	dir := final + unfinished
	defer func() {
		if err != nil {
			b.retire(numbered(epoch))
			// What can't be removed now, the next checkpoint removes.
			_ = b.fs.RemoveAll(dir)
		}
	}()
	if err := b.fs.RemoveAll(dir); err != nil {
		return 0, ioError("clear an unfinished checkpoint", err)
	}
	if err := b.live.db.Checkpoint(dir); err != nil {
		return 0, ioError("link a checkpoint", err)
	}
	if broken := b.live.broken.Load(); broken != nil {
		// Its manifest may hold an edit that failed and was never made.
		return 0, broken
	}
	names, err := b.fs.List(dir)
	if err != nil {
		return 0, ioError("list a checkpoint", err)
	}
	for _, name := range names {
		if isLog(name) {
			// Empty: there is no write-ahead log. But one that is there is
			// replayed, and a replay that fails is tried for ever.
			if err := b.fs.Remove(b.fs.PathJoin(dir, name)); err != nil {
				return copied, ioError("tidy a checkpoint", err)
			}
			continue
		}
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
		if b.fs.Link(b.path(checkpointsDir, numbered(b.checkpoints[n-2].epoch), name), path) == nil {
			return known, 0, nil
		}
	}
	if err := vfs.Copy(b.fs, b.path(checkpointsDir, numbered(b.checkpoints[n-1].epoch), name), path); err != nil {
		return sum, 0, ioError("copy a table", err)
	}
	if sum, err = b.sum(path); err != nil {
		return sum, 0, err
	}
	if sum != known {
		return sum, 0, tidegate.Errorf(tidegate.CodeCorrupt, "state table %s of checkpoint %d is damaged", name, b.checkpoints[n-1].epoch)
	}
	return sum, sum.size, nil
}

// prune removes what no recovery will look at: older checkpoints and those
// that were passed over. What can't be removed now, the next checkpoint removes.
func (b *Backend) prune() {
	names, err := b.fs.List(b.path(checkpointsDir))
	if err != nil {
		return
	}
	for _, name := range names {
		if !slices.ContainsFunc(b.checkpoints, func(m manifest) bool { return numbered(m.epoch) == name }) {
			b.retire(name)
		}
	}
}

// retire removes a checkpoint, its name first: a crash must not leave half a
// checkpoint that looks like a damaged one.
func (b *Backend) retire(name string) {
	path := b.path(checkpointsDir, name)
	if !strings.HasSuffix(name, unfinished) {
		if b.fs.Rename(path, path+unfinished) != nil || b.syncDir(b.path(checkpointsDir)) != nil {
			return
		}
		path += unfinished
	}
	_ = b.fs.RemoveAll(path)
}
