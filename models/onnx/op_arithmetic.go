package onnx

import "math"

type arithmetic uint8

const (
	opAdd arithmetic = iota
	opSub
	opMul
	opDiv
	opMin
	opMax
	opMod
	opFmod
	opPow
)

func arithmeticOperator(op arithmetic) func(*call) *Error {
	return func(k *call) *Error {
		if fault := k.arity(2, 2); fault != nil {
			return fault
		}
		if op == opMod && k.int("fmod", 0) != 0 {
			return k.arithmetic(opFmod)
		}
		return k.arithmetic(op)
	}
}

func (k *call) arithmetic(op arithmetic) *Error {
	x, y := k.in[0], k.in[1]
	if x.typ != y.typ {
		return refuse(WrongType, "the inputs are of types %s and %s", x.typ, y.typ)
	}
	shape, fault := broadcastShapes(x.shape, y.shape)
	if fault != nil {
		return fault
	}
	z, fault := k.result(0, x.typ, shape)
	if fault != nil {
		return fault
	}
	xi, yi := broadcastIndex(x.shape, shape), broadcastIndex(y.shape, shape)
	var bind binder
	switch x.typ {
	case Float32:
		bind = bindFloats[float32](op, x, y, z, xi, yi)
	case Float64:
		bind = bindFloats[float64](op, x, y, z, xi, yi)
	case Int64:
		bind = bindIntegers[int64](k, op, x, y, z, xi, yi)
	case Int32:
		bind = bindIntegers[int32](k, op, x, y, z, xi, yi)
	}
	if bind == nil {
		return refuse(WrongType, "the inputs are of type %s", x.typ)
	}
	return k.emit(z.len(), bind)
}

// bindFloats has a loop of its own for what occurs in long rows, and a
// function call for each element for the rest.
func bindFloats[T float](op arithmetic, x, y, z *value, xi, yi []int32) binder {
	f := floatFunctions[T](op)
	if f == nil {
		return nil
	}
	return func(m memory) step {
		x, y, z := at[T](m, x.slot), at[T](m, y.slot), at[T](m, z.slot)
		if xi == nil && yi == nil {
			switch op {
			case opAdd:
				return func() error {
					for i := range z {
						z[i] = x[i] + y[i]
					}
					return nil
				}
			case opMul:
				return func() error {
					for i := range z {
						z[i] = x[i] * y[i]
					}
					return nil
				}
			}
		}
		return func() error {
			for i := range z {
				z[i] = f(spread(x, xi, i), spread(y, yi, i))
			}
			return nil
		}
	}
}

func floatFunctions[T float](op arithmetic) func(a, b T) T {
	switch op {
	case opAdd:
		return func(a, b T) T { return a + b }
	case opSub:
		return func(a, b T) T { return a - b }
	case opMul:
		return func(a, b T) T { return a * b }
	case opDiv:
		return func(a, b T) T { return a / b }
	case opMin: // NaN if either is
		return func(a, b T) T { return T(math.Min(float64(a), float64(b))) }
	case opMax:
		return func(a, b T) T { return T(math.Max(float64(a), float64(b))) }
	case opFmod:
		return func(a, b T) T { return T(math.Mod(float64(a), float64(b))) }
	case opPow:
		return func(a, b T) T { return T(math.Pow(float64(a), float64(b))) }
	}
	return nil
}

func bindIntegers[T integer](k *call, op arithmetic, x, y, z *value, xi, yi []int32) binder {
	f := integerFunctions[T](op)
	if f == nil {
		return nil
	}
	divides := op == opDiv || op == opMod || op == opFmod
	byZero := k.failure("division by zero")
	return func(m memory) step {
		x, y, z := at[T](m, x.slot), at[T](m, y.slot), at[T](m, z.slot)
		return func() error {
			for i := range z {
				a, b := spread(x, xi, i), spread(y, yi, i)
				if divides && b == 0 {
					return byZero
				}
				z[i] = f(a, b)
			}
			return nil
		}
	}
}

func integerFunctions[T integer](op arithmetic) func(a, b T) T {
	switch op {
	case opAdd:
		return func(a, b T) T { return a + b }
	case opSub:
		return func(a, b T) T { return a - b }
	case opMul:
		return func(a, b T) T { return a * b }
	case opDiv:
		return func(a, b T) T { return a / b }
	case opMin:
		return func(a, b T) T { return min(a, b) }
	case opMax:
		return func(a, b T) T { return max(a, b) }
	case opMod: // the sign of the divisor
		return func(a, b T) T {
			r := a % b
			if r != 0 && (r < 0) != (b < 0) {
				r += b
			}
			return r
		}
	case opFmod: // the sign of the dividend
		return func(a, b T) T { return a % b }
	}
	return nil
}

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
