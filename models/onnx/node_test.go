package onnx

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
)

// nodeCase is one node with inputs, and what it must give or why it must not.
type nodeCase struct {
	what       string
	op         string // in ai.onnx.ml if opset is 0
	opset      int64
	attributes map[string]any
	inputs     []any // []T for a row's list [1,C], or *Tensor for a constant
	want       []any // outputs
	refused    Reason
}

func list[T Element](v ...T) []T { return v }

func fixed(data any, shape ...int) *Tensor {
	if shape == nil {
		shape = []int{bufferLen(data)}
	}
	return &Tensor{Type: bufferType(data), Shape: shape, Data: data}
}

// run compiles the node over inputs [1,C] and evaluates it.
func (c nodeCase) run() ([]any, error) {
	m := &Model{Opsets: map[string]int64{"": c.opset, "ai.onnx.ml": 3}}
	n := Node{Op: c.op, Outputs: []string{"out0", "out1"}[:max(len(c.want), 1)]}
	if c.opset == 0 {
		n.Domain = "ai.onnx.ml"
	}
	for name, v := range c.attributes {
		a := Attribute{}
		b := encodeAttribute(name, v)
		d := newDecoder(DefaultLimits)
		if fault := d.attribute(b, &a); fault != nil {
			return nil, fault
		}
		n.Attributes = append(n.Attributes, a)
	}
	var rows []any
	for i, in := range c.inputs {
		name := fmt.Sprint("in", i)
		n.Inputs = append(n.Inputs, name)
		if t, ok := in.(*Tensor); ok {
			constant := *t
			constant.Name = name
			m.Graph.Initializers = append(m.Graph.Initializers, constant)
			continue
		}
		m.Graph.Inputs = append(m.Graph.Inputs, ValueInfo{Name: name, Type: bufferType(in), HasShape: true, Dims: []int{-1, bufferLen(in)}})
		rows = append(rows, in)
	}
	for _, name := range n.Outputs {
		m.Graph.Outputs = append(m.Graph.Outputs, ValueInfo{Name: name})
	}
	m.Graph.Nodes = []Node{n}
	p, err := Compile(m, Options{})
	if err != nil {
		return nil, err
	}
	ev := p.NewEvaluator()
	for i, row := range rows {
		copyBuffer(ev.memory[p.inputs[i].value.slot], row)
	}
	if err := ev.Run(); err != nil {
		return nil, err
	}
	var got []any
	for _, out := range p.outputs {
		got = append(got, ev.memory[out.value.slot])
	}
	return got, nil
}

func runNodeCases(t *testing.T, cases []nodeCase) {
	for _, c := range cases {
		t.Run(c.op+" "+c.what, func(t *testing.T) {
			got, err := c.run()
			var e *Error
			if c.refused != "" {
				if !errors.As(err, &e) || e.Reason != c.refused {
					t.Fatalf("got %v, %v; want %q", got, err, c.refused)
				}
				if e.Op == "" {
					t.Errorf("the error names no operator: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestOlderVersions: operators as they were before the versions that the
// conformance tests are for. The values follow from the standard's text.
func TestOlderVersions(t *testing.T) {
	x := list[float32](-2, 0, 3, 9)
	runNodeCases(t, []nodeCase{
		{what: "bounds as attributes", op: "Clip", opset: 9, attributes: map[string]any{"min": float32(-1), "max": float32(4)}, inputs: []any{x}, want: []any{list[float32](-1, 0, 3, 4)}},
		{what: "lists as attributes", op: "Slice", opset: 9, attributes: map[string]any{"axes": list[int64](1), "starts": list[int64](1), "ends": list[int64](-1)}, inputs: []any{x}, want: []any{list[float32](0, 3)}},
		{what: "sizes as attribute", op: "Split", opset: 11, attributes: map[string]any{"axis": int64(1), "split": list[int64](1, 3)}, inputs: []any{x}, want: []any{list[float32](-2), list[float32](0, 3, 9)}},
		{what: "axes as attribute", op: "ReduceSum", opset: 11, attributes: map[string]any{"axes": list[int64](1), "keepdims": int64(0)}, inputs: []any{x}, want: []any{list[float32](10)}},
		{what: "axes as attribute", op: "ReduceMean", opset: 13, attributes: map[string]any{"axes": list[int64](1)}, inputs: []any{x}, want: []any{list[float32](2.5)}},
		{what: "axes as attribute", op: "Squeeze", opset: 11, attributes: map[string]any{"axes": list[int64](0)}, inputs: []any{x}, want: []any{x}},
		{what: "axes as attribute", op: "Unsqueeze", opset: 11, attributes: map[string]any{"axes": list[int64](0)}, inputs: []any{x}, want: []any{x}},
		{what: "over all that follows", op: "Softmax", opset: 11, inputs: []any{list[float32](5, 5)}, want: []any{list[float32](0.5, 0.5)}},
		{what: "version 1 to places", op: "LabelEncoder", attributes: map[string]any{"keys_strings": list("a", "b"), "values_int64s": list[int64](4, 5), "default_int64": int64(9)}, inputs: []any{list("b", "?")}, want: []any{list[int64](5, 9)}},
	})
}

// TestRowsWithoutAnswer: where evaluation fails, and where it must not.
func TestRowsWithoutAnswer(t *testing.T) {
	nan := float32(math.NaN())
	runNodeCases(t, []nodeCase{
		{what: "an integer by zero", op: "Div", opset: 14, inputs: []any{list[int64](1), list[int64](0)}, refused: EvaluationFailed},
		{what: "a float by zero", op: "Div", opset: 14, inputs: []any{list[float32](1), list[float32](0)}, want: []any{list(float32(math.Inf(1)))}},
		{what: "an index of the row out of range", op: "Gather", opset: 13, attributes: map[string]any{"axis": int64(1)}, inputs: []any{list[float32](1, 2), list[int64](2)}, refused: EvaluationFailed},
		{what: "an index from the end", op: "Gather", opset: 13, attributes: map[string]any{"axis": int64(1)}, inputs: []any{list[float32](1, 2), list[int64](-1)}, want: []any{list[float32](2)}},
		{what: "an unknown category", op: "OneHotEncoder", attributes: map[string]any{"cats_strings": list("a"), "zeros": int64(0)}, inputs: []any{list("b")}, refused: EvaluationFailed},
		{what: "an unknown category with zeros", op: "OneHotEncoder", attributes: map[string]any{"cats_strings": list("a")}, inputs: []any{list("b")}, want: []any{list[float32](0)}},
		{what: "a text that is no number", op: "Cast", opset: 13, attributes: map[string]any{"to": int64(1)}, inputs: []any{list("one")}, refused: EvaluationFailed},
		{what: "a text that is a number", op: "Cast", opset: 13, attributes: map[string]any{"to": int64(1)}, inputs: []any{list(" 1.5")}, want: []any{list[float32](1.5)}},
		{what: "numbers that do not fit", op: "Cast", opset: 13, attributes: map[string]any{"to": int64(6)}, inputs: []any{list(nan, 1e20, -2.9, 2.9)}, want: []any{list[int32](math.MinInt32, math.MinInt32, -2, 2)}},
		{what: "NaN", op: "Binarizer", attributes: map[string]any{"threshold": float32(0)}, inputs: []any{list(nan, 1)}, want: []any{list[float32](0, 1)}},
		{what: "integers", op: "Imputer", attributes: map[string]any{"imputed_value_int64s": list[int64](7), "replaced_value_int64": int64(-1)}, inputs: []any{list[int64](-1, 3)}, want: []any{list[int64](7, 3)}},
		{what: "integers", op: "Scaler", attributes: map[string]any{"offset": list[float32](1), "scale": list[float32](2)}, inputs: []any{list[int64](3, 0)}, want: []any{list[float32](4, -2)}},
		{what: "texts to integers", op: "CategoryMapper", attributes: map[string]any{"cats_strings": list("x", "y"), "cats_int64s": list[int64](3, 4)}, inputs: []any{list("y", "z")}, want: []any{list[int64](4, -1)}},
		{what: "a sum over integers", op: "Sum", opset: 13, inputs: []any{list[int32](1, 2), list[int32](3, 4)}, want: []any{list[int32](4, 6)}},
	})
}

// TestRefusedNodes: what is wrong with a node is found when it is compiled.
func TestRefusedNodes(t *testing.T) {
	x := list[float32](1, 2)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	runNodeCases(t, []nodeCase{
		{what: "of different types", op: "Add", opset: 14, inputs: []any{x, list[int64](1, 2)}, refused: WrongType},
		{what: "of shapes that do not broadcast", op: "Add", opset: 14, inputs: []any{x, list[float32](1, 2, 3)}, refused: WrongDimensions},
		{what: "of text", op: "Add", opset: 14, inputs: []any{list("a"), list("b")}, refused: WrongType},
		{what: "with one input", op: "Add", opset: 14, inputs: []any{x}, refused: InvalidGraph},
		{what: "before it broadcast", op: "Add", opset: 6, inputs: []any{x, x}, refused: UnsupportedOpset},
		{what: "to a shape that depends on the row", op: "Reshape", opset: 14, inputs: []any{x, list[int64](2)}, refused: UnsupportedOperator},
		{what: "to another size", op: "Reshape", opset: 14, inputs: []any{x, fixed(list[int64](3))}, refused: WrongDimensions},
		{what: "a constant index out of range", op: "Gather", opset: 13, inputs: []any{x, fixed(list[int64](1))}, refused: WrongDimensions},
		{what: "an unknown attribute", op: "Relu", opset: 14, attributes: map[string]any{"slope": float32(1)}, inputs: []any{x}, refused: InvalidAttribute},
		{what: "an attribute of another type", op: "Softmax", opset: 14, attributes: map[string]any{"axis": float32(1)}, inputs: []any{x}, refused: WrongAttributeType},
		{what: "an axis that is not there", op: "Softmax", opset: 14, attributes: map[string]any{"axis": int64(2)}, inputs: []any{x}, refused: WrongDimensions},
		{what: "to half precision", op: "Cast", opset: 13, attributes: map[string]any{"to": int64(10)}, inputs: []any{x}, refused: UnsupportedType},
		{what: "of the row to text", op: "Cast", opset: 13, attributes: map[string]any{"to": int64(8)}, inputs: []any{x}, refused: UnsupportedOperator},
		{what: "a NaN coefficient", op: "LinearRegressor", attributes: map[string]any{"coefficients": list(1, nan)}, inputs: []any{x}, refused: InvalidNumber},
		{what: "an infinite scale", op: "Scaler", attributes: map[string]any{"offset": list[float32](0), "scale": list(inf)}, inputs: []any{x}, refused: InvalidNumber},
		{what: "a transform of one target", op: "LinearRegressor", attributes: map[string]any{"coefficients": x, "post_transform": "LOGISTIC"}, inputs: []any{x}, refused: UnsupportedOperator},
		{what: "an unknown transform", op: "LinearRegressor", attributes: map[string]any{"coefficients": x, "post_transform": "TANH"}, inputs: []any{x}, refused: InvalidAttribute},
		{what: "keys and values of different length", op: "LabelEncoder", attributes: map[string]any{"keys_floats": x, "values_floats": list[float32](1)}, inputs: []any{x}, refused: InconsistentLengths},
		{what: "keys of another type", op: "LabelEncoder", attributes: map[string]any{"keys_strings": list("a"), "values_floats": list[float32](1)}, inputs: []any{x}, refused: WrongType},
		{what: "in a later version", op: "TreeEnsemble", inputs: []any{x}, refused: UnsupportedOpset},
		{what: "more than the row may hold", op: "Tile", opset: 13, inputs: []any{x, fixed(list[int64](1, 1<<20))}, refused: TooLarge},
	})
}
