package onnx

import (
	"encoding/binary"
	"math"
)

// tensorFields are the fields of a TensorProto before they are put together.
type tensorFields struct {
	name     string
	code     int64
	dims     []int64
	raw      []byte
	hasRaw   bool
	float32s []float32
	float64s []float64
	int32s   []int64
	int64s   []int64
	strings  []string
}

func (d *decoder) tensor(b []byte, t *Tensor) *Error {
	var f tensorFields
	w := newWire("TensorProto", b)
	for w.next() {
		switch w.number {
		case 1:
			f.dims = w.varints(f.dims)
		case 2:
			f.code = w.varint()
		case 4:
			f.float32s = w.float32s(f.float32s)
		case 5:
			f.int32s = w.varints(f.int32s)
		case 6:
			f.strings = append(f.strings, w.text())
		case 7:
			f.int64s = w.varints(f.int64s)
		case 8:
			f.name = w.text()
		case 9:
			f.raw, f.hasRaw = w.bytes(), true
		case 10:
			f.float64s = w.float64s(f.float64s)
		case 13:
			w.bytes()
			return refuse(ExternalData, "tensor %q has its data in another file: save the model as one, with onnx.save and save_as_external_data=False", f.name)
		case 14:
			if w.varint() != 0 {
				return refuse(ExternalData, "tensor %q has its data in another file: save the model as one, with onnx.save and save_as_external_data=False", f.name)
			}
		case 3:
			w.bytes()
			return refuse(UnsupportedType, "tensor %q comes in segments", f.name)
		default:
			w.skip()
		}
	}
	if w.fault != nil {
		return w.fault
	}
	return d.assemble(&f, t)
}

// assemble checks that type, dimensions and data of a tensor agree.
func (d *decoder) assemble(f *tensorFields, t *Tensor) *Error {
	t.Name = f.name
	var fault *Error
	if t.Type, fault = typeFromCode(f.code); fault != nil {
		fault.Message = "tensor " + quote(f.name) + ": " + fault.Message
		return fault
	}
	for _, dim := range f.dims {
		if dim < 0 {
			return refuse(WrongDimensions, "tensor %q has dimension %d", f.name, dim)
		}
		t.Shape = append(t.Shape, int(min(dim, math.MaxInt32)))
	}
	if fault := d.limits.admit(t.Shape); fault != nil {
		fault.Message = "tensor " + quote(f.name) + ": " + fault.Message
		return fault
	}
	n := product(t.Shape)
	if d.elements -= n; d.elements < 0 {
		return refuse(TooLarge, "the tensors have more than %d elements", d.limits.MaxElements)
	}
	if f.hasRaw {
		t.Data = fromRaw(t.Type, f.raw)
	} else {
		t.Data = f.typed(t.Type)
	}
	if have := bufferLen(t.Data); t.Data == nil || have != n {
		return refuse(InconsistentLengths, "tensor %q of %d elements has data for %d", f.name, n, have)
	}
	return nil
}

// typed takes the data from the field that belongs to the type.
func (f *tensorFields) typed(t Type) any {
	switch t {
	case Float32:
		return f.float32s
	case Float64:
		return f.float64s
	case Int64:
		return f.int64s
	case String:
		return f.strings
	case Int32:
		return convert(f.int32s, func(v int64) int32 { return int32(v) })
	case Bool:
		return convert(f.int32s, func(v int64) bool { return v != 0 })
	case Uint8:
		return convert(f.int32s, func(v int64) uint8 { return uint8(v) })
	}
	return nil
}

// fromRaw reads little-endian elements; a length that does not divide gives nil.
func fromRaw(t Type, raw []byte) any {
	switch t {
	case Float32:
		if len(raw)%4 == 0 {
			return float32sOf(raw)
		}
	case Float64:
		if len(raw)%8 == 0 {
			return float64sOf(raw)
		}
	case Int64:
		if len(raw)%8 == 0 {
			out := make([]int64, len(raw)/8)
			for i := range out {
				out[i] = int64(binary.LittleEndian.Uint64(raw[8*i:]))
			}
			return out
		}
	case Int32:
		if len(raw)%4 == 0 {
			out := make([]int32, len(raw)/4)
			for i := range out {
				out[i] = int32(binary.LittleEndian.Uint32(raw[4*i:]))
			}
			return out
		}
	case Bool:
		return convert(raw, func(v byte) bool { return v != 0 })
	case Uint8:
		return append([]uint8{}, raw...)
	}
	return nil
}

func float32sOf(raw []byte) []float32 {
	out := make([]float32, len(raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}

func float64sOf(raw []byte) []float64 {
	out := make([]float64, len(raw)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
	}
	return out
}

func convert[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
