package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The tests write model files of their own with these few functions.

func field(to []byte, number protowire.Number, body []byte) []byte {
	to = protowire.AppendTag(to, number, protowire.BytesType)
	return protowire.AppendBytes(to, body)
}

func textField(to []byte, number protowire.Number, s string) []byte {
	return field(to, number, []byte(s))
}

func intField(to []byte, number protowire.Number, v int64) []byte {
	to = protowire.AppendTag(to, number, protowire.VarintType)
	return protowire.AppendVarint(to, uint64(v))
}

func floatField(to []byte, number protowire.Number, v float32) []byte {
	to = protowire.AppendTag(to, number, protowire.Fixed32Type)
	return protowire.AppendFixed32(to, math.Float32bits(v))
}

// attribute encodes an attribute of the type of its value.
func encodeAttribute(name string, value any) []byte {
	a := textField(nil, 1, name)
	switch v := value.(type) {
	case float32:
		return intField(floatField(a, 2, v), 20, int64(KindFloat))
	case int64:
		return intField(intField(a, 3, v), 20, int64(KindInt))
	case string:
		return intField(textField(a, 4, v), 20, int64(KindString))
	case []float32:
		for _, x := range v {
			a = floatField(a, 7, x)
		}
		return intField(a, 20, int64(KindFloats))
	case []int64:
		for _, x := range v {
			a = intField(a, 8, x)
		}
		return intField(a, 20, int64(KindInts))
	case []string:
		for _, x := range v {
			a = textField(a, 9, x)
		}
		return intField(a, 20, int64(KindStrings))
	case []float64:
		return intField(field(a, 5, encodeTensor("", 11, []int64{int64(len(v))}, rawFloat64s(v))), 20, int64(KindTensor))
	case []uint8:
		return intField(field(a, 5, encodeTensor("", 2, []int64{int64(len(v))}, v)), 20, int64(KindTensor))
	}
	panic("no such attribute")
}

func rawFloat64s(v []float64) []byte {
	var raw []byte
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(x))
	}
	return raw
}

func rawFloat32s(v []float32) []byte {
	var raw []byte
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return raw
}

func encodeTensor(name string, code int64, dims []int64, raw []byte) []byte {
	var t []byte
	for _, d := range dims {
		t = intField(t, 1, d)
	}
	t = intField(t, 2, code)
	t = textField(t, 8, name)
	return field(t, 9, raw)
}

func encodeNode(domain, op string, in, out []string, attributes ...[]byte) []byte {
	var n []byte
	for _, name := range in {
		n = textField(n, 1, name)
	}
	for _, name := range out {
		n = textField(n, 2, name)
	}
	n = textField(n, 4, op)
	for _, a := range attributes {
		n = field(n, 5, a)
	}
	return textField(n, 7, domain)
}

// encodeValue declares a tensor; a negative dimension is left open.
func encodeValue(name string, code int64, dims ...int64) []byte {
	var shape []byte
	for _, d := range dims {
		var dim []byte
		if d >= 0 {
			dim = intField(nil, 1, d)
		}
		shape = field(shape, 1, dim)
	}
	tensor := field(intField(nil, 1, code), 2, shape)
	return field(textField(nil, 1, name), 2, field(nil, 1, tensor))
}

// graphParts are the parts of a graph, encoded.
type graphParts struct {
	nodes, initializers, inputs, outputs [][]byte
	ml, standard                         int64 // operator set versions
}

func (g graphParts) encode() []byte {
	var graph []byte
	for number, parts := range map[protowire.Number][][]byte{1: g.nodes, 5: g.initializers, 11: g.inputs, 12: g.outputs} {
		for _, p := range parts {
			graph = field(graph, number, p)
		}
	}
	m := field(intField(nil, 1, 10), 7, graph)
	m = field(m, 8, intField(textField(nil, 1, ""), 2, max(g.standard, 18)))
	return field(m, 8, intField(textField(nil, 1, "ai.onnx.ml"), 2, max(g.ml, 3)))
}
