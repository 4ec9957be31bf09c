package onnx

// cumSum adds up along an axis, forwards or backwards, with or without the
// element itself.
func cumSum(k *call) *Error {
	if fault := k.arity(2, 2); fault != nil {
		return fault
	}
	x := k.in[0]
	axes, _, fault := k.constantInts(1)
	if fault != nil {
		return fault
	}
	if len(axes) != 1 {
		return refuse(WrongDimensions, "there are %d axes", len(axes))
	}
	axis, fault := axisOf(axes[0], x.rank())
	if fault != nil {
		return fault
	}
	s := running{size: x.shape[axis], inner: product(x.shape[axis+1:])}
	s.exclusive, s.reverse = k.int("exclusive", 0) != 0, k.int("reverse", 0) != 0
	z, fault := k.result(0, x.typ, x.shape)
	if fault != nil {
		return fault
	}
	switch x.typ {
	case Float32:
		return k.emit(2*x.len(), runningOf[float32](x, z, s))
	case Float64:
		return k.emit(2*x.len(), runningOf[float64](x, z, s))
	case Int64:
		return k.emit(2*x.len(), runningOf[int64](x, z, s))
	case Int32:
		return k.emit(2*x.len(), runningOf[int32](x, z, s))
	}
	return refuse(WrongType, "the input is of type %s", x.typ)
}

// running is the layout of a running sum.
type running struct {
	size, inner        int
	exclusive, reverse bool
}

func runningOf[T number](x, z *value, s running) binder {
	return func(m memory) step {
		x, z := at[T](m, x.slot), at[T](m, z.slot)
		return func() error {
			for g := 0; s.size > 0 && g < len(x)/s.size; g++ {
				at, by := g/s.inner*s.size*s.inner+g%s.inner, s.inner
				if s.reverse {
					at, by = at+(s.size-1)*s.inner, -s.inner
				}
				var sum T
				for range s.size {
					before := sum
					sum += x[at]
					z[at] = sum
					if s.exclusive {
						z[at] = before
					}
					at += by
				}
			}
			return nil
		}
	}
}
