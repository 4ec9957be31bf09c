package onnx

import "slices"

// Options of [Compile]; the zero value is right for a model of the registry.
type Options struct {
	Limits  Limits   // zero: DefaultLimits
	Outputs []string // compute these outputs only; none: all

	// AnyShape takes inputs of any rank and fixed batch, or none at all.
	// Without it an input is one row: [], [C], [1], [1,C] or those with an open
	// first dimension.
	AnyShape bool
	// NoFusion leaves out the passes that rewrite trees, for comparison.
	NoFusion bool
}

// Compile turns a model into a program for one row: it infers every type and
// shape with a batch of one, computes once what does not depend on the row,
// packs trees, and plans the buffers. Whatever is wrong with the model is
// found here; evaluation fails only where an operator has no answer for a
// row's values.
func Compile(m *Model, opts Options) (*Program, error) {
	if opts.Limits == (Limits{}) {
		opts.Limits = DefaultLimits
	}
	c := &compiler{model: m, opts: opts, names: map[string]*value{}, elements: opts.Limits.MaxElements, folding: opts.Limits.MaxFolding}
	p, fault := c.program()
	if fault != nil {
		return nil, fault
	}
	return p, nil
}

type compiler struct {
	model    *Model
	opts     Options
	names    map[string]*value
	memory   memory   // constants, and scratch for folding
	rowValue []bool   // by slot: depends on the row
	kernels  []kernel // in order of evaluation
	forests  []*Forest
	inputs   []port
	elements int // left of Limits.MaxElements
	folding  int // left of Limits.MaxFolding
}

// program is the whole compilation.
func (c *compiler) program() (*Program, *Error) {
	if fault := c.knowOperators(); fault != nil {
		return nil, fault
	}
	if fault := c.declareConstants(); fault != nil {
		return nil, fault
	}
	if fault := c.declareInputs(); fault != nil {
		return nil, fault
	}
	for i := range c.model.Graph.Nodes {
		if fault := c.compileNode(&c.model.Graph.Nodes[i]); fault != nil {
			return nil, fault
		}
	}
	outputs, fault := c.declareOutputs()
	if fault != nil {
		return nil, fault
	}
	c.dropUnused(outputs)
	if !c.opts.NoFusion {
		c.fuseLeaves(outputs)
		c.fuseForests(outputs)
		c.dropUnused(outputs)
	}
	return newProgram(c, outputs), nil
}

// knowOperators refuses unknown operators before anything else: they are what
// a person wants to hear about first.
func (c *compiler) knowOperators() *Error {
	for i := range c.model.Graph.Nodes {
		n := &c.model.Graph.Nodes[i]
		if _, _, fault := c.lookup(n); fault != nil {
			fault.Node, fault.Op = n.label(), n.operator()
			return fault
		}
	}
	return nil
}

func (c *compiler) declareConstants() *Error {
	for i := range c.model.Graph.Initializers {
		t := &c.model.Graph.Initializers[i]
		v, fault := c.constant(t)
		if fault != nil {
			return fault
		}
		if fault := c.define(t.Name, v); fault != nil {
			return fault
		}
	}
	return nil
}

func (c *compiler) declareInputs() *Error {
	for i := range c.model.Graph.Inputs {
		in := &c.model.Graph.Inputs[i]
		if v, ok := c.names[in.Name]; ok && v.constant {
			continue // before IR version 4 initializers were listed among the inputs
		}
		shape, fault := c.inputShape(in)
		if fault != nil {
			return fault
		}
		v, fault := c.allocate(in.Type, shape)
		if fault != nil {
			return fault
		}
		c.rowValue[v.slot] = true
		if fault := c.define(in.Name, v); fault != nil {
			return fault
		}
		c.inputs = append(c.inputs, port{name: in.Name, value: v})
	}
	if len(c.inputs) == 0 && !c.opts.AnyShape {
		return refuse(InvalidGraph, "the graph has no inputs")
	}
	return nil
}

// inputShape is the shape of one row of an input.
func (c *compiler) inputShape(in *ValueInfo) ([]int, *Error) {
	if in.Map || in.Type == 0 || in.Type == Uint8 {
		return nil, refuse(UnsupportedType, "input %q has no supported tensor type", in.Name)
	}
	if !in.HasShape {
		return nil, refuse(WrongDimensions, "input %q has no shape: export it with one, as [None, 15]", in.Name)
	}
	shape := slices.Clone(in.Dims)
	if c.opts.AnyShape {
		if slices.Contains(shape, -1) {
			return nil, refuse(WrongDimensions, "input %q has an open dimension: %v", in.Name, shape)
		}
		return shape, nil
	}
	if len(shape) > 2 {
		return nil, refuse(WrongDimensions, "input %q has %d dimensions; a row has at most 2", in.Name, len(shape))
	}
	if len(shape) > 0 && shape[0] == -1 {
		shape[0] = 1
	}
	if len(shape) == 2 && shape[0] != 1 {
		return nil, refuse(WrongDimensions, "input %q is fixed to a batch of %d; only one row at a time is evaluated", in.Name, shape[0])
	}
	for _, d := range shape {
		switch {
		case d == -1:
			return nil, refuse(WrongDimensions, "the number of columns of input %q is open: export it with the number, as [None, 15]", in.Name)
		case d < 1:
			return nil, refuse(WrongDimensions, "input %q has dimensions %v", in.Name, in.Dims)
		}
	}
	return shape, nil
}

// define binds a name, once.
func (c *compiler) define(name string, v *value) *Error {
	if name == "" {
		return refuse(InvalidGraph, "an input or initializer has no name")
	}
	if _, dup := c.names[name]; dup {
		return refuse(InvalidGraph, "%q is defined twice", name)
	}
	c.names[name] = v
	return nil
}

// declareOutputs finds the outputs that are wanted.
func (c *compiler) declareOutputs() ([]port, *Error) {
	var out []port
	for i := range c.model.Graph.Outputs {
		o := &c.model.Graph.Outputs[i]
		v, ok := c.names[o.Name]
		if !ok {
			return nil, refuse(InvalidGraph, "no node gives the output %q", o.Name)
		}
		if v.typ == Uint8 {
			return nil, refuse(UnsupportedType, "output %q is of type uint8", o.Name)
		}
		if o.Type != 0 && o.Type != v.typ || o.Map != (v.keys != nil) {
			return nil, refuse(WrongType, "output %q is declared as another type than the %s it is", o.Name, v.typ)
		}
		if len(c.opts.Outputs) == 0 || slices.Contains(c.opts.Outputs, o.Name) {
			out = append(out, port{name: o.Name, value: v})
		}
	}
	if len(out) == 0 {
		return nil, refuse(InvalidGraph, "the graph has no outputs")
	}
	for _, name := range c.opts.Outputs {
		if !slices.ContainsFunc(out, func(p port) bool { return p.name == name }) {
			return nil, refuse(NoSuchOutput, "there is no output %q", name)
		}
	}
	return out, nil
}

// dropUnused removes kernels whose results nothing needs.
func (c *compiler) dropUnused(outputs []port) {
	needed := make([]bool, len(c.memory))
	for _, o := range outputs {
		needed[o.value.slot] = true
	}
	kept := len(c.kernels)
	for i := len(c.kernels) - 1; i >= 0; i-- {
		k := c.kernels[i]
		if !slices.ContainsFunc(k.out, func(s slot) bool { return needed[s] }) {
			continue
		}
		for _, s := range k.in {
			needed[s] = true
		}
		kept--
		c.kernels[kept] = k
	}
	c.kernels = slices.Delete(c.kernels, 0, kept)
}
