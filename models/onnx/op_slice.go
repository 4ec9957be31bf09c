package onnx

import (
	"math"
	"slices"
)

func transpose(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	perm := k.ints("perm")
	if !k.has("perm") {
		for i := x.rank() - 1; i >= 0; i-- {
			perm = append(perm, int64(i))
		}
	}
	axes, fault := axesOf(perm, x.rank())
	if fault != nil {
		return fault
	}
	if len(axes) != x.rank() {
		return refuse(WrongDimensions, "perm %v for %d dimensions", perm, x.rank())
	}
	from := stridesOf(x.shape)
	shape, strides := make([]int, len(axes)), make([]int, len(axes))
	for i, a := range axes {
		shape[i], strides[i] = x.shape[a], from[a]
	}
	return k.move(0, x, shape, stridedIndex(shape, strides, 0))
}

// slice takes starts, ends, axes and steps as attributes before operator set
// 10 and as inputs since.
func slice(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	lists := [4][]int64{k.ints("starts"), k.ints("ends"), k.ints("axes"), nil}
	given := [4]bool{k.has("starts"), k.has("ends"), k.has("axes"), false}
	if k.opset >= 10 {
		for i := range lists {
			if lists[i], given[i], fault = k.constantInts(i + 1); fault != nil {
				return fault
			}
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	if !given[0] || !given[1] || len(starts) != len(ends) {
		return refuse(InconsistentLengths, "there are %d starts and %d ends", len(starts), len(ends))
	}
	if !given[2] {
		axes = nil
		for i := range starts {
			axes = append(axes, int64(i))
		}
	}
	if len(axes) != len(starts) || given[3] && len(steps) != len(starts) {
		return refuse(InconsistentLengths, "there are %d starts, %d axes and %d steps", len(starts), len(axes), len(steps))
	}
	along, fault := axesOf(axes, x.rank())
	if fault != nil {
		return fault
	}
	shape, strides, offset := slices.Clone(x.shape), stridesOf(x.shape), 0
	for i, axis := range along {
		stepBy := int64(1)
		if given[3] {
			stepBy = steps[i]
		}
		if stepBy == 0 || stepBy == math.MinInt64 {
			return refuse(InvalidAttribute, "a step is %d", stepBy)
		}
		first, n := sliceRange(starts[i], ends[i], stepBy, int64(x.shape[axis]))
		shape[axis] = int(n)
		offset += int(first) * strides[axis]
		strides[axis] *= int(min(max(stepBy, -int64(x.shape[axis])), int64(x.shape[axis])))
	}
	return k.move(0, x, shape, stridedIndex(shape, strides, offset))
}

// sliceRange clamps a range as Python does: the first index and the count.
func sliceRange(start, end, step, size int64) (first, count int64) {
	low, high := int64(0), size
	if step < 0 {
		low, high = -1, size-1
	}
	clampTo := func(v int64) int64 {
		if v < 0 {
			v += size
		}
		return min(max(v, low), high)
	}
	start, end = clampTo(start), clampTo(end)
	if step > 0 && start < end {
		return start, (end-start-1)/step + 1
	}
	if step < 0 && start > end {
		return start, (start-end-1)/-step + 1
	}
	return 0, 0
}

// split cuts along an axis; the sizes became an input with operator set 13.
func split(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	axis, fault := axisOf(k.int("axis", 0), x.rank())
	if fault != nil {
		return fault
	}
	n := len(k.node.Outputs)
	sizes, given := k.ints("split"), k.has("split")
	if k.opset >= 13 {
		if sizes, given, fault = k.constantInts(1); fault != nil {
			return fault
		}
	}
	if k.opset >= 18 && k.int("num_outputs", int64(n)) != int64(n) {
		return refuse(InvalidAttribute, "num_outputs is not the number of outputs, %d", n)
	}
	if !given { // equal parts; the last one may be smaller
		part := (x.shape[axis] + n - 1) / max(n, 1)
		for i := range n {
			sizes = append(sizes, int64(min(part, max(x.shape[axis]-i*part, 0))))
		}
	}
	total := int64(0)
	for _, s := range sizes {
		if s < 0 || s > int64(x.shape[axis]) {
			return refuse(WrongDimensions, "the parts are %v of %d", sizes, x.shape[axis])
		}
		total += s
	}
	if len(sizes) != n || total != int64(x.shape[axis]) {
		return refuse(WrongDimensions, "the %d outputs have the parts %v of %d", n, sizes, x.shape[axis])
	}
	strides, offset := stridesOf(x.shape), 0
	for i, s := range sizes {
		shape := slices.Clone(x.shape)
		shape[axis] = int(s)
		if fault := k.move(i, x, shape, stridedIndex(shape, strides, offset)); fault != nil {
			return fault
		}
		offset += int(s) * strides[axis]
	}
	return nil
}

func expand(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	dims, _, fault := k.constantInts(1)
	if fault != nil {
		return fault
	}
	want, fault := shapeFrom(dims)
	if fault != nil {
		return fault
	}
	shape, fault := broadcastShapes(x.shape, want)
	if fault != nil {
		return fault
	}
	if fault := k.c.opts.Limits.admit(shape); fault != nil {
		return fault
	}
	index := broadcastIndex(x.shape, shape)
	if index == nil {
		return k.alias(0, x, shape)
	}
	return k.move(0, x, shape, index)
}

func tile(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	repeats, _, fault := k.constantInts(1)
	if fault != nil {
		return fault
	}
	if len(repeats) != x.rank() {
		return refuse(WrongDimensions, "%d repeats for %d dimensions", len(repeats), x.rank())
	}
	times, fault := shapeFrom(repeats)
	if fault != nil {
		return fault
	}
	// Each dimension d repeated r times is the two dimensions [r, d], of
	// which the first has no extent in the input.
	var shape, wide, strides []int
	own := stridesOf(x.shape)
	for i, d := range x.shape {
		shape = append(shape, min(times[i], math.MaxInt32)*d)
		wide = append(wide, times[i], d)
		strides = append(strides, 0, own[i])
	}
	if fault := k.c.opts.Limits.admit(shape); fault != nil {
		return fault
	}
	return k.move(0, x, shape, stridedIndex(wide, strides, 0))
}
