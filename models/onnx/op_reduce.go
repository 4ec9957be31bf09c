package onnx

import (
	"math"
	"slices"
)

// reduction folds the elements along axes: each element goes through prepare,
// then fold from the left, then finish with the count.
type reduction struct {
	initial float64
	prepare func(float64) float64
	fold    func(a, b float64) float64
	finish  func(v float64, n int) float64
	axes    int64 // operator set with which the axes became an input
}

var (
	reduceSum       = reduction{fold: func(a, b float64) float64 { return a + b }, axes: 13}
	reduceMean      = reduction{fold: func(a, b float64) float64 { return a + b }, finish: func(v float64, n int) float64 { return v / float64(n) }, axes: 18}
	reduceProd      = reduction{initial: 1, fold: func(a, b float64) float64 { return a * b }, axes: 18}
	reduceMax       = reduction{initial: math.Inf(-1), fold: math.Max, axes: 18}
	reduceMin       = reduction{initial: math.Inf(1), fold: math.Min, axes: 18}
	reduceL1        = reduction{prepare: math.Abs, fold: func(a, b float64) float64 { return a + b }, axes: 18}
	reduceL2        = reduction{prepare: square, fold: func(a, b float64) float64 { return a + b }, finish: func(v float64, _ int) float64 { return math.Sqrt(v) }, axes: 18}
	reduceSumSquare = reduction{prepare: square, fold: func(a, b float64) float64 { return a + b }, axes: 18}
	reduceLogSum    = reduction{fold: func(a, b float64) float64 { return a + b }, finish: func(v float64, _ int) float64 { return math.Log(v) }, axes: 18}
)

func square(x float64) float64 { return x * x }

func reduceOperator(r reduction) func(*call) *Error {
	return func(k *call) *Error {
		x, fault := k.input(0)
		if fault != nil {
			return fault
		}
		group, shape, fault := k.reducedAxes(x, r.axes)
		if fault != nil {
			return fault
		}
		if group == nil {
			return k.alias(0, x, x.shape)
		}
		switch x.typ {
		case Float32:
			return reduceBy[float32](k, x, shape, group, r)
		case Float64:
			return reduceBy[float64](k, x, shape, group, r)
		case Int64, Int32: // float64 would not hold every int64
			if r.finish == nil && x.typ == Int32 {
				return reduceBy[int32](k, x, shape, group, r)
			}
		}
		return refuse(WrongType, "the input is of type %s", x.typ)
	}
}

// reducedAxes finds which element of the output each element of the input
// goes to; nil if nothing is to be reduced.
func (k *call) reducedAxes(x *value, since int64) (group []int32, shape []int, fault *Error) {
	list, given, fault := k.axesInput(1, since)
	if fault != nil {
		return nil, nil, fault
	}
	keep := k.int("keepdims", 1) != 0
	noop := k.int("noop_with_empty_axes", 0) != 0
	axes, fault := axesOf(list, x.rank())
	if fault != nil {
		return nil, nil, fault
	}
	if !given || len(axes) == 0 {
		if noop {
			return nil, nil, nil
		}
		for i := range x.shape {
			axes = append(axes, i)
		}
	}
	strides, stride := make([]int, x.rank()), 1
	shape = []int{}
	for i := x.rank() - 1; i >= 0; i-- {
		if !slices.Contains(axes, i) {
			strides[i] = stride
			stride *= x.shape[i]
			shape = append(shape, x.shape[i])
		} else if keep {
			shape = append(shape, 1)
		}
	}
	slices.Reverse(shape)
	if fault := k.c.take(x.len()); fault != nil { // the index is as long as the input
		return nil, nil, fault
	}
	return stridedIndex(x.shape, strides, 0), shape, nil
}

func reduceBy[T number](k *call, x *value, shape []int, group []int32, r reduction) *Error {
	z, fault := k.result(0, x.typ, shape)
	if fault != nil {
		return fault
	}
	count := 0
	if z.len() > 0 {
		count = x.len() / z.len()
	}
	return k.emit(2*x.len()+z.len(), func(m memory) step {
		x, z := at[T](m, x.slot), at[T](m, z.slot)
		return func() error {
			for i := range z {
				z[i] = T(r.initial)
			}
			for i, to := range group {
				v := float64(x[i])
				if r.prepare != nil {
					v = float64(T(r.prepare(v)))
				}
				z[to] = T(r.fold(float64(z[to]), v))
			}
			if r.finish != nil {
				for i := range z {
					z[i] = T(r.finish(float64(z[i]), count))
				}
			}
			return nil
		}
	})
}

// reduceLogSumExp subtracts the maximum first, so that e^x does not overflow.
func reduceLogSumExp(k *call) *Error {
	x, fault := k.input(0, Float32, Float64)
	if fault != nil {
		return fault
	}
	group, shape, fault := k.reducedAxes(x, 18)
	if fault != nil {
		return fault
	}
	if group == nil {
		return k.alias(0, x, x.shape)
	}
	z, fault := k.result(0, x.typ, shape)
	if fault != nil {
		return fault
	}
	return k.emit(30*x.len(), func(m memory) step {
		get, put := toFloat64(x)(m), fromFloat64(z)(m)
		top, sum := make([]float64, z.len()), make([]float64, z.len())
		return func() error {
			for i := range top {
				top[i], sum[i] = math.Inf(-1), 0
			}
			for i, to := range group {
				top[to] = max(top[to], get(i))
			}
			for i, to := range group {
				if !math.IsInf(top[to], 0) {
					sum[to] += math.Exp(get(i) - top[to])
				}
			}
			for i := range top {
				if math.IsInf(top[i], 0) {
					put(i, top[i])
				} else {
					put(i, top[i]+math.Log(sum[i]))
				}
			}
			return nil
		}
	})
}
