package onnx

import "math"

// Trees compare integers, not floats. A key is an integer that orders as its
// float does, with -0 equal to 0: the magnitude's bits, negated for negative
// numbers. NaN is above or below every number; which of the two a branch
// sees decides where it sends a missing value, at no cost to the comparison.
const (
	nanLow32  = math.MinInt32
	nanHigh32 = math.MaxInt32
	nanLow64  = math.MinInt64
	nanHigh64 = math.MaxInt64
)

func key32(x float32) int32 {
	bits := int32(math.Float32bits(x))
	sign := bits >> 31
	return (bits&math.MaxInt32 ^ sign) - sign
}

func key64(x float64) int64 {
	bits := int64(math.Float64bits(x))
	sign := bits >> 63
	return (bits&math.MaxInt64 ^ sign) - sign
}

// fillKeys32 writes, for each column that is read, its key with NaN below and
// with NaN above all numbers.
func fillKeys32(keys []int32, columns []int32, x []float32) {
	for i, c := range columns {
		v := x[c]
		k := keys[2*i : 2*i+2 : 2*i+2]
		if v != v {
			k[0], k[1] = nanLow32, nanHigh32
			continue
		}
		k[0] = key32(v)
		k[1] = k[0]
	}
}

// fillKeys64 does it for nodes of 64 bits. Keys of float32 input are the
// 32-bit ones, widened.
func fillKeys64[T number](keys []int64, columns []int32, x []T, double bool) {
	for i, c := range columns {
		v := float64(x[c])
		k := keys[2*i : 2*i+2 : 2*i+2]
		switch {
		case v != v:
			k[0], k[1] = nanLow64, nanHigh64
		case double:
			k[0] = key64(v)
			k[1] = k[0]
		default:
			k[0] = int64(key32(float32(v)))
			k[1] = k[0]
		}
	}
}
