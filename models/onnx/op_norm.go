package onnx

import (
	"math"
	"slices"
)

// layerNormalization brings the elements from an axis on to mean 0 and
// variance 1, then scales and shifts them.
func layerNormalization(k *call) *Error {
	k.ignore("stash_type")
	if fault := k.arity(2, 3); fault != nil {
		return fault
	}
	x, scale, bias := k.in[0], k.in[1], k.optional(2)
	if x.typ != Float32 || scale.typ != Float32 || bias != nil && bias.typ != Float32 {
		return refuse(WrongType, "only float32 is supported")
	}
	axis, fault := axisOf(k.int("axis", -1), x.rank())
	if fault != nil {
		return fault
	}
	size := product(x.shape[axis:])
	if scale.len() != size || bias != nil && bias.len() != size || size == 0 {
		return refuse(WrongDimensions, "scale %v for the last dimensions of %v", scale.shape, x.shape)
	}
	epsilon := float64(k.float("epsilon", 1e-5))
	y, fault := k.result(0, Float32, x.shape)
	if fault != nil {
		return fault
	}
	// The training outputs: the mean of each group and 1/deviation.
	statistics := slices.Clone(x.shape)
	for i := range statistics[axis:] {
		statistics[axis+i] = 1
	}
	for i := 1; i < len(k.node.Outputs) && i <= 2; i++ {
		if _, fault := k.result(i, Float32, statistics); fault != nil {
			return fault
		}
	}
	outs := slices.Clone(k.out)
	return k.emit(6*x.len(), func(m memory) step {
		x, y, scale := at[float32](m, x.slot), at[float32](m, y.slot), at[float32](m, scale.slot)
		shift := make([]float32, size)
		if bias != nil {
			shift = at[float32](m, bias.slot)
		}
		return func() error {
			for g := 0; g < len(x); g += size {
				mean, deviation := normalizeGroup(x[g:g+size], y[g:g+size], scale, shift, epsilon)
				for i, o := range outs[1:] {
					at[float32](m, o.slot)[g/size] = [...]float32{float32(mean), float32(1 / deviation)}[i]
				}
			}
			return nil
		}
	})
}

func normalizeGroup(x, y, scale, shift []float32, epsilon float64) (mean, deviation float64) {
	variance := 0.0
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	for _, v := range x {
		variance += float64((float64(v) - mean) * (float64(v) - mean))
	}
	// What overflows float32 gives the bias alone, as in other runtimes.
	deviation = math.Sqrt(float64(float32(variance/float64(len(x)))) + epsilon)
	for i, v := range x {
		y[i] = float32(float32((float64(v)-mean)/deviation)*scale[i]) + shift[i]
	}
	return mean, deviation
}

// batchNormalization with the statistics of the training is one factor and
// one summand for each channel (dimension 1).
func batchNormalization(k *call) *Error {
	k.ignore("momentum", "spatial")
	if fault := k.arity(5, 5); fault != nil {
		return fault
	}
	if k.int("training_mode", 0) != 0 {
		return refuse(UnsupportedOperator, "training mode is not supported")
	}
	x := k.in[0]
	if x.rank() < 2 {
		return refuse(WrongDimensions, "the input has the shape %v", x.shape)
	}
	channels, inner := x.shape[1], product(x.shape[2:])
	for i, p := range k.in {
		if p.typ != Float32 {
			return refuse(WrongType, "input %d is of type %s; only float32 is supported", i, p.typ)
		}
		if i > 0 && p.len() != channels {
			return refuse(WrongDimensions, "input %d has %d elements for %d channels", i, p.len(), channels)
		}
	}
	epsilon := float64(k.float("epsilon", 1e-5))
	y, fault := k.result(0, Float32, x.shape)
	if fault != nil {
		return fault
	}
	in := k.in
	return k.emit(4*x.len(), func(m memory) step {
		x, y := at[float32](m, in[0].slot), at[float32](m, y.slot)
		scale, bias := at[float32](m, in[1].slot), at[float32](m, in[2].slot)
		mean, variance := at[float32](m, in[3].slot), at[float32](m, in[4].slot)
		return func() error {
			for i, v := range x {
				c := i / inner % channels
				factor := float64(scale[c]) / math.Sqrt(float64(variance[c])+epsilon)
				y[i] = float32(float64((float64(v)-float64(mean[c]))*factor) + float64(bias[c]))
			}
			return nil
		}
	})
}
