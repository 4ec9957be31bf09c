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
