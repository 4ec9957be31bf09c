package journal

import (
	"errors"
	"io/fs"
	"time"
)

// Segment describes one file of the journal to whoever decides on retention.
type Segment struct {
	First       uint64
	Last        uint64 // First-1 if it is empty
	Bytes       int64
	Incarnation uint64
	Modified    time.Time // when its newest record was written
}

// Segments lists the journal's segments, oldest first. The last one is being
// written.
func (j *Journal) Segments() ([]Segment, error) {
	j.segMu.RLock()
	defer j.segMu.RUnlock()
	list := make([]Segment, 0, len(j.segments))
	for _, seg := range j.segments {
		info, err := j.opts.FS.Stat(seg.path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // being dropped right now
		}
		if err != nil {
			return nil, err
		}
		list = append(list, Segment{
			First:       seg.first,
			Last:        min(seg.last.Load(), j.Durable()),
			Bytes:       seg.size.Load(),
			Incarnation: seg.incarnation,
			Modified:    info.ModTime(),
		})
	}
	return list, nil
}

// First is the sequence number of the oldest record kept, or of the first one
// to come.
func (j *Journal) First() uint64 {
	j.segMu.RLock()
	defer j.segMu.RUnlock()
	return j.segments[0].first
}

// TruncateBefore drops the segments that hold only records before seq. It
// never drops the newest segment, and always leaves a sequence without gaps,
// whenever a crash comes. It may be called while others append and read.
func (j *Journal) TruncateBefore(seq uint64) (dropped int, err error) {
	if j.readOnly {
		return 0, ErrReadOnly
	}
	j.dropMu.Lock()
	defer j.dropMu.Unlock()
	for {
		oldest := j.oldestBefore(seq)
		if oldest == nil {
			return dropped, nil
		}
		if err := j.opts.FS.Remove(oldest.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return dropped, err
		}
		if err := syncDir(j.opts.FS, j.dir); err != nil {
			return dropped, err
		}
		j.segMu.Lock()
		j.segments = j.segments[1:]
		j.segMu.Unlock()
		dropped++
	}
}

func (j *Journal) oldestBefore(seq uint64) *segment {
	j.segMu.RLock()
	defer j.segMu.RUnlock()
	if len(j.segments) < 2 || j.segments[1].first > seq {
		return nil
	}
	return j.segments[0]
}
