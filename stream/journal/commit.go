package journal

import (
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// zeroAhead is how far the file is filled with zeros in advance: a sync that
// leaves the file's size alone needs no transaction of the file system. It
// takes a third off here (ext4); more would only make the odd commit longer.
const zeroAhead = 256 << 10

var zeros [zeroAhead]byte // shared: WriteAt leaves it alone

// committer is the one goroutine that writes.
type committer struct {
	j      *Journal
	seg    *segment
	file   vfs.File
	offset int64 // where the next frame goes
	filled int64 // the file's size
	pace   pace
}

// run commits until the journal is closed or the first error.
func (c *committer) run() {
	defer close(c.j.stopped)
	defer func() { _ = c.file.Close() }() // the one it has then
	for range c.j.wake {
		for {
			// Under load, let those who were just told go on and bring their
			// next records: fewer, larger commits. It costs nothing when idle.
			runtime.Gosched()
			c.pace.wait(c.j)
			b, closing := c.j.take()
			if b == nil && !closing {
				break
			}
			if b == nil {
				c.j.finish(c.seal())
				return
			}
			if err := c.commit(b); err != nil {
				c.j.finish(err)
				return
			}
		}
		c.j.space.check(c.j.opts.FS, c.j.dir)
	}
}

// commit makes a batch durable and says so.
func (c *committer) commit(b *batch) error {
	b.seal(c.j.seed)
	c.pace.began(b.records)
	if c.offset > headerSize && c.offset+int64(len(b.buf)) > c.j.opts.SegmentBytes {
		if err := c.roll(b.first); err != nil {
			return err
		}
	}
	took, err := c.write(b.buf)
	if err != nil {
		return err
	}
	c.seg.noteFrames(b.buf, c.j.seed, c.offset-int64(len(b.buf)))
	c.j.space.check(c.j.opts.FS, c.j.dir)
	c.j.publish(b, took)
	return nil
}

// write writes and syncs once.
func (c *committer) write(b []byte) (took time.Duration, err error) {
	if _, err := c.file.WriteAt(b, c.offset); err != nil {
		return 0, err
	}
	end := c.offset + int64(len(b))
	if end > c.filled {
		c.filled = end
		if ahead := min(zeroAhead, c.j.opts.SegmentBytes-end); ahead > 0 {
			if _, err := c.file.WriteAt(zeros[:ahead], end); err != nil {
				return 0, err
			}
			c.filled += ahead
		}
	}
	start := time.Now()
	if err := c.file.SyncData(); err != nil {
		return 0, err
	}
	took = time.Since(start)
	c.offset = end
	c.seg.size.Store(end)
	return took, nil
}

// seal ends the journal with a commit frame: whatever is found damaged before
// it was durable.
func (c *committer) seal() error {
	if c.offset == headerSize {
		return nil
	}
	b := newBatch()
	b.first = c.j.Durable() + 1
	b.seal(c.j.seed)
	_, err := c.write(b.buf)
	return err
}

// roll goes on in a new segment. All that the old one holds is durable.
func (c *committer) roll(first uint64) error {
	h := c.j.identity
	h.first = first
	seg, file, err := createSegment(c.j.opts.FS, c.j.dir, h)
	if err != nil {
		return err
	}
	_ = c.file.Close() // nothing is left to be written
	c.seg.last.Store(first - 1)
	c.j.segMu.Lock()
	c.j.segments = append(c.j.segments, seg)
	c.j.segMu.Unlock()
	c.seg, c.file, c.offset, c.filled = seg, file, headerSize, headerSize
	return nil
}

// take hands the pending batch to the committer; nil if it is empty.
func (j *Journal) take() (b *batch, closing bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.pending.records == 0 {
		return nil, j.closing
	}
	b = j.pending
	j.spare.reset()
	j.pending, j.committing, j.spare = j.spare, b, nil
	return b, j.closing
}

// publish says that a batch is durable: first the number, then the waiters.
func (j *Journal) publish(b *batch, took time.Duration) {
	done := b.done
	j.durable.Store(b.last)
	j.mu.Lock()
	j.stats.observe(b, took)
	j.committing, j.spare = nil, b
	j.mu.Unlock()
	close(done)
}

// finish ends the journal: with ErrClosed if err is nil, else with a failure.
func (j *Journal) finish(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = ErrClosed
	if err != nil {
		j.err = failure(err)
		close(j.failed)
	}
	close(j.pending.done)
	if j.committing != nil {
		close(j.committing.done)
	}
}
