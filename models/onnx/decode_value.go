package onnx

import "strconv"

func quote(s string) string { return strconv.Quote(s) }

// valueInfo reads a ValueInfoProto: a tensor, or a sequence of maps.
func (d *decoder) valueInfo(b []byte, v *ValueInfo) *Error {
	w := newWire("ValueInfoProto", b)
	var typ []byte
	for w.next() {
		switch w.number {
		case 1:
			v.Name = w.text()
		case 2:
			typ = w.bytes()
		default:
			w.skip()
		}
	}
	if w.fault != nil {
		return w.fault
	}
	return d.typeProto(typ, v)
}

func (d *decoder) typeProto(b []byte, v *ValueInfo) *Error {
	w := newWire("TypeProto", b)
	for w.next() {
		switch w.number {
		case 1:
			if fault := d.tensorType(w.bytes(), v); fault != nil {
				return fault
			}
		case 4: // sequence; only the sequence of maps occurs, and the operator that makes it knows its types
			w.bytes()
			v.Map, v.Type = true, Float32
		case 5, 8, 9:
			w.bytes()
			return refuse(UnsupportedType, "%q is neither a tensor nor a sequence of maps", v.Name)
		default:
			w.skip()
		}
	}
	return w.fault
}

func (d *decoder) tensorType(b []byte, v *ValueInfo) *Error {
	w := newWire("TypeProto.Tensor", b)
	for w.next() {
		var fault *Error
		switch w.number {
		case 1:
			if v.Type, fault = typeFromCode(w.varint()); fault != nil {
				fault.Message = quote(v.Name) + ": " + fault.Message
			}
		case 2:
			v.HasShape = true
			fault = d.shape(w.bytes(), v)
		default:
			w.skip()
		}
		if w.fault != nil {
			return w.fault
		}
		if fault != nil {
			return fault
		}
	}
	return w.fault
}

func (d *decoder) shape(b []byte, v *ValueInfo) *Error {
	w := newWire("TensorShapeProto", b)
	for w.next() {
		if w.number != 1 {
			w.skip()
			continue
		}
		dim := newWire("TensorShapeProto.Dimension", w.bytes())
		size := int64(-1)
		for dim.next() {
			if dim.number == 1 {
				size = dim.varint()
			} else {
				dim.skip()
			}
		}
		if dim.fault != nil {
			return dim.fault
		}
		// -1 is how some exporters write an open dimension.
		if size < -1 {
			return refuse(WrongDimensions, "%q has dimension %d", v.Name, size)
		}
		if size > int64(d.limits.MaxElements) || len(v.Dims) == d.limits.MaxRank {
			return refuse(TooLarge, "%q has dimension %d, or more than %d dimensions", v.Name, size, d.limits.MaxRank)
		}
		v.Dims = append(v.Dims, int(size))
	}
	return w.fault
}
