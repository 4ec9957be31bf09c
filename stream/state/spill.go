package state

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/tidegate/tidegate"
)

// Spiller is a [Backend] with room on its disk for rows that no checkpoint
// holds yet.
type Spiller interface {
	// Spill makes an empty file for them. It stays the backend's, which closes
	// and removes it; what is in it need not survive the process. nil says that
	// there is no room after all.
	Spill() (SpillFile, error)
}

// SpillFile is read and written by many goroutines at once, never in one place.
type SpillFile interface {
	io.ReaderAt
	io.WriterAt
}

// spill is where the values of changed entries are while they are not in
// memory: a file of blocks. A row takes as many blocks as it needs, rounded up
// so that what it leaves free suits another. The file holds nothing that
// anybody would miss after a crash: recovery goes back to the last checkpoint.
//
// A row is its CRC-32C, which begins with the number of its first block (4
// bytes little endian), and its bytes.
type spill struct {
	file SpillFile
	full atomic.Bool // a row could not be written since the last checkpoint

	mu   sync.Mutex
	end  uint32              // blocks that were taken at least once
	free map[uint32][]uint32 // first blocks of free places, by their size
}

const (
	spillBlock  = 64
	spillHeader = 4
)

// place is where a row lies in the spill file.
type place struct {
	block  uint32 // its first one, counted from 1; 0 for no place
	length uint32
}

func (p place) taken() bool { return p.block != 0 }

// blocks is the room that a row of a length takes: exactly up to 16 blocks,
// then up to an eighth more.
func (p place) blocks() uint32 {
	n := (uint64(p.length) + spillHeader + spillBlock - 1) / spillBlock
	if n > 16 {
		shift := bits.Len64(n-1) - 4
		n = ((n-1)>>shift + 1) << shift
	}
	return uint32(n)
}

// write writes a row, which has spillHeader bytes of room before it. It returns no place
// when it can't: the entry then stays in memory.
func (s *spill) write(row []byte) place {
	if len(row) > math.MaxInt32 {
		return place{}
	}
	p := s.take(len(row) - spillHeader)
	if !p.taken() {
		return p
	}
	binary.LittleEndian.PutUint32(row, crc32.Update(p.block, castagnoli, row[spillHeader:]))
	if _, err := s.file.WriteAt(row, int64(p.block-1)*spillBlock); err != nil {
		s.full.Store(true)
		s.release(p)
		return place{}
	}
	return p
}

// take finds room for a row.
func (s *spill) take(length int) place {
	p := place{length: uint32(length)}
	n := p.blocks()
	s.mu.Lock()
	defer s.mu.Unlock()
	if free := s.free[n]; len(free) > 0 {
		p.block = free[len(free)-1]
		s.free[n] = free[:len(free)-1]
		return p
	}
	if s.end > math.MaxUint32-1-n {
		s.full.Store(true)
		return p
	}
	p.block = s.end + 1
	s.end += n
	return p
}

// release frees a place.
func (s *spill) release(p place) {
	n := p.blocks()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free[n] = append(s.free[n], p.block)
}

// read reads a row into dst, which it may grow, and returns both.
func (s *spill) read(p place, dst []byte) (row, buf []byte, err error) {
	n := int(p.length) + spillHeader
	if cap(dst) < n {
		dst = make([]byte, n+n/4)
	}
	dst = dst[:n]
	if got, err := s.file.ReadAt(dst, int64(p.block-1)*spillBlock); got < n {
		return nil, dst, &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "can't read a state row that left memory", Cause: err}
	}
	row = dst[spillHeader:]
	if binary.LittleEndian.Uint32(dst) != crc32.Update(p.block, castagnoli, row) {
		return nil, dst, tidegate.Errorf(tidegate.CodeCorrupt, "a state row that left memory is damaged on disk")
	}
	return row, dst, nil
}
