package onnx

import (
	"cmp"
	"slices"
)

// argOperator gives the index of the largest or smallest element along an
// axis. Of equal elements the first wins, or with select_last_index the last.
func argOperator(largest bool) func(*call) *Error {
	return func(k *call) *Error {
		x, fault := k.input(0)
		if fault != nil {
			return fault
		}
		axis, fault := axisOf(k.int("axis", 0), x.rank())
		if fault != nil {
			return fault
		}
		keep, last := k.int("keepdims", 1) != 0, k.int("select_last_index", 0) != 0
		if x.shape[axis] == 0 {
			return refuse(WrongDimensions, "axis %d of %v is empty", axis, x.shape)
		}
		switch x.typ {
		case Float32:
			return argBy[float32](k, x, axis, keep, largest, last)
		case Float64:
			return argBy[float64](k, x, axis, keep, largest, last)
		case Int64:
			return argBy[int64](k, x, axis, keep, largest, last)
		case Int32:
			return argBy[int32](k, x, axis, keep, largest, last)
		}
		return refuse(WrongType, "the input is of type %s", x.typ)
	}
}

func argBy[T interface {
	number
	cmp.Ordered
}](k *call, x *value, axis int, keep, largest, last bool) *Error {
	shape := slices.Clone(x.shape)
	shape[axis] = 1
	if !keep {
		shape = slices.Delete(shape, axis, axis+1)
	}
	z, fault := k.result(0, Int64, shape)
	if fault != nil {
		return fault
	}
	size, inner := x.shape[axis], product(x.shape[axis+1:])
	better := func(a, b T) bool { return a > b }
	if !largest {
		better = func(a, b T) bool { return a < b }
	}
	return k.emit(2*x.len(), func(m memory) step {
		x, z := at[T](m, x.slot), at[int64](m, z.slot)
		return func() error {
			for i := range z {
				from := i/inner*size*inner + i%inner
				best := 0
				for j := 1; j < size; j++ {
					v, top := x[from+j*inner], x[from+best*inner]
					if better(v, top) || last && v == top {
						best = j
					}
				}
				z[i] = int64(best)
			}
			return nil
		}
	})
}
