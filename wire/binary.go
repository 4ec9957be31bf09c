package wire

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/tidegate/tidegate"
)

// The binary form of a record is a version byte, the length of its body as a
// varint, and the body, so that a reader can pass over what it doesn't want.
// Numbers are varints, texts are their length and bytes. A decoder copies the
// body once and hands out its texts as parts of that copy.

// lengthBytes is what the length takes in nearly all records: it is written
// after the body, in this many bytes, without the body having to move.
const lengthBytes = 2

// beginRecord leaves room for the length.
func beginRecord(dst []byte, version byte) (buf []byte, body int) {
	dst = append(dst, version, 0, 0)
	return dst, len(dst)
}

// endRecord fills in the length of the body that began at body.
func endRecord(dst []byte, body int) []byte {
	n := uint64(len(dst) - body)
	if n < 1<<(7*lengthBytes) {
		dst[body-2] = byte(n) | 0x80
		dst[body-1] = byte(n >> 7)
		return dst
	}
	var length [binary.MaxVarintLen64]byte
	size := binary.PutUvarint(length[:], n)
	dst = append(dst, length[:size-lengthBytes]...) // room; overwritten next
	copy(dst[body+size-lengthBytes:], dst[body:body+int(n)])
	copy(dst[body-lengthBytes:], length[:size])
	return dst
}

// openRecord copies the body of the record that b begins with; rest is what
// follows it.
func openRecord(b []byte, version byte) (r reader, rest []byte, err error) {
	if len(b) == 0 {
		return r, nil, corrupt("a record is cut off")
	}
	if b[0] != version {
		return r, nil, tidegate.Errorf(tidegate.CodeCorrupt, "a record is of version %d, and %d is known", b[0], version)
	}
	n, size := binary.Uvarint(b[1:])
	if size <= 0 || n > uint64(len(b)-1-size) {
		return r, nil, corrupt("a record is cut off")
	}
	body := b[1+size:]
	return reader{s: string(body[:n])}, body[n:], nil
}

func corrupt(what string) *tidegate.Error {
	return &tidegate.Error{Code: tidegate.CodeCorrupt, Message: what}
}

func appendUint(dst []byte, v uint64) []byte {
	if v < 0x80 {
		return append(dst, byte(v))
	}
	return binary.AppendUvarint(dst, v)
}

func appendInt(dst []byte, v int64) []byte { return appendUint(dst, uint64(v)<<1^uint64(v>>63)) }

func appendString(dst []byte, s string) []byte {
	return append(appendUint(dst, uint64(len(s))), s...)
}

func appendStrings(dst []byte, list []string) []byte {
	dst = appendUint(dst, uint64(len(list)))
	for _, s := range list {
		dst = appendString(dst, s)
	}
	return dst
}

// Floats are exact. A whole number up to 2^52 is a varint with the lowest bit
// 0; a number of hundredths, as most amounts are, one with the lowest bits 01;
// the rest is the 8 bytes of IEEE 754 after floatBits, and the usual NaN,
// which means missing, is floatMissing alone.
const (
	floatBits    = 3
	floatMissing = 7
)

func appendFloat(dst []byte, v float64) []byte {
	raw := math.Float64bits(v)
	if raw>>63 == 0 && v <= 1<<52 { // neither NaN nor -0
		if n := uint64(v); float64(n) == v {
			return appendUint(dst, n<<1)
		}
		if n := uint64(v*100 + 0.5); float64(n)/100 == v && n < 1<<52 {
			return appendUint(dst, n<<2|1)
		}
	}
	if raw == math.Float64bits(math.NaN()) {
		return append(dst, floatMissing)
	}
	return binary.LittleEndian.AppendUint64(append(dst, floatBits), raw)
}

func appendMoneyBinary(dst []byte, m tidegate.Money) []byte {
	return appendString(appendInt(dst, m.Minor), m.Currency.String())
}

// reader reads a body. The first fault sticks in err, and everything read
// after it is zero.
type reader struct {
	s   string
	i   int
	err *tidegate.Error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = corrupt("a record's " + what)
		r.i = len(r.s)
	}
}

func (r *reader) uint() uint64 {
	if r.i < len(r.s) && r.s[r.i] < 0x80 {
		r.i++
		return uint64(r.s[r.i-1])
	}
	return r.longUint()
}

func (r *reader) longUint() uint64 {
	var v uint64
	for shift := uint(0); shift < 64 && r.i < len(r.s); shift += 7 {
		c := r.s[r.i]
		r.i++
		if shift == 63 && c > 1 {
			break
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.fail("number is cut off or too large")
	return 0
}

func (r *reader) int() int64 {
	v := r.uint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *reader) byte() byte {
	if r.i == len(r.s) {
		r.fail("end is missing")
		return 0
	}
	r.i++
	return r.s[r.i-1]
}

// enum reads a value below n.
func (r *reader) enum(n int) byte {
	v := r.byte()
	if int(v) >= n {
		r.fail("value is of a kind that is not known")
		return 0
	}
	return v
}

func (r *reader) string() string { return r.take(r.uint()) }

func (r *reader) take(n uint64) string {
	if n > uint64(len(r.s)-r.i) {
		r.fail("text is cut off")
		return ""
	}
	start := r.i
	r.i += int(n)
	return r.s[start:r.i]
}

// count reads how many elements follow. Each takes a byte at least, so a
// wrong count can't ask for more memory than the record is worth.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.s)-r.i) {
		r.fail("list is cut off")
		return 0
	}
	return int(n)
}

// strings reads a list into the memory of into.
func (r *reader) strings(into []string) []string {
	into = into[:0]
	for n := r.count(); n > 0 && r.err == nil; n-- {
		into = append(into, r.string())
	}
	return into
}

func (r *reader) float() float64 {
	switch u := r.uint(); {
	case u&1 == 0:
		return float64(u >> 1)
	case u&2 == 0:
		return float64(u>>2) / 100
	case u == floatMissing:
		return math.NaN()
	case u != floatBits:
		r.fail("number is of a form that is not known")
		return 0
	}
	if len(r.s)-r.i < 8 {
		r.fail("number is cut off")
		return 0
	}
	var raw uint64
	for k := range 8 {
		raw |= uint64(r.s[r.i+k]) << (8 * k)
	}
	r.i += 8
	return math.Float64frombits(raw)
}

func (r *reader) money() tidegate.Money {
	m := tidegate.Money{Minor: r.int()}
	if code := r.string(); code != "" {
		var ok bool
		if m.Currency, ok = tidegate.ParseCurrency(code); !ok {
			r.fail("currency is not known")
		}
	}
	return m
}

// done returns the first fault, or one if the body has more than was read.
func (r *reader) done() error {
	if r.err == nil && r.i != len(r.s) {
		r.fail("body is longer than its content")
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

// nextBit takes the lowest set bit out of a set.
func nextBit(set *uint64) int {
	n := bits.TrailingZeros64(*set)
	*set &= *set - 1
	return n
}
