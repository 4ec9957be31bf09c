package onnx

import "math"

// elementwise applies a function to each element.
func elementwise[A, B Element](k *call, x *value, t Type, cost int, f func(A) B) *Error {
	z, fault := k.result(0, t, x.shape)
	if fault != nil {
		return fault
	}
	return k.emit(cost*z.len(), func(m memory) step {
		x, z := at[A](m, x.slot), at[B](m, z.slot)
		return func() error {
			for i := range z {
				z[i] = f(x[i])
			}
			return nil
		}
	})
}

// floatOperator computes in float64 and rounds once.
func floatOperator(cost int, f func(float64) float64) func(*call) *Error {
	return func(k *call) *Error { return k.floats64(cost, f) }
}

func (k *call) floats64(cost int, f func(float64) float64) *Error {
	if fault := k.arity(1, 1); fault != nil {
		return fault
	}
	x := k.in[0]
	switch x.typ {
	case Float32:
		return elementwise(k, x, Float32, cost, func(v float32) float32 { return float32(f(float64(v))) })
	case Float64:
		return elementwise(k, x, Float64, cost, f)
	}
	return refuse(WrongType, "the input is of type %s", x.typ)
}

// numberOperator is for functions that integers have, too.
func numberOperator(floats func(float64) float64, ints func(int64) int64) func(*call) *Error {
	return func(k *call) *Error {
		if fault := k.arity(1, 1); fault != nil {
			return fault
		}
		switch x := k.in[0]; x.typ {
		case Int64:
			return elementwise(k, x, Int64, 1, ints)
		case Int32:
			return elementwise(k, x, Int32, 1, func(v int32) int32 { return int32(ints(int64(v))) })
		}
		return k.floats64(1, floats)
	}
}

// alphaOperator is for activations with parameters alpha and beta.
func alphaOperator(alpha, beta float32, f func(x, alpha, beta float64) float64) func(*call) *Error {
	return func(k *call) *Error {
		a, b := float64(k.float("alpha", alpha)), float64(0)
		if beta != 0 {
			b = float64(k.float("beta", beta))
		}
		return k.floats64(4, func(x float64) float64 { return f(x, a, b) })
	}
}

func relu(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	if x.typ != Float32 {
		return numberOperator(func(v float64) float64 { return max(v, 0) }, func(v int64) int64 { return max(v, 0) })(k)
	}
	z, fault := k.result(0, Float32, x.shape)
	if fault != nil {
		return fault
	}
	return k.emit(z.len(), func(m memory) step {
		x, z := at[float32](m, x.slot), at[float32](m, z.slot)
		return func() error {
			for i, v := range x {
				z[i] = max(v, 0) // NaN stays
			}
			return nil
		}
	})
}

func sigmoid(x float64) float64 {
	v := 1 / (1 + math.Exp(-math.Abs(x)))
	if x < 0 {
		return 1 - v
	}
	return v
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // zero, or NaN
}

func signInt(x int64) int64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func absInt(x int64) int64 {
	if x < 0 {
		return -x
	}
	return x
}

func softplus(x float64) float64 {
	if x > 0 {
		return x + math.Log1p(math.Exp(-x))
	}
	return math.Log1p(math.Exp(x))
}

func elu(x, alpha, _ float64) float64 {
	if x < 0 {
		return alpha * math.Expm1(x)
	}
	return x
}

func selu(x, alpha, gamma float64) float64 {
	if x > 0 {
		return gamma * x
	}
	return gamma * alpha * math.Expm1(x)
}

func gelu(k *call) *Error {
	if k.text("approximate", "none") == "tanh" {
		return k.floats64(20, func(x float64) float64 {
			return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		})
	}
	return k.floats64(20, func(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) })
}

func isNaNOperator(k *call) *Error {
	return predicate(k, math.IsNaN)
}

func isInfOperator(k *call) *Error {
	positive, negative := k.int("detect_positive", 1) != 0, k.int("detect_negative", 1) != 0
	return predicate(k, func(x float64) bool { return positive && math.IsInf(x, 1) || negative && math.IsInf(x, -1) })
}

func predicate(k *call, f func(float64) bool) *Error {
	x, fault := k.input(0, Float32, Float64)
	if fault != nil {
		return fault
	}
	if x.typ == Float32 {
		return elementwise(k, x, Bool, 1, func(v float32) bool { return f(float64(v)) })
	}
	return elementwise(k, x, Bool, 1, f)
}

// clip bounds each element; NaN stays. The bounds are attributes before
// operator set 11, and scalars since.
func clip(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	switch x.typ {
	case Float32:
		return clipTo[float32](k, x, -math.MaxFloat32, math.MaxFloat32)
	case Float64:
		return clipTo[float64](k, x, -math.MaxFloat64, math.MaxFloat64)
	case Int64:
		return clipTo[int64](k, x, math.MinInt64, math.MaxInt64)
	case Int32:
		return clipTo[int32](k, x, math.MinInt32, math.MaxInt32)
	}
	return refuse(WrongType, "the input is of type %s", x.typ)
}

func clipTo[T number](k *call, x *value, low, high T) *Error {
	if k.opset < 11 {
		if k.has("min") {
			low = T(k.float("min", 0))
		}
		if k.has("max") {
			high = T(k.float("max", 0))
		}
		return elementwise(k, x, x.typ, 2, func(v T) T { return clamp(v, low, high) })
	}
	for i := 1; i <= 2; i++ {
		if b := k.optional(i); b != nil && (b.typ != x.typ || b.len() != 1) {
			return refuse(WrongDimensions, "a bound is of type %s and shape %v, not a scalar %s", b.typ, b.shape, x.typ)
		}
	}
	z, fault := k.result(0, x.typ, x.shape)
	if fault != nil {
		return fault
	}
	least, most := k.optional(1), k.optional(2)
	return k.emit(2*z.len(), func(m memory) step {
		x, z := at[T](m, x.slot), at[T](m, z.slot)
		lows, highs := []T{low}, []T{high}
		if least != nil {
			lows = at[T](m, least.slot)
		}
		if most != nil {
			highs = at[T](m, most.slot)
		}
		return func() error {
			low, high := lows[0], highs[0]
			for i, v := range x {
				z[i] = clamp(v, low, high)
			}
			return nil
		}
	})
}

func clamp[T number](v, low, high T) T {
	if v < low {
		v = low
	}
	if v > high {
		v = high
	}
	return v
}

func leakyRelu(x, alpha, _ float64) float64 {
	if x < 0 {
		return alpha * x
	}
	return x
}

// prelu is leakyRelu with a slope for each element, or some of them.
func prelu(k *call) *Error {
	if fault := k.arity(2, 2); fault != nil {
		return fault
	}
	x, slope := k.in[0], k.in[1]
	if x.typ != Float32 || slope.typ != Float32 {
		return refuse(WrongType, "only float32 is supported")
	}
	if shape, fault := broadcastShapes(x.shape, slope.shape); fault != nil || product(shape) != x.len() {
		return refuse(WrongDimensions, "slopes %v for an input of shape %v", slope.shape, x.shape)
	}
	index := broadcastIndex(slope.shape, x.shape)
	z, fault := k.result(0, Float32, x.shape)
	if fault != nil {
		return fault
	}
	return k.emit(2*z.len(), func(m memory) step {
		x, slope, z := at[float32](m, x.slot), at[float32](m, slope.slot), at[float32](m, z.slot)
		return func() error {
			for i, v := range x {
				if v < 0 {
					v *= spread(slope, index, i)
				}
				z[i] = v
			}
			return nil
		}
	})
}

func thresholdedRelu(x, alpha, _ float64) float64 {
	if x > alpha {
		return x
	}
	return 0
}

func seluOperator(k *call) *Error {
	alpha, gamma := float64(k.float("alpha", 1.67326319217681884765625)), float64(k.float("gamma", 1.05070102214813232421875))
	return k.floats64(20, func(x float64) float64 { return selu(x, alpha, gamma) })
}
