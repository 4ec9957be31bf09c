package features

import (
	"encoding/binary"
	"math"

	"github.com/tidegate/tidegate"
)

// decoder reads bytes that may be anything: after the first fault it yields
// zeros and keeps the error.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) corrupt(what string) {
	if d.err == nil {
		d.err = tidegate.Errorf(tidegate.CodeCorrupt, "features: a stored history has a bad %s", what)
	}
	d.b = nil
}

func (d *decoder) end() error {
	if d.err == nil && len(d.b) > 0 {
		d.corrupt("length")
	}
	return d.err
}

func (d *decoder) version(want byte) {
	if d.byte() != want {
		d.corrupt("version")
	}
}

// bytes takes the next n bytes; nil if there are not as many.
func (d *decoder) bytes(n int) []byte {
	if n > len(d.b) {
		d.corrupt("length")
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (d *decoder) bool() bool {
	b := d.byte()
	if b > 1 {
		d.corrupt("flag")
	}
	return b == 1
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.corrupt("number")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.corrupt("number")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) float() float64 {
	if b := d.bytes(8); len(b) == 8 {
		return math.Float64frombits(le.Uint64(b))
	}
	return 0
}

// length is a number of things that take at least size bytes each.
func (d *decoder) length(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.b)/size) {
		d.corrupt("length")
		return 0
	}
	return int(n)
}

func appendFloat(dst []byte, v float64) []byte {
	return le.AppendUint64(dst, math.Float64bits(v))
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}
