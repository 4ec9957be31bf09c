package onnx

// allocate makes a value of the given type and shape with a buffer of its own.
func (c *compiler) allocate(t Type, shape []int) (*value, *Error) {
	if len(shape) > c.opts.Limits.MaxRank {
		return nil, refuse(TooLarge, "a value has %d dimensions, more than %d", len(shape), c.opts.Limits.MaxRank)
	}
	n := 1
	for _, d := range shape {
		if d < 0 {
			return nil, refuse(WrongDimensions, "a value would have dimension %d", d)
		}
		if d > c.opts.Limits.MaxElements || n*d > c.opts.Limits.MaxElements {
			return nil, refuse(TooLarge, "a value would have the shape %v", shape)
		}
		n *= d
	}
	if fault := c.take(n); fault != nil {
		return nil, fault
	}
	return c.place(t, shape, makeBuffer(t, n)), nil
}

// take counts elements against the limit.
func (c *compiler) take(n int) *Error {
	if c.elements -= n; c.elements < 0 {
		return refuse(TooLarge, "the model's values have more than %d elements", c.opts.Limits.MaxElements)
	}
	return nil
}

// constant makes a value of a tensor of the file; it shares the tensor's data.
func (c *compiler) constant(t *Tensor) (*value, *Error) {
	if fault := c.take(product(t.Shape)); fault != nil {
		return nil, fault
	}
	v := c.place(t.Type, t.Shape, t.Data)
	v.constant = true
	return v, nil
}

func (c *compiler) place(t Type, shape []int, data any) *value {
	v := &value{typ: t, shape: shape, slot: slot(len(c.memory))}
	c.memory = append(c.memory, data)
	c.rowValue = append(c.rowValue, false)
	return v
}
