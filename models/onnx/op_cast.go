package onnx

import (
	"math"
	"strconv"
	"strings"
)

// cast converts each element. Text to number is for constants and rows; a
// number to text is for constants only: it would allocate for each row.
func cast(k *call) *Error {
	k.ignore("saturate", "round_mode") // of the 8-bit floats
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	to, fault := typeFromCode(k.int("to", 0))
	if fault != nil {
		return fault
	}
	return k.castTo(x, to)
}

func castLike(k *call) *Error {
	k.ignore("saturate", "round_mode")
	if fault := k.arity(2, 2); fault != nil {
		return fault
	}
	return k.castTo(k.in[0], k.in[1].typ)
}

func (k *call) castTo(x *value, to Type) *Error {
	if to == Uint8 {
		return refuse(UnsupportedType, "a cast to uint8 is not supported")
	}
	if x.typ == to {
		return k.alias(0, x, x.shape)
	}
	switch x.typ {
	case Float32:
		return castNumber[float32](k, x, to)
	case Float64:
		return castNumber[float64](k, x, to)
	case Int64:
		return castNumber[int64](k, x, to)
	case Int32:
		return castNumber[int32](k, x, to)
	case Bool:
		return castBool(k, x, to)
	}
	return castText(k, x, to)
}

func castNumber[T number](k *call, x *value, to Type) *Error {
	switch to {
	case Float32:
		return elementwise(k, x, to, 1, func(v T) float32 { return float32(v) })
	case Float64:
		return elementwise(k, x, to, 1, func(v T) float64 { return float64(v) })
	case Bool:
		return elementwise(k, x, to, 1, func(v T) bool { return v != 0 })
	case Int64:
		if x.typ == Int32 {
			return elementwise(k, x, to, 1, func(v T) int64 { return int64(v) })
		}
		return elementwise(k, x, to, 1, func(v T) int64 { return truncate[int64](float64(v)) })
	case Int32:
		if x.typ == Int64 {
			return elementwise(k, x, to, 1, func(v T) int32 { return int32(int64(v)) })
		}
		return elementwise(k, x, to, 1, func(v T) int32 { return truncate[int32](float64(v)) })
	}
	if !x.constant {
		return refuse(UnsupportedOperator, "a cast of the row's numbers to text is not supported")
	}
	return elementwise(k, x, to, 20, func(v T) string { return numberText(float64(v)) })
}

// numberText writes a number as runtimes do: whole numbers without a point.
func numberText(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', 8, 64)
}

// truncate rounds towards zero. NaN and what does not fit give the smallest
// integer, as the conversion instruction of x86 does, on every machine.
func truncate[T integer](v float64) T {
	if typeOf[T]() == Int32 {
		if v > math.MinInt32-1 && v < math.MaxInt32+1 {
			return T(int32(v))
		}
		low := int32(math.MinInt32)
		return T(low)
	}
	if v >= math.MinInt64 && v < math.MaxInt64 {
		return T(int64(v))
	}
	low := int64(math.MinInt64)
	return T(low)
}

func castBool(k *call, x *value, to Type) *Error {
	switch to {
	case Float32:
		return elementwise(k, x, to, 1, boolAs[float32])
	case Float64:
		return elementwise(k, x, to, 1, boolAs[float64])
	case Int64:
		return elementwise(k, x, to, 1, boolAs[int64])
	case Int32:
		return elementwise(k, x, to, 1, boolAs[int32])
	}
	return elementwise(k, x, to, 1, func(v bool) string {
		if v {
			return "True"
		}
		return "False"
	})
}

func boolAs[T number](v bool) T {
	if v {
		return 1
	}
	return 0
}

func castText(k *call, x *value, to Type) *Error {
	var bind binder
	z, fault := k.result(0, to, x.shape)
	if fault != nil {
		return fault
	}
	switch to {
	case Float32:
		bind = parseText(k, x, z, func(s string) (float32, error) { v, err := strconv.ParseFloat(s, 32); return float32(v), err })
	case Float64:
		bind = parseText(k, x, z, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	case Int64:
		bind = parseText(k, x, z, func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) })
	case Int32:
		bind = parseText(k, x, z, func(s string) (int32, error) { v, err := strconv.ParseInt(s, 10, 32); return int32(v), err })
	default:
		return refuse(UnsupportedType, "a cast of text to %s is not supported", to)
	}
	return k.emit(40*z.len(), bind)
}

func parseText[T number](k *call, x, z *value, parse func(string) (T, error)) binder {
	noNumber := k.failure("a text to be cast is not a number")
	return func(m memory) step {
		x, z := at[string](m, x.slot), at[T](m, z.slot)
		return func() error {
			for i, s := range x {
				v, err := parse(strings.TrimSpace(s))
				if err != nil {
					return noNumber
				}
				z[i] = v
			}
			return nil
		}
	}
}
