package patterns

import (
	"encoding/binary"

	"github.com/tidegate/tidegate"
)

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// reader takes stored values apart; after the first fault it gives zeros.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) take(n uint64) []byte {
	if r.failed || n > uint64(len(r.b)) {
		r.failed = true
		return nil
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) word() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.failed = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.failed = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) text() string { return string(r.take(r.uint())) }

// count reads how many there are of something that takes a byte at least.
func (r *reader) count() uint64 {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.failed = true
		return 0
	}
	return n
}

func (r *reader) end() error {
	if r.failed || len(r.b) != 0 {
		return tidegate.Errorf(tidegate.CodeCorrupt, "stored partial matches are cut short or too long")
	}
	return nil
}

// newer refuses what a newer binary wrote.
func newer(version uint8) error {
	return tidegate.Errorf(tidegate.CodeCorrupt, "stored partial matches have version %d, which this binary does not know", version)
}
