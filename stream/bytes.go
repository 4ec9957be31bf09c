package stream

import (
	"encoding/binary"
	"math"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

func appendUint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }
func appendInt(dst []byte, v int64) []byte   { return binary.AppendVarint(dst, v) }

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendBytes(dst, b []byte) []byte {
	return append(appendUint(dst, uint64(len(b))), b...)
}

func appendString(dst []byte, s string) []byte {
	return append(appendUint(dst, uint64(len(s))), s...)
}

func appendFloat(dst []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
}

// appendSized appends an encoding with its length before it.
func appendSized[V any](dst []byte, codec state.Codec[V], v *V) []byte {
	return appendSizedBy(dst, func(dst []byte) []byte { return codec.Append(dst, v) })
}

func appendSizedBy(dst []byte, appendTo func(dst []byte) []byte) []byte {
	const room = 4 // of a length up to 256 MiB, in a fixed number of bytes
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = appendTo(dst)
	n := len(dst) - at - room
	for i := range room {
		dst[at+i] = byte(n>>(7*i)) & 0x7f
		if i < room-1 {
			dst[at+i] |= 0x80
		}
	}
	return dst
}

// decoder reads what the append functions write. After the first fault
// everything it reads is zero.
type decoder struct {
	b     []byte
	fault bool
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	return v * d.took(n)
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.b)
	return v * int64(d.took(n))
}

// took skips n bytes; it is 0 where there was nothing to read.
func (d *decoder) took(n int) uint64 {
	if n <= 0 {
		d.b, d.fault = nil, true
		return 0
	}
	d.b = d.b[n:]
	return 1
}

func (d *decoder) bool() bool {
	if len(d.b) == 0 || d.b[0] > 1 {
		d.b, d.fault = nil, true
		return false
	}
	v := d.b[0] == 1
	d.b = d.b[1:]
	return v
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fault = true
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

// bytes is a part of what is decoded, not a copy.
func (d *decoder) bytes() []byte {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.b, d.fault = nil, true
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) float() float64 {
	if len(d.b) < 8 {
		d.b, d.fault = nil, true
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(d.b))
	d.b = d.b[8:]
	return v
}

func (d *decoder) string() string { return string(d.bytes()) }

// count is a number of things that take at least a byte each.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.b, d.fault = nil, true
		return 0
	}
	return int(n)
}

func (d *decoder) end() error {
	if d.fault || len(d.b) > 0 {
		return tidegate.Errorf(tidegate.CodeCorrupt, "stored state does not decode")
	}
	return nil
}
