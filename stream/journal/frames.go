package journal

import (
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// frames reads frames one after another, in large reads.
type frames struct {
	file vfs.File
	seed uint32
	off  int64 // in the file, of the next frame
	buf  []byte
	lo   int // buf[lo:hi] has been read and not decoded
	hi   int
}

func (r *frames) seek(file vfs.File, off int64) {
	r.file, r.off, r.lo, r.hi = file, off, 0, 0
}

// next decodes the next frame, which must end at limit or before; else it is
// frameShort. Its payload is valid until the next call.
func (r *frames) next(limit int64) (frame, frameState, error) {
	for {
		f, state := decodeFrame(r.buf[r.lo:r.hi], r.seed)
		switch {
		case state == frameOK:
			r.lo += f.size
			r.off += int64(f.size)
			return f, frameOK, nil
		case state == frameBad || r.off+int64(f.size) > limit:
			return f, state, nil
		}
		if ok, err := r.fill(f.size, limit); !ok || err != nil {
			return f, frameShort, err
		}
	}
}

// fill reads on until at least need bytes are in the buffer; false says that
// the file ends before.
func (r *frames) fill(need int, limit int64) (bool, error) {
	if need > len(r.buf) {
		grown := make([]byte, max(need, 2*len(r.buf)))
		copy(grown, r.buf[r.lo:r.hi])
		r.buf = grown
	} else {
		copy(r.buf, r.buf[r.lo:r.hi])
	}
	r.hi -= r.lo
	r.lo = 0
	from := r.off + int64(r.hi)
	want := min(int64(len(r.buf)-r.hi), limit-from)
	n, err := r.file.ReadAt(r.buf[r.hi:r.hi+int(want)], from)
	r.hi += n
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return r.hi >= need, nil
}
