package onnx

import "math"

type softmaxKind uint8

const (
	plainSoftmax softmaxKind = iota
	logSoftmax
	hardmax
)

// softmaxOperator normalizes along one axis; before operator set 13, along
// the given axis and all that follow, taken as one.
func softmaxOperator(kind softmaxKind) func(*call) *Error {
	return func(k *call) *Error {
		x, fault := k.input(0, Float32, Float64)
		if fault != nil {
			return fault
		}
		otherwise := int64(-1)
		if k.opset < 13 {
			otherwise = 1
		}
		axis, fault := axisOf(k.int("axis", otherwise), x.rank())
		if fault != nil {
			return fault
		}
		size, inner := x.shape[axis], product(x.shape[axis+1:])
		if k.opset < 13 {
			size, inner = size*inner, 1
		}
		z, fault := k.result(0, x.typ, x.shape)
		if fault != nil {
			return fault
		}
		if x.typ == Float32 {
			return k.emit(20*x.len(), softmaxOf[float32](kind, x, z, size, inner))
		}
		return k.emit(20*x.len(), softmaxOf[float64](kind, x, z, size, inner))
	}
}

func softmaxOf[T float](kind softmaxKind, x, z *value, size, inner int) binder {
	return func(m memory) step {
		x, z := at[T](m, x.slot), at[T](m, z.slot)
		return func() error {
			for g := 0; size > 0 && g < len(x)/size; g++ {
				from := g/inner*size*inner + g%inner
				softmaxGroup(kind, x[from:], z[from:], size, inner)
			}
			return nil
		}
	}
}

// softmaxGroup normalizes the elements 0, stride, 2·stride, …
func softmaxGroup[T float](kind softmaxKind, x, z []T, size, stride int) {
	best := 0
	for j := range size {
		if x[j*stride] > x[best*stride] {
			best = j
		}
	}
	if kind == hardmax {
		for j := range size {
			z[j*stride] = 0
		}
		z[best*stride] = 1
		return
	}
	top := x[best*stride]
	sum := T(0)
	for j := range size {
		z[j*stride] = T(math.Exp(float64(x[j*stride] - top)))
		sum += z[j*stride]
	}
	log := T(math.Log(float64(sum)))
	for j := range size {
		if kind == logSoftmax {
			z[j*stride] = x[j*stride] - top - log
		} else {
			z[j*stride] /= sum
		}
	}
}
