package onnx

import "slices"

// call is one node being compiled: its inputs, its attributes, and the
// outputs and kernel it gets. Operators are functions of a call.
type call struct {
	attributes
	c     *compiler
	node  *Node
	opset int64 // of the node's domain
	in    []*value
	out   []*value
}

// compileNode finds the node's operator and lets it compile.
func (c *compiler) compileNode(n *Node) *Error {
	fault := c.call(n)
	if fault != nil && fault.Op == "" {
		fault.Node, fault.Op = n.label(), n.operator()
	}
	return fault
}

func (c *compiler) call(n *Node) *Error {
	op, opset, fault := c.lookup(n)
	if fault != nil {
		return fault
	}
	k := &call{c: c, node: n, opset: opset, out: make([]*value, len(n.Outputs))}
	for _, name := range n.Inputs {
		v := c.names[name]
		if name != "" && v == nil {
			return refuse(InvalidGraph, "the input %q is not defined before this node", name)
		}
		if v != nil && v.keys != nil {
			return refuse(UnsupportedOperator, "the input %q is a sequence of maps", name)
		}
		k.in = append(k.in, v)
	}
	if fault := k.load(n.Attributes); fault != nil {
		return fault
	}
	fault = op.compile(k)
	if k.attributes.fault != nil { // it came first, and may have caused the other
		return k.attributes.fault
	}
	if fault != nil {
		return fault
	}
	if fault := k.unread(); fault != nil {
		return fault
	}
	for i, name := range n.Outputs {
		if name == "" {
			continue
		}
		if k.out[i] == nil {
			return refuse(UnsupportedOperator, "output %d (%q) is not supported", i, name)
		}
		if fault := c.define(name, k.out[i]); fault != nil {
			return fault
		}
	}
	return nil
}

// input gives a required input of one of the given types; of any, without.
func (k *call) input(i int, types ...Type) (*value, *Error) {
	v := k.optional(i)
	if v == nil {
		return nil, refuse(InvalidGraph, "input %d is missing", i)
	}
	return v, k.check(i, v, types)
}

func (k *call) check(i int, v *value, types []Type) *Error {
	if v != nil && (v.typ == Uint8 || len(types) > 0 && !slices.Contains(types, v.typ)) {
		return refuse(WrongType, "input %d is of type %s", i, v.typ)
	}
	return nil
}

// optional gives an input, or nil where it is left out.
func (k *call) optional(i int) *value {
	if i >= len(k.in) {
		return nil
	}
	return k.in[i]
}

// inputs checks the number of inputs.
func (k *call) arity(least, most int) *Error {
	if n := len(k.in); n < least || n > most {
		return refuse(InvalidGraph, "it has %d inputs, not %d to %d", n, least, most)
	}
	for i := range least {
		if k.in[i] == nil {
			return refuse(InvalidGraph, "input %d is missing", i)
		}
		if k.in[i].typ == Uint8 {
			return refuse(UnsupportedType, "input %d is of type uint8", i)
		}
	}
	return nil
}

// ints gives an optional input that must be a constant list of integers, as
// shapes and axes are: a shape that depends on the row is not supported.
func (k *call) constantInts(i int) ([]int64, bool, *Error) {
	v := k.optional(i)
	if v == nil {
		return nil, false, nil
	}
	if !v.constant {
		return nil, false, refuse(UnsupportedOperator, "input %d depends on the row; only a constant is supported", i)
	}
	switch v.typ {
	case Int64:
		return at[int64](k.c.memory, v.slot), true, nil
	case Int32:
		return convert(at[int32](k.c.memory, v.slot), func(x int32) int64 { return int64(x) }), true, nil
	}
	return nil, false, refuse(WrongType, "input %d is of type %s", i, v.typ)
}

// result makes an output with a buffer.
func (k *call) result(i int, t Type, shape []int) (*value, *Error) {
	v, fault := k.c.allocate(t, shape)
	if fault != nil {
		return nil, fault
	}
	k.setOutput(i, v)
	return v, nil
}

// alias makes an output that is an input in another shape.
func (k *call) alias(i int, v *value, shape []int) *Error {
	if fault := k.c.opts.Limits.admit(shape); fault != nil {
		return fault
	}
	k.setOutput(i, &value{typ: v.typ, shape: shape, slot: v.slot, constant: v.constant})
	return nil
}

// literal makes an output whose elements are known now.
func (k *call) literal(i int, t Type, shape []int, data any) *Error {
	if fault := k.c.opts.Limits.admit(shape); fault != nil {
		return fault
	}
	if fault := k.c.take(product(shape)); fault != nil {
		return fault
	}
	v := k.c.place(t, shape, data)
	v.constant = true
	k.setOutput(i, v)
	return nil
}

func (k *call) setOutput(i int, v *value) {
	for len(k.out) <= i {
		k.out = append(k.out, nil)
	}
	k.out[i] = v
}

// emit adds the kernel that computes the outputs from the inputs, or runs it
// at once where all inputs are constants.
func (k *call) emit(cost int, bind binder) *Error {
	kern := kernel{node: k.node, cost: cost, bind: bind}
	constant := true
	for _, v := range k.in {
		if v != nil {
			kern.in = append(kern.in, v.slot)
			constant = constant && v.constant
		}
	}
	for _, v := range k.out {
		if v != nil {
			kern.out = append(kern.out, v.slot)
		}
	}
	if constant {
		return k.fold(kern)
	}
	for _, v := range k.out {
		if v == nil {
			continue
		}
		if v.len() > k.c.opts.Limits.MaxRowElements {
			return refuse(TooLarge, "an output of shape %v has more than %d elements", v.shape, k.c.opts.Limits.MaxRowElements)
		}
		k.c.rowValue[v.slot] = true
	}
	k.c.kernels = append(k.c.kernels, kern)
	return nil
}

func (k *call) fold(kern kernel) *Error {
	if k.c.folding -= kern.cost; k.c.folding < 0 {
		return refuse(TooLarge, "what does not depend on the row costs more than %d operations", k.c.opts.Limits.MaxFolding)
	}
	if err := kern.bind(k.c.memory)(); err != nil {
		return refuse(InvalidGraph, "a constant can't be computed: %v", err)
	}
	for _, v := range k.out {
		if v != nil {
			v.constant = true
		}
	}
	return nil
}

// failure is the error a kernel returns for a row it has no answer for. It is
// made once, so that evaluation does not allocate.
func (k *call) failure(message string) *Error {
	return &Error{Reason: EvaluationFailed, Node: k.node.label(), Op: k.node.operator(), Message: message}
}
