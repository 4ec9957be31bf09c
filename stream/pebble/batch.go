package pebble

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate/stream/state"
)

const (
	batchDir = "batch"
	// tableBytes is where a batch goes on with another table.
	tableBytes = 32 << 20
)

// batch is a [state.Batch]: sorted tables that wait to be ingested.
type batch struct {
	backend *Backend
	epoch   uint32
	table   *sstable.Writer // being written; nil for none
	paths   []string
}

// Begin is [state.Backend.Begin].
func (b *Backend) Begin(epoch uint32) (state.Batch, error) {
	if b.live.broken.Load() != nil {
		if err := b.renew(); err != nil {
			return nil, err
		}
	}
	b.live.compactions.resume()
	if err := b.fs.RemoveAll(b.path(batchDir)); err != nil {
		return nil, ioError("clear the last batch", err)
	}
	if err := b.fs.MkdirAll(b.path(batchDir), 0o755); err != nil {
		return nil, ioError("begin a batch", err)
	}
	return &batch{backend: b, epoch: epoch}, nil
}

func (w *batch) Put(key, row []byte) error {
	if w.table != nil && w.table.Raw().EstimatedSize() >= tableBytes {
		if err := w.finish(); err != nil {
			return err
		}
	}
	if w.table == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	var err error
	if row == nil {
		err = w.table.Delete(key)
	} else {
		err = w.table.Set(key, row)
	}
	if err != nil {
		return ioError("write a state row", err)
	}
	return nil
}

func (w *batch) begin() error {
	b := w.backend
	path := b.path(batchDir, fmt.Sprintf("%06d.sst", len(w.paths)+1))
	file, err := b.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return ioError("create a state table", err)
	}
	w.paths = append(w.paths, path)
	file = vfs.NewSyncingFile(file, vfs.SyncingFileOptions{BytesPerSync: 1 << 20})
	w.table = sstable.NewWriter(objstorageprovider.NewFileWritable(file), b.live.options.MakeWriterOptions(0, b.live.db.TableFormat()))
	return nil
}

// finish makes the table complete and durable.
func (w *batch) finish() error {
	if w.table == nil {
		return nil
	}
	err := w.table.Close()
	w.table = nil
	if err != nil {
		return ioError("finish a state table", err)
	}
	return nil
}

func (w *batch) Commit() (int64, error) {
	b := w.backend
	if err := w.finish(); err != nil {
		w.Discard()
		return 0, err
	}
	stats, err := b.live.db.IngestWithStats(context.Background(), w.paths)
	if err != nil {
		w.Discard()
		return 0, ioError("take a batch into the database", err)
	}
	if err := b.live.readers.renew(); err != nil {
		return 0, ioError("take a batch into the database", err)
	}
	copied, err := b.checkpoint(w.epoch)
	return int64(stats.Bytes) + copied, err
}

func (w *batch) Discard() {
	if w.table != nil {
		// The table is thrown away: only its file must be closed.
		_ = w.table.Close()
		w.table = nil
	}
	// What can't be removed now, the next Begin removes.
	_ = w.backend.fs.RemoveAll(w.backend.path(batchDir))
}
