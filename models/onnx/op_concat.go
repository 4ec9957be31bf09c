package onnx

import (
	"math"
	"slices"
)

func concat(k *call) *Error {
	if fault := k.arity(1, math.MaxInt32); fault != nil {
		return fault
	}
	first := k.in[0]
	axis, fault := axisOf(k.int("axis", 1), first.rank())
	if fault != nil {
		return fault
	}
	shape := slices.Clone(first.shape)
	shape[axis] = 0
	for i, x := range k.in {
		if x == nil || x.typ != first.typ {
			return refuse(WrongType, "input %d is not of type %s", i, first.typ)
		}
		if x.rank() != first.rank() {
			return refuse(WrongDimensions, "input %d has %d dimensions, not %d", i, x.rank(), first.rank())
		}
		for d := range shape {
			if d != axis && x.shape[d] != shape[d] {
				return refuse(WrongDimensions, "input %d has the shape %v beside %v", i, x.shape, first.shape)
			}
		}
		shape[axis] += x.shape[axis]
	}
	if len(k.in) == 1 {
		return k.alias(0, first, first.shape)
	}
	return k.join(first.typ, shape, axis)
}

// join emits the copying of all inputs, side by side along an axis.
func (k *call) join(t Type, shape []int, axis int) *Error {
	z, fault := k.result(0, t, shape)
	if fault != nil {
		return fault
	}
	outer := product(shape[:axis])
	cost := z.len()/4 + 3*outer*len(k.in)
	switch t {
	case Float32:
		return k.emit(cost, joinOf[float32](k.in, z, outer))
	case Float64:
		return k.emit(cost, joinOf[float64](k.in, z, outer))
	case Int64:
		return k.emit(cost, joinOf[int64](k.in, z, outer))
	case Int32:
		return k.emit(cost, joinOf[int32](k.in, z, outer))
	case Bool:
		return k.emit(cost, joinOf[bool](k.in, z, outer))
	}
	return k.emit(cost, joinOf[string](k.in, z, outer))
}

func joinOf[T Element](in []*value, z *value, outer int) binder {
	return func(m memory) step {
		xs := make([][]T, len(in))
		for i, v := range in {
			xs[i] = at[T](m, v.slot)
		}
		z := at[T](m, z.slot)
		return func() error {
			rest := z
			for o := range outer {
				for _, x := range xs {
					n := len(x) / outer
					copy(rest, x[o*n:o*n+n])
					rest = rest[n:]
				}
			}
			return nil
		}
	}
}

// featureVectorizer concatenates the columns of its inputs, as float32.
func featureVectorizer(k *call) *Error {
	k.ignore("inputdimensions")
	if fault := k.arity(1, math.MaxInt32); fault != nil {
		return fault
	}
	rows, columns := 0, 0
	for i, x := range k.in {
		if x == nil || x.typ != Float32 {
			return refuse(WrongType, "input %d is not of type float32", i)
		}
		r, c := 1, x.len()
		if x.rank() == 2 {
			r, c = x.shape[0], x.shape[1]
		}
		if x.rank() < 1 || x.rank() > 2 || i > 0 && r != rows {
			return refuse(WrongDimensions, "input %d has the shape %v", i, x.shape)
		}
		rows, columns = r, columns+c
	}
	return k.join(Float32, []int{rows, columns}, 1)
}
