package pebble

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate/stream/state"
)

// spillPrefix begins the names of the files that a store spills into.
const spillPrefix = "spill-"

// Spill is [state.Spiller.Spill].
func (b *Backend) Spill() (state.SpillFile, error) {
	path := b.path(fmt.Sprint(spillPrefix, len(b.spills)+1))
	file, err := b.fs.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, ioError("make a file for changed rows", err)
	}
	b.spills = append(b.spills, file)
	return file, nil
}

// closeSpills closes and removes the files.
func (b *Backend) closeSpills() (err error) {
	for _, file := range b.spills {
		if e := file.Close(); err == nil {
			err = e
		}
	}
	if e := b.removeSpills(); err == nil {
		err = e
	}
	return err
}

// removeSpills removes those of a process that was killed.
func (b *Backend) removeSpills() error { return b.removeDisposable(spillPrefix, "") }
