package journal

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	segmentSuffix = ".journal"

	// indexEvery is how many bytes of a segment share an entry of its index:
	// 16 KiB of memory for a full segment, and half of this to read for a Get.
	indexEvery = 32 << 10

	// unfinished is the last sequence number of the segment that is written.
	unfinished = math.MaxUint64
)

// segment is one file of the journal.
type segment struct {
	header
	path string
	size atomic.Int64  // bytes that are durable
	last atomic.Uint64 // its last sequence number, or unfinished

	mu      sync.Mutex
	index   []position // sparse, ascending
	indexed bool       // the index reaches the segment's end
}

// position is where a record's frame begins.
type position struct {
	after  uint32 // sequence number less the segment's first
	offset uint32
}

func segmentName(first uint64) string { return fmt.Sprintf("%020d%s", first, segmentSuffix) }

func parseSegmentName(name string) (first uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	first, err := strconv.ParseUint(digits, 10, 64)
	return first, err == nil && first > 0
}

// note enters a record into the index if the last entry is far enough away.
func (s *segment) note(seq uint64, offset int64) {
	if n := len(s.index); n > 0 && offset < int64(s.index[n-1].offset)+indexEvery {
		return
	}
	s.index = append(s.index, position{after: uint32(seq - s.first), offset: uint32(offset)})
}

// noteFrames enters the records of frames that are written at offset.
func (s *segment) noteFrames(b []byte, seed uint32, offset int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(b) >= frameHeader {
		kind, seq, size := peekFrame(b)
		if kind == recordFrame {
			s.note(seq, offset)
		}
		b = b[size:]
		offset += int64(size)
	}
}

// locate returns a place in the segment from which the record is at most
// indexEvery away: the first sequence number there, and the offset. A segment
// that wasn't read yet is read for that; where it is damaged its index ends,
// and whoever reads on from there will meet the damage.
func (s *segment) locate(seq uint64, r *frames) (at uint64, offset int64, err error) {
	if seq == s.first {
		return s.first, headerSize, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.indexed {
		if err := s.buildIndex(r); err != nil {
			return 0, 0, err
		}
	}
	after := uint32(seq - s.first)
	i := sort.Search(len(s.index), func(i int) bool { return s.index[i].after > after })
	if i == 0 {
		return s.first, headerSize, nil
	}
	p := s.index[i-1]
	return s.first + uint64(p.after), int64(p.offset), nil
}

func (s *segment) buildIndex(r *frames) error {
	s.index = s.index[:0]
	for {
		offset := r.off
		f, state, err := r.next(s.size.Load())
		if err != nil {
			return err
		}
		if state != frameOK {
			s.indexed = true
			return nil
		}
		if f.kind == recordFrame {
			s.note(f.seq, offset)
		}
	}
}
