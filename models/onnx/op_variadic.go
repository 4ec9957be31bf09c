package onnx

import "math"

// variadic folds any number of inputs from the left: Sum, Mean, Min, Max.
func variadic(op arithmetic, mean bool) func(*call) *Error {
	return func(k *call) *Error {
		if fault := k.arity(1, math.MaxInt32); fault != nil {
			return fault
		}
		shapes := make([][]int, len(k.in))
		for i, x := range k.in {
			if x == nil {
				return refuse(InvalidGraph, "input %d is missing", i)
			}
			if x.typ != k.in[0].typ {
				return refuse(WrongType, "the inputs are of types %s and %s", k.in[0].typ, x.typ)
			}
			shapes[i] = x.shape
		}
		shape, fault := broadcastShapes(shapes...)
		if fault != nil {
			return fault
		}
		z, fault := k.result(0, k.in[0].typ, shape)
		if fault != nil {
			return fault
		}
		index := make([][]int32, len(k.in))
		for i, x := range k.in {
			index[i] = broadcastIndex(x.shape, shape)
		}
		cost := z.len() * len(k.in)
		switch z.typ {
		case Float32:
			return k.emit(cost, bindVariadic(floatFunctions[float32](op), mean, k.in, z, index))
		case Float64:
			return k.emit(cost, bindVariadic(floatFunctions[float64](op), mean, k.in, z, index))
		case Int64:
			if !mean {
				return k.emit(cost, bindVariadic(integerFunctions[int64](op), false, k.in, z, index))
			}
		case Int32:
			if !mean {
				return k.emit(cost, bindVariadic(integerFunctions[int32](op), false, k.in, z, index))
			}
		}
		return refuse(WrongType, "the inputs are of type %s", z.typ)
	}
}

func bindVariadic[T number](f func(a, b T) T, mean bool, in []*value, z *value, index [][]int32) binder {
	return func(m memory) step {
		xs := make([][]T, len(in))
		for i, v := range in {
			xs[i] = at[T](m, v.slot)
		}
		z := at[T](m, z.slot)
		return func() error {
			for i := range z {
				sum := spread(xs[0], index[0], i)
				for j := 1; j < len(xs); j++ {
					sum = f(sum, spread(xs[j], index[j], i))
				}
				if mean {
					sum /= T(len(xs))
				}
				z[i] = sum
			}
			return nil
		}
	}
}
