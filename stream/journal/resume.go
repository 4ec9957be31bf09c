package journal

import (
	"errors"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// resume makes the journal's end durable, cuts off what is torn and returns
// the committer that goes on from there.
func (j *Journal) resume(found *recovered) (*committer, error) {
	fs := j.opts.FS
	if found.stray != "" {
		if err := fs.Remove(found.stray); err != nil {
			return nil, err
		}
	}
	c := &committer{j: j}
	var err error
	switch {
	case found.Created:
		err = c.create(found, header{uuid: j.opts.UUID, incarnation: 1, first: 1})
	case j.opts.NewIncarnation:
		if err = c.mend(found); err == nil {
			err = c.reincarnate(found)
		}
	default:
		err = c.mend(found)
	}
	if err != nil {
		if c.file != nil {
			err = errors.Join(err, c.file.Close())
		}
		return nil, err
	}
	found.Segments = len(found.segments)
	return c, nil
}

func (c *committer) create(found *recovered, h header) error {
	seg, file, err := createSegment(c.j.opts.FS, c.j.dir, h)
	if err != nil {
		return err
	}
	found.segments = append(found.segments, seg)
	c.seg, c.file, c.offset, c.filled = seg, file, headerSize, headerSize
	return nil
}

// mend writes the newest segment's header and last commit once more. They were
// read, but perhaps from a page cache whose contents a failed sync of the last
// process has left there as if they were on the disk; only a new write and a
// sync that succeeds make them so. What is torn is overwritten with zeros.
func (c *committer) mend(found *recovered) error {
	fs, seg, end := c.j.opts.FS, found.segments[len(found.segments)-1], found.tail
	file, err := fs.OpenReadWrite(seg.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	c.seg, c.file, c.offset, c.filled = seg, file, end.end, max(end.end, end.size)
	last := make([]byte, end.end-end.commit)
	if _, err := file.ReadAt(last, end.commit); err != nil && len(last) > 0 {
		return err
	}
	if _, err := file.WriteAt(seg.encode(), 0); err != nil {
		return err
	}
	if _, err := file.WriteAt(last, end.commit); err != nil {
		return err
	}
	for off, to := end.end, end.end+found.TornBytes; off < to; off += zeroAhead {
		if _, err := file.WriteAt(zeros[:min(zeroAhead, to-off)], off); err != nil {
			return err
		}
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return syncDir(fs, c.j.dir)
}

// reincarnate goes on in a segment of the next incarnation.
func (c *committer) reincarnate(found *recovered) error {
	h := c.seg.header
	h.incarnation++
	h.first = found.Last + 1
	_ = c.file.Close()
	c.file = nil
	if h.first == c.seg.first { // it is empty: it becomes the new one
		found.segments = found.segments[:len(found.segments)-1]
	} else {
		c.seg.last.Store(found.Last)
	}
	return c.create(found, h)
}
