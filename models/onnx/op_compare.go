package onnx

import "cmp"

type comparison uint8

const (
	isEqual comparison = iota
	isLess
	isLessOrEqual
	isGreater
	isGreaterOrEqual
)

func comparisonOperator(op comparison) func(*call) *Error {
	return func(k *call) *Error {
		if fault := k.arity(2, 2); fault != nil {
			return fault
		}
		x, y := k.in[0], k.in[1]
		if x.typ != y.typ {
			return refuse(WrongType, "the inputs are of types %s and %s", x.typ, y.typ)
		}
		switch x.typ {
		case Float32:
			return pairwise(k, x, y, compareFunction[float32](op))
		case Float64:
			return pairwise(k, x, y, compareFunction[float64](op))
		case Int64:
			return pairwise(k, x, y, compareFunction[int64](op))
		case Int32:
			return pairwise(k, x, y, compareFunction[int32](op))
		case String:
			if op == isEqual {
				return pairwise(k, x, y, func(a, b string) bool { return a == b })
			}
		case Bool:
			if op == isEqual {
				return pairwise(k, x, y, func(a, b bool) bool { return a == b })
			}
		}
		return refuse(WrongType, "the inputs are of type %s", x.typ)
	}
}

// compareFunction has NaN unequal to, and neither above nor below, anything.
func compareFunction[T cmp.Ordered](op comparison) func(a, b T) bool {
	switch op {
	case isLess:
		return func(a, b T) bool { return a < b }
	case isLessOrEqual:
		return func(a, b T) bool { return a <= b }
	case isGreater:
		return func(a, b T) bool { return a > b }
	case isGreaterOrEqual:
		return func(a, b T) bool { return a >= b }
	}
	return func(a, b T) bool { return a == b }
}

// pairwise applies a predicate to the elements of two broadcast tensors.
func pairwise[T Element](k *call, x, y *value, f func(a, b T) bool) *Error {
	shape, fault := broadcastShapes(x.shape, y.shape)
	if fault != nil {
		return fault
	}
	z, fault := k.result(0, Bool, shape)
	if fault != nil {
		return fault
	}
	xi, yi := broadcastIndex(x.shape, shape), broadcastIndex(y.shape, shape)
	return k.emit(2*z.len(), func(m memory) step {
		x, y, z := at[T](m, x.slot), at[T](m, y.slot), at[bool](m, z.slot)
		return func() error {
			for i := range z {
				z[i] = f(spread(x, xi, i), spread(y, yi, i))
			}
			return nil
		}
	})
}

func logicalOperator(f func(a, b bool) bool) func(*call) *Error {
	return func(k *call) *Error {
		if fault := k.arity(2, 2); fault != nil {
			return fault
		}
		x, y := k.in[0], k.in[1]
		if x.typ != Bool || y.typ != Bool {
			return refuse(WrongType, "the inputs are of types %s and %s", x.typ, y.typ)
		}
		return pairwise(k, x, y, f)
	}
}

func not(k *call) *Error {
	x, fault := k.input(0, Bool)
	if fault != nil {
		return fault
	}
	return elementwise(k, x, Bool, 1, func(v bool) bool { return !v })
}

// where picks each element from the second or the third input.
func where(k *call) *Error {
	if fault := k.arity(3, 3); fault != nil {
		return fault
	}
	c, x, y := k.in[0], k.in[1], k.in[2]
	if c.typ != Bool || x.typ != y.typ {
		return refuse(WrongType, "the inputs are of types %s, %s and %s", c.typ, x.typ, y.typ)
	}
	switch x.typ {
	case Float32:
		return whereOf[float32](k, c, x, y)
	case Float64:
		return whereOf[float64](k, c, x, y)
	case Int64:
		return whereOf[int64](k, c, x, y)
	case Int32:
		return whereOf[int32](k, c, x, y)
	case Bool:
		return whereOf[bool](k, c, x, y)
	}
	return whereOf[string](k, c, x, y)
}

func whereOf[T Element](k *call, c, x, y *value) *Error {
	shape, fault := broadcastShapes(c.shape, x.shape, y.shape)
	if fault != nil {
		return fault
	}
	z, fault := k.result(0, x.typ, shape)
	if fault != nil {
		return fault
	}
	ci, xi, yi := broadcastIndex(c.shape, shape), broadcastIndex(x.shape, shape), broadcastIndex(y.shape, shape)
	return k.emit(2*z.len(), func(m memory) step {
		c, x, y, z := at[bool](m, c.slot), at[T](m, x.slot), at[T](m, y.slot), at[T](m, z.slot)
		return func() error {
			for i := range z {
				if spread(c, ci, i) {
					z[i] = spread(x, xi, i)
				} else {
					z[i] = spread(y, yi, i)
				}
			}
			return nil
		}
	})
}
