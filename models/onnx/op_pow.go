package onnx

import "math"

// pow takes a base and an exponent of different types; the result is of the
// base's type.
func pow(k *call) *Error {
	if fault := k.arity(2, 2); fault != nil {
		return fault
	}
	x, y := k.in[0], k.in[1]
	shape, fault := broadcastShapes(x.shape, y.shape)
	if fault != nil {
		return fault
	}
	z, fault := k.result(0, x.typ, shape)
	if fault != nil {
		return fault
	}
	xi, yi := broadcastIndex(x.shape, shape), broadcastIndex(y.shape, shape)
	x64, y64 := toFloat64(x), toFloat64(y)
	if x64 == nil || y64 == nil {
		return refuse(WrongType, "the inputs are of types %s and %s", x.typ, y.typ)
	}
	return k.emit(20*z.len(), func(m memory) step {
		x, y, put := x64(m), y64(m), fromFloat64(z)(m)
		n := z.len()
		return func() error {
			for i := range n {
				a, b := i, i
				if xi != nil {
					a = int(xi[i])
				}
				if yi != nil {
					b = int(yi[i])
				}
				put(i, math.Pow(x(a), y(b)))
			}
			return nil
		}
	})
}

// toFloat64 binds the reading of a numeric value in float64.
func toFloat64(v *value) func(memory) func(int) float64 {
	switch v.typ {
	case Float32:
		return readAs[float32](v)
	case Float64:
		return readAs[float64](v)
	case Int64:
		return readAs[int64](v)
	case Int32:
		return readAs[int32](v)
	}
	return nil
}

func readAs[T number](v *value) func(memory) func(int) float64 {
	return func(m memory) func(int) float64 {
		x := at[T](m, v.slot)
		return func(i int) float64 { return float64(x[i]) }
	}
}

func fromFloat64(v *value) func(memory) func(int, float64) {
	return func(m memory) func(int, float64) {
		switch v.typ {
		case Float32:
			z := at[float32](m, v.slot)
			return func(i int, x float64) { z[i] = float32(x) }
		case Float64:
			z := at[float64](m, v.slot)
			return func(i int, x float64) { z[i] = x }
		case Int64:
			z := at[int64](m, v.slot)
			return func(i int, x float64) { z[i] = truncate[int64](x) }
		}
		z := at[int32](m, v.slot)
		return func(i int, x float64) { z[i] = truncate[int32](x) }
	}
}
