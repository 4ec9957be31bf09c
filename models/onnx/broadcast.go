package onnx

import "slices"

// broadcastShapes gives the shape that all shapes extend to by the rules of
// NumPy: aligned at the last dimension, 1 extends to anything.
func broadcastShapes(shapes ...[]int) ([]int, *Error) {
	var out []int
	for _, s := range shapes {
		for len(out) < len(s) {
			out = slices.Insert(out, 0, 1)
		}
	}
	for _, s := range shapes {
		for i, d := range s {
			o := &out[len(out)-len(s)+i]
			switch {
			case *o == d || d == 1:
			case *o == 1:
				*o = d
			default:
				return nil, refuse(WrongDimensions, "shapes %v do not broadcast", shapes)
			}
		}
	}
	return out, nil
}

// broadcastIndex tells for each element of the output shape which element of
// a tensor of the given shape belongs to it; nil if it is the same one.
func broadcastIndex(shape, out []int) []int32 {
	if product(shape) == product(out) {
		return nil
	}
	strides := make([]int, len(out))
	stride := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] != 1 {
			strides[len(out)-len(shape)+i] = stride
		}
		stride *= shape[i]
	}
	return stridedIndex(out, strides, 0)
}

// stridedIndex lists, for each element of a shape in order, offset plus the
// sum of its coordinates times the strides.
func stridedIndex(shape, strides []int, offset int) []int32 {
	n := product(shape)
	index := make([]int32, n)
	at := make([]int, len(shape))
	for i := range index {
		index[i] = int32(offset)
		for d := len(shape) - 1; d >= 0; d-- {
			at[d]++
			offset += strides[d]
			if at[d] < shape[d] {
				break
			}
			offset -= shape[d] * strides[d]
			at[d] = 0
		}
	}
	return index
}

// spread gives the elements of x by a broadcast index.
func spread[T Element](x []T, index []int32, i int) T {
	if index != nil {
		i = int(index[i])
	}
	return x[i]
}

// axisOf makes a negative axis count from the end.
func axisOf(axis int64, rank int) (int, *Error) {
	if axis < 0 {
		axis += int64(rank)
	}
	if axis < 0 || axis >= int64(rank) {
		return 0, refuse(WrongDimensions, "axis %d of a tensor with %d dimensions", axis, rank)
	}
	return int(axis), nil
}

// axesOf does it for a list, and refuses repetitions.
func axesOf(axes []int64, rank int) ([]int, *Error) {
	out := make([]int, 0, len(axes))
	for _, a := range axes {
		axis, fault := axisOf(a, rank)
		if fault != nil {
			return nil, fault
		}
		if slices.Contains(out, axis) {
			return nil, refuse(WrongDimensions, "axis %d is given twice", axis)
		}
		out = append(out, axis)
	}
	return out, nil
}
