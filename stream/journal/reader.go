package journal

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sort"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const readAhead = 256 << 10

// Reader reads durable records in order, from a position of its own. It is for
// one goroutine; a journal may have many.
type Reader struct {
	j       *Journal
	want    uint64 // sequence number of the next record
	durable uint64 // as last seen
	seg     *segment
	at      uint64 // sequence number of the next record in the file
	frames  frames
}

// ReadFrom returns a reader whose first record is seq; 0 is 1. It may lie in
// the future. Close it when done.
func (j *Journal) ReadFrom(seq uint64) *Reader {
	return j.readFrom(seq, make([]byte, readAhead))
}

func (j *Journal) readFrom(seq uint64, buf []byte) *Reader {
	return &Reader{j: j, want: max(seq, 1), frames: frames{seed: j.seed, buf: buf}}
}

// Next returns the next record, waiting for it to become durable. The payload
// is valid until the next call.
//
// In a journal opened with [OpenReadOnly] the end is io.EOF. [ErrDropped] says
// that retention was faster than the reader. An error of CodeCorrupt says that
// the record is damaged; Next never passes over one.
func (r *Reader) Next(ctx context.Context) (seq uint64, payload []byte, err error) {
	if r.want > r.durable {
		if err := r.await(ctx); err != nil {
			return 0, nil, err
		}
	}
	if r.seg == nil || r.want > r.seg.last.Load() {
		if err := r.open(); err != nil {
			return 0, nil, err
		}
	}
	payload, err = r.read()
	if err != nil {
		return 0, nil, err
	}
	r.want++
	return r.want - 1, payload, nil
}

// await waits until the wanted record is durable.
func (r *Reader) await(ctx context.Context) error {
	r.durable = r.j.Durable()
	if r.want <= r.durable {
		return nil
	}
	if r.j.readOnly {
		return io.EOF
	}
	if err := r.j.Wait(ctx, r.want); err != nil {
		return err
	}
	r.durable = r.j.Durable()
	return nil
}

// open goes to the segment of the wanted record, and there near it.
func (r *Reader) open() error {
	if err := r.Close(); err != nil {
		return err
	}
	seg := r.j.segmentOf(r.want)
	if seg == nil {
		return ErrDropped
	}
	file, err := r.j.opts.FS.Open(seg.path, vfs.SequentialReadsOption)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrDropped
	}
	if err != nil {
		return err
	}
	r.seg = seg
	r.frames.seek(file, headerSize)
	seq, offset, err := seg.locate(r.want, &r.frames)
	if err != nil {
		return err
	}
	r.at = seq
	r.frames.seek(file, offset)
	return nil
}

// read reads on up to the wanted record, checking all on the way.
func (r *Reader) read() ([]byte, error) {
	for {
		offset := r.frames.off
		f, state, err := r.frames.next(r.seg.size.Load())
		switch {
		case err != nil:
			return nil, err
		case state == frameShort:
			return nil, corrupt(r.seg.path, offset, r.at, "the segment ends before the record does")
		case state == frameBad:
			return nil, corrupt(r.seg.path, offset, r.at, "the record fails its checks")
		case f.seq != r.at:
			return nil, corrupt(r.seg.path, offset, r.at, "another record is in its place")
		case f.kind == commitFrame:
			continue
		}
		r.at++
		if f.seq == r.want {
			return f.payload, nil
		}
	}
}

// Close frees the reader's file. The reader may go on: it opens it again.
func (r *Reader) Close() error {
	if r.seg == nil {
		return nil
	}
	r.seg = nil
	return r.frames.file.Close()
}

// segmentOf finds the segment that holds a durable record; nil if it is gone.
func (j *Journal) segmentOf(seq uint64) *segment {
	j.segMu.RLock()
	defer j.segMu.RUnlock()
	i := sort.Search(len(j.segments), func(i int) bool { return j.segments[i].first > seq })
	if i == 0 {
		return nil
	}
	return j.segments[i-1]
}
