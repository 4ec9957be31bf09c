package onnx

import (
	"math"
	"slices"
)

func identity(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	return k.alias(0, x, x.shape)
}

// dropout does nothing when it is not training.
func dropout(k *call) *Error {
	k.ignore("ratio", "seed")
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	if mode := k.optional(2); mode != nil {
		if !mode.constant || mode.typ != Bool || mode.len() != 1 || at[bool](k.c.memory, mode.slot)[0] {
			return refuse(UnsupportedOperator, "training mode is not supported")
		}
	}
	if len(k.node.Outputs) > 1 && k.node.Outputs[1] != "" {
		mask := make([]bool, x.len())
		for i := range mask {
			mask[i] = true
		}
		if fault := k.literal(1, Bool, x.shape, mask); fault != nil {
			return fault
		}
	}
	return k.alias(0, x, x.shape)
}

func reshape(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	want, ok, fault := k.constantInts(1)
	if fault != nil {
		return fault
	}
	if !ok {
		return refuse(InvalidGraph, "the shape is missing")
	}
	allowZero := k.int("allowzero", 0) != 0
	if len(want) > k.c.opts.Limits.MaxRank {
		return refuse(TooLarge, "the shape has %d dimensions", len(want))
	}
	shape, open, n := make([]int, len(want)), -1, 1
	for i, d := range want {
		switch {
		case d == 0 && !allowZero:
			if i >= x.rank() {
				return refuse(WrongDimensions, "shape %v takes over dimension %d of %v", want, i, x.shape)
			}
			shape[i] = x.shape[i]
		case d == -1 && open < 0:
			open, shape[i] = i, 1
		case d < 0 || d > int64(k.c.opts.Limits.MaxElements):
			return refuse(WrongDimensions, "the shape is %v", want)
		default:
			shape[i] = int(d)
		}
		if n *= shape[i]; n > k.c.opts.Limits.MaxElements {
			return refuse(WrongDimensions, "%v can't be reshaped to %v", x.shape, want)
		}
	}
	if open >= 0 && n > 0 {
		shape[open] = x.len() / n
		n *= shape[open]
	}
	if n != x.len() {
		return refuse(WrongDimensions, "%v can't be reshaped to %v", x.shape, want)
	}
	return k.alias(0, x, shape)
}

func flatten(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	axis := k.int("axis", 1)
	if axis < 0 {
		axis += int64(x.rank())
	}
	if axis < 0 || axis > int64(x.rank()) {
		return refuse(WrongDimensions, "axis %d of a tensor with %d dimensions", axis, x.rank())
	}
	return k.alias(0, x, []int{product(x.shape[:axis]), product(x.shape[axis:])})
}

// axesInput gives the axes, which became an input with the given version.
func (k *call) axesInput(i int, since int64) ([]int64, bool, *Error) {
	if k.opset < since {
		return k.ints("axes"), k.has("axes"), nil
	}
	return k.constantInts(i)
}

func squeeze(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	axes, given, fault := k.axesInput(1, 13)
	if fault != nil {
		return fault
	}
	drop, fault := axesOf(axes, x.rank())
	if fault != nil {
		return fault
	}
	shape := []int{}
	for i, d := range x.shape {
		dropped := slices.Contains(drop, i) || !given && d == 1
		if dropped && d != 1 {
			return refuse(WrongDimensions, "dimension %d of %v is not 1", i, x.shape)
		}
		if !dropped {
			shape = append(shape, d)
		}
	}
	return k.alias(0, x, shape)
}

func unsqueeze(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	axes, _, fault := k.axesInput(1, 13)
	if fault != nil {
		return fault
	}
	if x.rank()+len(axes) > k.c.opts.Limits.MaxRank {
		return refuse(TooLarge, "the output would have %d dimensions", x.rank()+len(axes))
	}
	added, fault := axesOf(axes, x.rank()+len(axes))
	if fault != nil {
		return fault
	}
	shape, next := make([]int, x.rank()+len(axes)), 0
	for i := range shape {
		shape[i] = 1
		if !slices.Contains(added, i) {
			shape[i] = x.shape[next]
			next++
		}
	}
	return k.alias(0, x, shape)
}

// shapeOf gives the shape of its input, which is known when compiling.
func shapeOf(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	rank := int64(x.rank())
	bound := func(v int64) int64 {
		if v < 0 {
			v += rank
		}
		return min(max(v, 0), rank)
	}
	start, end := bound(k.int("start", 0)), bound(k.int("end", rank))
	dims := []int64{}
	for i := start; i < end; i++ {
		dims = append(dims, int64(x.shape[i]))
	}
	return k.literal(0, Int64, []int{len(dims)}, dims)
}

func sizeOf(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	return k.literal(0, Int64, []int{}, []int64{int64(x.len())})
}

func constant(k *call) *Error {
	if t := k.tensor("value"); t != nil {
		return k.literal(0, t.Type, t.Shape, t.Data)
	}
	switch {
	case k.has("value_float"):
		return k.literal(0, Float32, []int{}, []float32{k.float("value_float", 0)})
	case k.has("value_int"):
		return k.literal(0, Int64, []int{}, []int64{k.int("value_int", 0)})
	case k.has("value_string"):
		return k.literal(0, String, []int{}, []string{k.text("value_string", "")})
	case k.has("value_floats"):
		v := k.floats("value_floats")
		return k.literal(0, Float32, []int{len(v)}, v)
	case k.has("value_ints"):
		v := k.ints("value_ints")
		return k.literal(0, Int64, []int{len(v)}, v)
	case k.has("value_strings"):
		v := k.strings("value_strings")
		return k.literal(0, String, []int{len(v)}, v)
	}
	return refuse(InvalidAttribute, "there is no value")
}

func constantOfShape(k *call) *Error {
	dims, ok, fault := k.constantInts(0)
	if fault != nil {
		return fault
	}
	if !ok {
		return refuse(InvalidGraph, "the shape is missing")
	}
	fill := &Tensor{Type: Float32, Shape: []int{1}, Data: []float32{0}}
	if t := k.tensor("value"); t != nil {
		fill = t
	}
	if product(fill.Shape) != 1 || fill.Type == Uint8 {
		return refuse(WrongDimensions, "the value is no scalar of a supported type")
	}
	shape, fault := shapeFrom(dims)
	if fault != nil {
		return fault
	}
	if fault := k.c.opts.Limits.admit(shape); fault != nil {
		return fault
	}
	x := k.c.place(fill.Type, []int{1}, fill.Data)
	x.constant = true
	return k.move(0, x, shape, make([]int32, product(shape)))
}

func shapeFrom(dims []int64) ([]int, *Error) {
	shape := make([]int, len(dims))
	for i, d := range dims {
		if d < 0 {
			return nil, refuse(WrongDimensions, "the shape is %v", dims)
		}
		shape[i] = int(min(d, math.MaxInt32))
	}
	return shape, nil
}
