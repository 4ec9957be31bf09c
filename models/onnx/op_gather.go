package onnx

import "slices"

// gather picks along an axis. Indices that are constant are a move; others
// are looked up for each row.
func gather(k *call) *Error {
	if fault := k.arity(2, 2); fault != nil {
		return fault
	}
	x, y := k.in[0], k.in[1]
	axis, fault := axisOf(k.int("axis", 0), x.rank())
	if fault != nil {
		return fault
	}
	shape := slices.Concat(x.shape[:axis], y.shape, x.shape[axis+1:])
	return k.pick(x, y, shape, axis, true)
}

// arrayFeatureExtractor picks columns. A list as input gives a row.
func arrayFeatureExtractor(k *call) *Error {
	if fault := k.arity(2, 2); fault != nil {
		return fault
	}
	x, y := k.in[0], k.in[1]
	if x.rank() == 0 || y.len() == 0 {
		return refuse(WrongDimensions, "the inputs have the shapes %v and %v", x.shape, y.shape)
	}
	shape := append(slices.Clone(x.shape[:x.rank()-1]), y.len())
	if x.rank() == 1 {
		shape = []int{1, y.len()}
	}
	return k.pick(x, y, shape, x.rank()-1, false)
}

// pick takes, along an axis of x, the elements that the flat list y names.
func (k *call) pick(x, y *value, shape []int, axis int, negative bool) *Error {
	size, inner := x.shape[axis], product(x.shape[axis+1:])
	outer := product(x.shape[:axis])
	if fault := k.c.opts.Limits.admit([]int{outer, y.len(), inner}); fault != nil {
		return fault
	}
	if y.constant {
		which, _, fault := k.constantInts(1)
		if fault != nil {
			return fault
		}
		index := make([]int32, 0, outer*len(which)*inner)
		for o := range outer {
			for _, w := range which {
				if negative && w < 0 {
					w += int64(size)
				}
				if w < 0 || w >= int64(size) {
					return refuse(WrongDimensions, "index %d is out of range %d", w, size)
				}
				for i := range inner {
					index = append(index, int32((o*size+int(w))*inner+i))
				}
			}
		}
		return k.move(0, x, shape, index)
	}
	z, fault := k.result(0, x.typ, shape)
	if fault != nil {
		return fault
	}
	layout := pickLayout{outer: outer, size: size, inner: inner, negative: negative}
	switch y.typ {
	case Int64:
		return pickBy[int64](k, x, y, z, layout)
	case Int32:
		return pickBy[int32](k, x, y, z, layout)
	}
	return refuse(WrongType, "the indices are of type %s", y.typ)
}

type pickLayout struct {
	outer, size, inner int
	negative           bool // indices count from the end
}

// gatherElements takes, for each element of the index, the element of x that
// differs from its place along the axis only.
func gatherElements(k *call) *Error {
	if fault := k.arity(2, 2); fault != nil {
		return fault
	}
	x, y := k.in[0], k.in[1]
	axis, fault := axisOf(k.int("axis", 0), x.rank())
	if fault != nil {
		return fault
	}
	which, _, fault := k.constantInts(1)
	if fault != nil {
		return fault
	}
	if y.rank() != x.rank() {
		return refuse(WrongDimensions, "the index has the shape %v for an input of %v", y.shape, x.shape)
	}
	strides := stridesOf(x.shape)
	along := strides[axis]
	for i := range x.shape {
		if i != axis && y.shape[i] > x.shape[i] {
			return refuse(WrongDimensions, "the index has the shape %v for an input of %v", y.shape, x.shape)
		}
	}
	strides[axis] = 0
	index := stridedIndex(y.shape, strides, 0)
	for i, w := range which {
		if w < 0 {
			w += int64(x.shape[axis])
		}
		if w < 0 || w >= int64(x.shape[axis]) {
			return refuse(WrongDimensions, "index %d is out of range %d", which[i], x.shape[axis])
		}
		index[i] += int32(w) * int32(along)
	}
	return k.move(0, x, y.shape, index)
}

func pickBy[I integer](k *call, x, y, z *value, l pickLayout) *Error {
	cost := 2 * z.len()
	switch x.typ {
	case Float32:
		return k.emit(cost, pickOf[float32, I](k, x, y, z, l))
	case Float64:
		return k.emit(cost, pickOf[float64, I](k, x, y, z, l))
	case Int64:
		return k.emit(cost, pickOf[int64, I](k, x, y, z, l))
	case Int32:
		return k.emit(cost, pickOf[int32, I](k, x, y, z, l))
	case Bool:
		return k.emit(cost, pickOf[bool, I](k, x, y, z, l))
	}
	return k.emit(cost, pickOf[string, I](k, x, y, z, l))
}

func pickOf[T Element, I integer](k *call, x, y, z *value, l pickLayout) binder {
	outOfRange := k.failure("an index is out of range")
	return func(m memory) step {
		x, y, z := at[T](m, x.slot), at[I](m, y.slot), at[T](m, z.slot)
		return func() error {
			rest := z
			for o := range l.outer {
				for _, w := range y {
					if l.negative && w < 0 {
						w += I(l.size)
					}
					if w < 0 || int64(w) >= int64(l.size) {
						return outOfRange
					}
					from := (o*l.size + int(w)) * l.inner
					copy(rest[:l.inner], x[from:from+l.inner])
					rest = rest[l.inner:]
				}
			}
			return nil
		}
	}
}
