package onnx

// treeKernel is what the passes that rewrite trees need to know of a kernel:
// the walk, and how the leaves become outputs.
type treeKernel struct {
	forest  *Forest
	packed  *packed
	table   *leafTable // when the outputs are tabulated
	in      slot
	columns int
	rows    int
	finish  finisher
}

func (t *treeKernel) bind(m memory) step {
	walk, finish := t.packed.walker(m[t.in], t.columns), t.finish(m)
	if t.rows == 1 {
		return func() error {
			finish(0, walk(0))
			return nil
		}
	}
	return func() error {
		for r := range t.rows {
			finish(r, walk(r))
		}
		return nil
	}
}

func (t *treeKernel) cost() int {
	levels := 0
	for _, d := range t.packed.depth {
		levels += lanes * d
	}
	return t.rows * (2*levels + 4*t.packed.trees*t.forest.Targets + 3*len(t.packed.columns))
}

// finisher binds the computation of a row's outputs from the leaves it reached.
type finisher func(m memory) func(row int, leaves []uint32)

// emitTrees adds the kernel of a forest.
func (k *call) emitTrees(f *Forest, x *value, finish func(p *packed) finisher) *Error {
	p, fault := pack(f, k.c.opts.Limits)
	if fault != nil {
		return fault
	}
	t := &treeKernel{forest: f, packed: p, in: x.slot, columns: f.Columns, rows: x.len() / f.Columns, finish: finish(p)}
	before := len(k.c.kernels)
	if fault := k.emit(t.cost(), t.bind); fault != nil {
		return fault
	}
	f.Input = k.c.inputOf(x.slot)
	k.c.forests = append(k.c.forests, f)
	if len(k.c.kernels) > before {
		k.c.kernels[before].tree = t
	}
	return nil
}

// inputOf finds the graph input that a slot is.
func (c *compiler) inputOf(s slot) int {
	for i, in := range c.inputs {
		if in.value.slot == s {
			return i
		}
	}
	return -1
}

// rowInput gives input 0 as rows of columns: [N,C], or [C] as one row.
func (k *call) rowInput(types ...Type) (x *value, rows int, fault *Error) {
	x, fault = k.input(0, types...)
	if fault != nil {
		return nil, 0, fault
	}
	if x.rank() < 1 || x.rank() > 2 || x.len() == 0 {
		return nil, 0, refuse(WrongDimensions, "the input has the shape %v, not [N,C]", x.shape)
	}
	if x.rank() == 1 {
		return x, 1, nil
	}
	return x, x.shape[0], nil
}

func treeEnsembleRegressor(k *call) *Error {
	x, rows, fault := k.rowInput(Float32, Float64, Int64, Int32)
	if fault != nil {
		return fault
	}
	targets := k.int("n_targets", 1)
	if targets < 1 || targets > int64(k.c.opts.Limits.MaxRowElements) {
		return refuse(InvalidAttribute, "n_targets is %d", targets)
	}
	f, fault := k.classicForest("target", int(targets), x)
	if fault != nil {
		return fault
	}
	if targets == 1 && f.post != postNone && f.post != postProbit {
		return refuse(UnsupportedOperator, "post_transform %s with one target is not supported: runtimes disagree on it", k.text("post_transform", ""))
	}
	return k.regressor(f, x, rows, Float32)
}

func treeEnsemble(k *call) *Error {
	x, rows, fault := k.rowInput(Float32, Float64)
	if fault != nil {
		return fault
	}
	f, fault := k.forestV5(x)
	if fault != nil {
		return fault
	}
	return k.regressor(f, x, rows, x.typ)
}

func (k *call) regressor(f *Forest, x *value, rows int, typ Type) *Error {
	if len(f.Base) != 0 && len(f.Base) != f.Targets {
		return refuse(InconsistentLengths, "there are %d base values for %d targets", len(f.Base), f.Targets)
	}
	y, fault := k.result(0, typ, []int{rows, f.Targets})
	if fault != nil {
		return fault
	}
	return k.emitTrees(f, x, func(p *packed) finisher {
		switch {
		case !f.double:
			return finishRegressor[float32, float32](f, p, y.slot)
		case typ == Float64:
			return finishRegressor[float64, float64](f, p, y.slot)
		}
		return finishRegressor[float64, float32](f, p, y.slot)
	})
}

func finishRegressor[A, B float](f *Forest, p *packed, y slot) finisher {
	s := newScoring[A](f, p)
	return func(m memory) func(int, []uint32) {
		y := at[B](m, y)
		singles, _ := any(y).([]float32) // post transforms are of float32 outputs
		scores, voted := make([]A, f.Targets), make([]bool, f.Targets)
		return func(row int, leaves []uint32) {
			s.collect(leaves, scores, voted)
			s.regress(scores)
			out := y[row*f.Targets : (row+1)*f.Targets]
			for i, v := range scores {
				out[i] = B(v)
			}
			if f.post != postNone {
				f.post.apply(singles[row*f.Targets : (row+1)*f.Targets])
			}
		}
	}
}
