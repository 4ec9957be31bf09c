package onnx

// attribute reads an AttributeProto. Graphs inside attributes (If, Loop,
// Scan) are not read at all: no operator of this package has one.
func (d *decoder) attribute(b []byte, a *Attribute) *Error {
	w := newWire("AttributeProto", b)
	var found AttributeKind
	for w.next() {
		kind := AttributeKind(0)
		switch w.number {
		case 1:
			a.Name = w.text()
		case 2:
			a.Float, kind = w.float32(), KindFloat
		case 3:
			a.Int, kind = w.varint(), KindInt
		case 4:
			a.Text, kind = w.text(), KindString
		case 5:
			a.Tensor, kind = &Tensor{}, KindTensor
			if fault := d.tensor(w.bytes(), a.Tensor); fault != nil {
				return fault
			}
		case 6:
			w.bytes()
			kind = KindGraph
		case 7:
			a.Floats, kind = w.float32s(a.Floats), KindFloats
		case 8:
			a.Ints, kind = w.varints(a.Ints), KindInts
		case 9:
			a.Strings, kind = append(a.Strings, d.intern(w.bytes())), KindStrings
		case 20:
			a.Kind = AttributeKind(min(max(w.varint(), 0), 255))
		case 21:
			if w.text() != "" {
				return refuse(UnsupportedOperator, "attribute %q refers to a function's attribute", a.Name)
			}
		default:
			w.skip()
		}
		if kind != 0 {
			if found != 0 && found != kind {
				return refuse(WrongAttributeType, "attribute %q holds both %s and %s", a.Name, found, kind)
			}
			found = kind
		}
	}
	if w.fault != nil {
		return w.fault
	}
	if a.Kind == 0 { // IR versions before 2 leave it out
		a.Kind = found
	}
	if found != 0 && a.Kind != found {
		return refuse(WrongAttributeType, "attribute %q says it is %s and holds %s", a.Name, a.Kind, found)
	}
	return d.take(len(a.Ints) + len(a.Floats) + len(a.Strings))
}
