package onnx

import "slices"

// oneHotOperator (of the standard domain) puts the second of two values at the
// place an index names, and the first elsewhere. An index out of range names
// no place.
func oneHotOperator(k *call) *Error {
	if fault := k.arity(3, 3); fault != nil {
		return fault
	}
	x, depth, values := k.in[0], k.in[1], k.in[2]
	if !depth.constant || depth.len() != 1 || values.len() != 2 {
		return refuse(UnsupportedOperator, "the depth is not one constant, or there are not two values")
	}
	n := int64(toFloat64Constant(k, depth))
	if n < 1 || n > int64(k.c.opts.Limits.MaxRowElements) {
		return refuse(WrongDimensions, "the depth is %d", n)
	}
	axis, fault := axisOf(k.int("axis", -1), x.rank()+1)
	if fault != nil {
		return fault
	}
	shape := slices.Insert(slices.Clone(x.shape), axis, int(n))
	z, fault := k.result(0, values.typ, shape)
	if fault != nil {
		return fault
	}
	index := toFloat64(x)
	if index == nil {
		return refuse(WrongType, "the indices are of type %s", x.typ)
	}
	inner := product(x.shape[axis:])
	switch values.typ {
	case Float32:
		return k.emit(2*z.len(), oneHotOf[float32](x, values, z, index, int(n), inner))
	case Float64:
		return k.emit(2*z.len(), oneHotOf[float64](x, values, z, index, int(n), inner))
	case Int64:
		return k.emit(2*z.len(), oneHotOf[int64](x, values, z, index, int(n), inner))
	case Int32:
		return k.emit(2*z.len(), oneHotOf[int32](x, values, z, index, int(n), inner))
	}
	return refuse(WrongType, "the values are of type %s", values.typ)
}

func toFloat64Constant(k *call, v *value) float64 {
	if read := toFloat64(v); read != nil {
		return read(k.c.memory)(0)
	}
	return 0
}

func oneHotOf[T Element](x, values, z *value, index func(memory) func(int) float64, depth, inner int) binder {
	n := x.len()
	return func(m memory) step {
		at, offOn, z := index(m), at[T](m, values.slot), at[T](m, z.slot)
		return func() error {
			for i := range z {
				z[i] = offOn[0]
			}
			for i := range n {
				w := at(i)
				if w < 0 {
					w += float64(depth)
				}
				if w >= 0 && w < float64(depth) {
					z[(i/inner*depth+int(w))*inner+i%inner] = offOn[1]
				}
			}
			return nil
		}
	}
}
