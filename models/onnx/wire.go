package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// wire reads the fields of one protobuf message in order. Its first fault
// ends the reading; the caller asks for it once, at the end.
type wire struct {
	rest    []byte
	message string // what is being read, for the fault
	number  protowire.Number
	kind    protowire.Type
	fault   *Error
}

func newWire(message string, b []byte) *wire { return &wire{rest: b, message: message} }

// next moves to the next field.
func (w *wire) next() bool {
	if w.fault != nil || len(w.rest) == 0 {
		return false
	}
	number, kind, n := protowire.ConsumeTag(w.rest)
	if n < 0 {
		w.fail("a field's tag is broken")
		return false
	}
	w.number, w.kind, w.rest = number, kind, w.rest[n:]
	return true
}

func (w *wire) fail(what string) {
	if w.fault == nil {
		w.fault = refuse(Malformed, "%s: %s", w.message, what)
	}
	w.rest = nil
}

// expect checks the wire type of the current field.
func (w *wire) expect(kind protowire.Type) bool {
	if w.kind == kind {
		return true
	}
	w.fault = refuse(Malformed, "%s: field %d has wire type %d, not %d", w.message, w.number, w.kind, kind)
	w.rest = nil
	return false
}

func (w *wire) skip() {
	n := protowire.ConsumeFieldValue(w.number, w.kind, w.rest)
	if n < 0 {
		w.fail("a field is broken or cut short")
		return
	}
	w.rest = w.rest[n:]
}

func (w *wire) varint() int64 {
	if !w.expect(protowire.VarintType) {
		return 0
	}
	v, n := protowire.ConsumeVarint(w.rest)
	if n < 0 {
		w.fail("a number is broken or cut short")
		return 0
	}
	w.rest = w.rest[n:]
	return int64(v)
}

func (w *wire) bytes() []byte {
	if !w.expect(protowire.BytesType) {
		return nil
	}
	v, n := protowire.ConsumeBytes(w.rest)
	if n < 0 {
		w.fail("a text or message is cut short")
		return nil
	}
	w.rest = w.rest[n:]
	return v
}

func (w *wire) text() string { return string(w.bytes()) }

func (w *wire) float32() float32 {
	if !w.expect(protowire.Fixed32Type) {
		return 0
	}
	v, n := protowire.ConsumeFixed32(w.rest)
	if n < 0 {
		w.fail("a number is cut short")
		return 0
	}
	w.rest = w.rest[n:]
	return math.Float32frombits(v)
}

// varints appends a repeated integer field, which may be packed or not.
func (w *wire) varints(to []int64) []int64 {
	if w.kind == protowire.VarintType {
		return append(to, w.varint())
	}
	packed := w.bytes()
	for len(packed) > 0 {
		v, n := protowire.ConsumeVarint(packed)
		if n < 0 {
			w.fail("a packed list of numbers is broken")
			return to
		}
		to, packed = append(to, int64(v)), packed[n:]
	}
	return to
}

// float32s appends a repeated float field, which may be packed or not.
func (w *wire) float32s(to []float32) []float32 {
	if w.kind == protowire.Fixed32Type {
		return append(to, w.float32())
	}
	packed := w.bytes()
	if len(packed)%4 != 0 {
		w.fail("a packed list of floats is cut short")
		return to
	}
	return append(to, float32sOf(packed)...)
}

// float64s appends a repeated double field, which may be packed or not.
func (w *wire) float64s(to []float64) []float64 {
	if w.kind == protowire.Fixed64Type {
		v, n := protowire.ConsumeFixed64(w.rest)
		if n < 0 {
			w.fail("a number is cut short")
			return to
		}
		w.rest = w.rest[n:]
		return append(to, math.Float64frombits(v))
	}
	packed := w.bytes()
	if len(packed)%8 != 0 {
		w.fail("a packed list of doubles is cut short")
		return to
	}
	return append(to, float64sOf(packed)...)
}
