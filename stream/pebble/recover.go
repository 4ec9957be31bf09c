package pebble

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/tidegate/tidegate"
)

// recover finds the newest sound checkpoint and makes the live database of it.
func (b *Backend) recover() error {
	epochs, err := b.epochs()
	if err != nil {
		return err
	}
	passed, err := b.choose(epochs)
	if err != nil {
		return err
	}
	if err := b.setAside(epochs[:passed]); err != nil {
		return err
	}
	if err := b.removeLive(0); err != nil {
		return err
	}
	if err := b.removeSpills(); err != nil {
		return err
	}
	b.live, err = b.makeLive(1, b.newest())
	return err
}

// choose takes the first of the epochs that may be used and is sound, and says
// how many it passed over.
func (b *Backend) choose(epochs []uint32) (passed int, err error) {
	for i, epoch := range epochs {
		if epoch > b.atMost {
			continue
		}
		m, err := b.verify(epoch)
		if err == nil {
			b.recovery.Epoch = epoch
			b.checkpoints = append(b.spare(epochs[i+1:]), m)
			return i, nil
		}
		if !isDamage(err) {
			return 0, err
		}
		b.recovery.Skipped = append(b.recovery.Skipped, fmt.Errorf("checkpoint %d: %w", epoch, err))
	}
	switch {
	case len(b.recovery.Skipped) > 0:
		return 0, &tidegate.Error{Code: tidegate.CodeCorrupt, Message: "no checkpoint of the state in " + b.dir + " is sound", Cause: b.recovery.Skipped[0]}
	case len(epochs) > 0:
		return 0, tidegate.Errorf(tidegate.CodeNotFound, "the state in %s has checkpoint %d and none up to %d", b.dir, epochs[0], b.atMost)
	}
	return 0, nil
}

// isDamage says whether a checkpoint is beyond help. One of a newer program, or
// one that can't be read for want of permission or memory, is not: there an
// older one is no answer.
func isDamage(err error) bool {
	return tidegate.CodeOf(err) == tidegate.CodeCorrupt || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EIO)
}

func (b *Backend) newest() *manifest {
	if n := len(b.checkpoints); n > 0 {
		return &b.checkpoints[n-1]
	}
	return nil
}

// epochs are those of the complete checkpoints, the newest first. What a crash
// left of others is removed.
func (b *Backend) epochs() ([]uint32, error) {
	names, err := b.fs.List(b.path(checkpointsDir))
	if err != nil {
		return nil, ioError("list the checkpoints", err)
	}
	var epochs []uint32
	for _, name := range names {
		if strings.HasSuffix(name, unfinished) {
			if err := b.fs.RemoveAll(b.path(checkpointsDir, name)); err != nil {
				return nil, ioError("remove an unfinished checkpoint", err)
			}
		}
		if epoch, err := strconv.ParseUint(name, 10, 32); err == nil && numbered(uint32(epoch)) == name {
			epochs = append(epochs, uint32(epoch))
		}
	}
	slices.Sort(epochs)
	slices.Reverse(epochs)
	return epochs, nil
}

// verify reads a checkpoint through.
func (b *Backend) verify(epoch uint32) (manifest, error) {
	m, err := b.readManifest(epoch)
	if err != nil {
		return manifest{}, err
	}
	for name, want := range m.files {
		sum, err := b.sum(b.path(checkpointsDir, numbered(epoch), name))
		if err != nil {
			return manifest{}, err
		}
		if sum != want {
			return manifest{}, tidegate.Errorf(tidegate.CodeCorrupt, "%s has %d bytes with CRC %08x, and was written as %d with %08x",
				name, sum.size, sum.crc, want.size, want.crc)
		}
	}
	return m, nil
}

// spare is the checkpoint before the one in use, from which tables are linked.
// It is not read through: a table of it that is damaged is found at the latest
// when it is needed.
func (b *Backend) spare(epochs []uint32) []manifest {
	if len(epochs) == 0 {
		return nil
	}
	m, err := b.readManifest(epochs[0])
	if err != nil {
		return nil
	}
	return []manifest{m}
}

// setAside renames checkpoints that were passed over, so that their epochs are
// free. They are kept for who wants to look at them until the next checkpoint
// is made.
func (b *Backend) setAside(epochs []uint32) error {
	for _, epoch := range epochs {
		path := b.path(checkpointsDir, numbered(epoch))
		if err := b.fs.RemoveAll(path + aside); err != nil {
			return ioError("remove an old checkpoint", err)
		}
		if err := b.fs.Rename(path, path+aside); err != nil {
			return ioError("set a checkpoint aside", err)
		}
	}
	return nil
}

func (b *Backend) readManifest(epoch uint32) (manifest, error) {
	encoded, err := b.readFile(b.path(checkpointsDir, numbered(epoch), manifestName))
	if err != nil {
		return manifest{}, err
	}
	m, err := decodeManifest(encoded)
	if err == nil && m.epoch != epoch {
		err = tidegate.Errorf(tidegate.CodeCorrupt, "%s is of checkpoint %d", manifestName, m.epoch)
	}
	return m, err
}
