package onnx

// allocate makes a value of the given type and shape with a buffer of its own.
func (c *compiler) allocate(t Type, shape []int) (*value, *Error) {
	if fault := c.opts.Limits.admit(shape); fault != nil {
		return nil, fault
	}
	n := product(shape)
	if fault := c.take(n); fault != nil {
		return nil, fault
	}
	return c.place(t, shape, makeBuffer(t, n)), nil
}

// admit checks a shape. A dimension of 0 empties a tensor, but does not excuse
// the others: some operators count them on their own.
func (l Limits) admit(shape []int) *Error {
	if len(shape) > l.MaxRank {
		return refuse(TooLarge, "a tensor would have %d dimensions, more than %d", len(shape), l.MaxRank)
	}
	n := 1
	for _, d := range shape {
		if d < 0 {
			return refuse(WrongDimensions, "a tensor would have dimension %d", d)
		}
		if d > l.MaxElements || n*max(d, 1) > l.MaxElements {
			return refuse(TooLarge, "a tensor would have the shape %v, more than %d elements", shape, l.MaxElements)
		}
		n *= max(d, 1)
	}
	return nil
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
