package state

import (
	"context"
	"slices"
	"time"
)

// CheckpointStats say what a checkpoint held and cost.
type CheckpointStats struct {
	Epoch        uint32
	Keys         int           // rows written
	Deleted      int           // rows deleted
	Expired      int           // of these, because they had expired
	Bytes        int64         // written by the backend
	Duration     time.Duration // from the cut to its end
	LongestPause time.Duration // of a shard
}

// Write writes the checkpoint while processing goes on. It takes a shard's
// lock for a few entries at a time; one that changes before its turn is
// encoded by the change. Entries that had expired at the cut are not written,
// and some of those that have lain on disk since they expired are removed.
//
// A context that has ended before the last step gives the checkpoint up, also
// an empty one. After that or an error, such as a full disk, the changes belong to
// the present epoch: the next cut holds them too. The previous checkpoint
// stands, unless the very last step is what failed: then, as after a crash in
// that step, a recovery finds the one or the other, and [Store.Meta] says
// which.
func (c *Checkpoint) Write(ctx context.Context) (CheckpointStats, error) {
	s := c.store
	w := &writer{ctx: ctx, checkpoint: c, pace: newPace(s.rest), stats: CheckpointStats{Epoch: c.cut.epoch, LongestPause: c.pause}}
	if s.backend == nil {
		return w.stats, ctx.Err()
	}
	err := w.write()
	for _, t := range c.tables {
		if err != nil {
			t.abandon()
		} else {
			t.release()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underway = false
	if err == nil {
		s.sweep, s.created = c.cut.sweep, w.created
		s.cleared = slices.DeleteFunc(s.cleared, func(id uint16) bool { return slices.Contains(c.empty, id) })
		s.applied.Store(c.cut.epoch)
		if s.spill != nil {
			s.spill.full.Store(false)
		}
	}
	w.stats.Duration = s.now().Sub(c.began)
	return w.stats, err
}

// writer is a checkpoint being written.
type writer struct {
	ctx        context.Context
	checkpoint *Checkpoint
	batch      Batch
	stats      CheckpointStats
	pace       *pace
	created    int    // rows of keys that the backend did not have
	key        []byte // scratch
}

func (w *writer) write() error {
	c := w.checkpoint
	expired, err := c.findExpired()
	if err != nil {
		return err
	}
	if w.batch, err = c.store.backend.Begin(c.cut.epoch); err != nil {
		return err
	}
	if err = w.rows(expired); err == nil {
		err = w.ctx.Err()
	}
	if err != nil {
		w.batch.Discard()
		return err
	}
	w.stats.Bytes, err = w.batch.Commit()
	return err
}

func (w *writer) rows(expired map[uint16][][]byte) error {
	c := w.checkpoint
	if err := w.batch.Put(cutKey, c.cut.append(nil)); err != nil {
		return err
	}
	open := map[uint16]table{}
	for _, t := range c.tables {
		open[t.id()] = t
	}
	for _, info := range c.cut.inOrder() {
		if t := open[info.id]; t != nil {
			if err := t.write(w, expired[info.id]); err != nil {
				return err
			}
			continue
		}
		for _, key := range expired[info.id] {
			if err := w.expire(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// put writes a row of a table, or deletes it.
func (w *writer) put(id uint16, key, row []byte) error {
	w.key = append(appendID(w.key[:0], id), key...)
	if row == nil {
		w.stats.Deleted++
	} else {
		w.stats.Keys++
	}
	return w.batch.Put(w.key, row)
}

// expire deletes an expired row, given the backend's key.
func (w *writer) expire(key []byte) error {
	w.stats.Deleted++
	w.stats.Expired++
	return w.batch.Put(key, nil)
}
