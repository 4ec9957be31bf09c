package onnx

// move makes an output that consists of elements of one input: element i of
// the output is element index[i] of the input. Transposing, slicing, tiling,
// and gathering by constant indices are all this one kernel; where the index
// is 0, 1, 2, … there is nothing to compute and the output is an alias.
func (k *call) move(i int, x *value, shape []int, index []int32) *Error {
	if len(index) == x.len() && isIdentity(index) {
		return k.alias(i, x, shape)
	}
	z, fault := k.result(i, x.typ, shape)
	if fault != nil {
		return fault
	}
	switch x.typ {
	case Float32:
		return k.emitPart(x, z, moveOf[float32](x, z, index))
	case Float64:
		return k.emitPart(x, z, moveOf[float64](x, z, index))
	case Int64:
		return k.emitPart(x, z, moveOf[int64](x, z, index))
	case Int32:
		return k.emitPart(x, z, moveOf[int32](x, z, index))
	case Bool:
		return k.emitPart(x, z, moveOf[bool](x, z, index))
	}
	return k.emitPart(x, z, moveOf[string](x, z, index))
}

// emitPart adds a kernel for one input and one of several outputs.
func (k *call) emitPart(x, z *value, bind binder) *Error {
	part := &call{c: k.c, node: k.node, in: []*value{x}, out: []*value{z}}
	return part.emit(z.len(), bind)
}

func moveOf[T Element](x, z *value, index []int32) binder {
	return func(m memory) step {
		x, z := at[T](m, x.slot), at[T](m, z.slot)
		return func() error {
			for i, from := range index {
				z[i] = x[from]
			}
			return nil
		}
	}
}

func isIdentity(index []int32) bool {
	for i, at := range index {
		if int(at) != i {
			return false
		}
	}
	return true
}

// stridesOf are the distances between neighbours in each dimension.
func stridesOf(shape []int) []int {
	strides := make([]int, len(shape))
	stride := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = stride
		stride *= shape[i]
	}
	return strides
}
