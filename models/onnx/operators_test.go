package onnx

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestOperatorsRefuseOrAnswer gives every operator random inputs and
// attributes: it may refuse them, or a row, but never panic.
func TestOperatorsRefuseOrAnswer(t *testing.T) {
	rapid.Check(t, refuseOrAnswer)
}

// FuzzOperators does the same guided by coverage.
func FuzzOperators(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(refuseOrAnswer))
}

func refuseOrAnswer(t *rapid.T) {
	m := &Model{Opsets: map[string]int64{
		"":           rapid.SampledFrom([]int64{9, 12, 13, 18, 21}).Draw(t, "opset"),
		"ai.onnx.ml": rapid.SampledFrom([]int64{1, 2, 4, 5}).Draw(t, "ml"),
	}}
	domain := rapid.SampledFrom([]string{"", "ai.onnx.ml"}).Draw(t, "domain")
	n := Node{Domain: domain, Op: rapid.SampledFrom(slices.Sorted(maps.Keys(domains[domain]))).Draw(t, "operator")}
	for i := range rapid.IntRange(0, 4).Draw(t, "inputs") {
		name := fmt.Sprint("in", i)
		shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 4).Draw(t, "shape")
		data := drawData(t, product(shape))
		n.Inputs = append(n.Inputs, name)
		if rapid.Bool().Draw(t, "constant") {
			m.Graph.Initializers = append(m.Graph.Initializers, Tensor{Name: name, Type: bufferType(data), Shape: shape, Data: data})
		} else {
			m.Graph.Inputs = append(m.Graph.Inputs, ValueInfo{Name: name, Type: bufferType(data), HasShape: true, Dims: shape})
		}
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "outputs") {
		n.Outputs = append(n.Outputs, fmt.Sprint("out", i))
		m.Graph.Outputs = append(m.Graph.Outputs, ValueInfo{Name: n.Outputs[i]})
	}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(attributeNames), 0, 40, rapid.ID[string]).Draw(t, "attributes") {
		n.Attributes = append(n.Attributes, drawAttribute(t, name))
	}
	m.Graph.Nodes = []Node{n}
	for _, any := range []bool{false, true} {
		if p, err := compileKnown(m, Options{Limits: tight, AnyShape: any}); err == nil {
			evaluateAnything(p)
		}
	}
}

// compileKnown leaves out attributes that the operator does not know, one by
// one, so that the others get their turn.
func compileKnown(m *Model, opts Options) (*Program, error) {
	for {
		p, err := Compile(m, opts)
		n := &m.Graph.Nodes[0]
		unknown := slices.IndexFunc(n.Attributes, func(a Attribute) bool {
			return err != nil && strings.Contains(err.Error(), fmt.Sprintf("attribute %q is not known", a.Name))
		})
		if unknown < 0 {
			return p, err
		}
		n.Attributes = slices.Delete(n.Attributes, unknown, unknown+1)
	}
}

// attributeNames are those that operators read besides the trees', which have
// tests of their own.
var attributeNames = []string{
	"axis", "axes", "keepdims", "noop_with_empty_axes", "select_last_index", "to", "perm", "starts", "ends", "split", "num_outputs",
	"allowzero", "alpha", "beta", "transA", "transB", "epsilon", "min", "max", "value", "value_ints", "value_float", "start", "end",
	"fmod", "approximate", "exclusive", "reverse", "training_mode", "threshold", "norm", "offset", "scale",
	"imputed_value_floats", "imputed_value_int64s", "replaced_value_float", "coefficients", "intercepts", "targets",
	"post_transform", "classlabels_ints", "classlabels_int64s", "classlabels_strings", "cats_int64s", "cats_strings", "zeros",
	"keys_strings", "keys_int64s", "keys_floats", "keys_tensor", "values_strings", "values_int64s", "values_floats", "values_tensor", "default_tensor", "classes_strings",
}

// kinds of the attributes that are not integers.
var attributeKinds = map[string]AttributeKind{
	"axes": KindInts, "perm": KindInts, "starts": KindInts, "ends": KindInts, "split": KindInts, "value_ints": KindInts,
	"imputed_value_int64s": KindInts, "classlabels_ints": KindInts, "classlabels_int64s": KindInts, "cats_int64s": KindInts,
	"keys_int64s": KindInts, "values_int64s": KindInts,
	"alpha": KindFloat, "beta": KindFloat, "epsilon": KindFloat, "min": KindFloat, "max": KindFloat, "value_float": KindFloat,
	"threshold": KindFloat, "replaced_value_float": KindFloat,
	"offset": KindFloats, "scale": KindFloats, "imputed_value_floats": KindFloats, "coefficients": KindFloats, "intercepts": KindFloats,
	"keys_floats": KindFloats, "values_floats": KindFloats,
	"approximate": KindString, "norm": KindString, "post_transform": KindString,
	"classlabels_strings": KindStrings, "cats_strings": KindStrings, "keys_strings": KindStrings, "values_strings": KindStrings, "classes_strings": KindStrings,
	"value": KindTensor, "keys_tensor": KindTensor, "values_tensor": KindTensor, "default_tensor": KindTensor,
}

func drawAttribute(t *rapid.T, name string) Attribute {
	kind, ok := attributeKinds[name]
	if !ok {
		kind = KindInt
	}
	if rapid.IntRange(0, 30).Draw(t, "wrong kind") == 0 {
		kind = AttributeKind(rapid.IntRange(1, 8).Draw(t, "kind"))
	}
	size := rapid.IntRange(0, 5).Draw(t, "size")
	data := drawData(t, size)
	ints := rapid.SliceOfN(rapid.Int64Range(-5, 12), size, size).Draw(t, "ints")
	texts := []string{"NONE", "SOFTMAX", "LOGISTIC", "PROBIT", "L1", "L2", "MAX", "tanh", "x"}
	a := Attribute{Name: name, Kind: kind, Int: rapid.Int64Range(-5, 12).Draw(t, "int"), Ints: ints}
	a.Float = rapid.SampledFrom([]float32{0, 1, -2, 0.5, float32(math.NaN()), float32(math.Inf(1))}).Draw(t, "float")
	a.Floats = convert(ints, func(v int64) float32 { return float32(v) / 4 })
	a.Text, a.Strings = rapid.SampledFrom(texts).Draw(t, "text"), texts[:size]
	a.Tensor = &Tensor{Type: bufferType(data), Shape: []int{size}, Data: data}
	return a
}

func drawData(t *rapid.T, n int) any {
	numbers := make([]float64, n)
	for i := range numbers {
		numbers[i] = rapid.SampledFrom([]float64{0, 1, -1, 2, 3, 0.5, 1e30, math.NaN(), math.Inf(1), -4}).Draw(t, "number")
	}
	switch Type(rapid.IntRange(1, 7).Draw(t, "type")) {
	case Float32:
		return convert(numbers, func(v float64) float32 { return float32(v) })
	case Float64:
		return numbers
	case Int64:
		return convert(numbers, truncate[int64])
	case Int32:
		return convert(numbers, truncate[int32])
	case Bool:
		return convert(numbers, func(v float64) bool { return v > 0 })
	case Uint8:
		return make([]uint8, n)
	}
	return convert(numbers, func(v float64) string { return fmt.Sprint(v) })
}
