package pebble

import "github.com/cockroachdb/pebble/v2/vfs"

// liveFS is the file system as the live database sees it. Its directories are
// not synced: the live one is disposable, those of a checkpoint are synced when
// it is complete, and Pebble panics when a directory can't be.
type liveFS struct{ vfs.FS }

func (fs liveFS) OpenDir(name string) (vfs.File, error) {
	dir, err := fs.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return unsynced{dir}, nil
}

type unsynced struct{ vfs.File }

func (unsynced) Sync() error { return nil }
