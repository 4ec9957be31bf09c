package onnx

import "math"

// Column is one element of the inputs. The columns of a program are those of
// its inputs, one after the other: the order of a row of features.
type Column struct {
	Input   int
	Element int
	Type    Type
}

// Columns lists what a row consists of, element by element.
func (p *Program) Columns() []Column {
	var columns []Column
	for i, in := range p.inputs {
		for j := range in.value.len() {
			columns = append(columns, Column{Input: i, Element: j, Type: in.value.typ})
		}
	}
	return columns
}

// SetNumber sets a column to a number, rounded to the column's type. NaN is a
// missing value; a column of integers or booleans can't have one.
func (e *Evaluator) SetNumber(c Column, v float64) error {
	switch in := e.memory[e.program.inputs[c.Input].value.slot].(type) {
	case []float32:
		in[c.Element] = float32(v)
		return nil
	case []float64:
		in[c.Element] = v
		return nil
	case []int64:
		if v >= math.MinInt64 && v < math.MaxInt64 {
			in[c.Element] = int64(v)
			return nil
		}
	case []int32:
		if v > math.MinInt32-1 && v < math.MaxInt32+1 {
			in[c.Element] = int32(v)
			return nil
		}
	case []bool:
		if v == v {
			in[c.Element] = v != 0
			return nil
		}
	case []string:
		return refuse(WrongType, "input %q takes text", e.program.inputs[c.Input].name)
	}
	return refuse(EvaluationFailed, "input %q of type %s can't be %v", e.program.inputs[c.Input].name, c.Type, v)
}

// SetText sets a column to a text.
func (e *Evaluator) SetText(c Column, v string) error {
	in, ok := e.memory[e.program.inputs[c.Input].value.slot].([]string)
	if !ok {
		return refuse(WrongType, "input %q of type %s takes no text", e.program.inputs[c.Input].name, c.Type)
	}
	in[c.Element] = v
	return nil
}
