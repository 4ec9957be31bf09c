package onnx

// Evaluator evaluates a program for one row after another without allocating.
// It is not for concurrent use.
type Evaluator struct {
	program *Program
	memory  memory
	steps   []step
}

// NewEvaluator makes an evaluator with buffers of its own.
func (p *Program) NewEvaluator() *Evaluator {
	e := &Evaluator{program: p, memory: append(memory{}, p.memory...)}
	e.allocate()
	e.steps = make([]step, len(p.kernels))
	for i := range p.kernels {
		e.steps[i] = p.kernels[i].bind(e.memory)
	}
	return e
}

// allocate puts the row values of one type side by side, in the order of
// their computation, so that a row stays in a few cache lines.
func (e *Evaluator) allocate() {
	var f32 arena[float32]
	var f64 arena[float64]
	var i64 arena[int64]
	var i32 arena[int32]
	var bools arena[bool]
	var texts arena[string]
	for pass := range 2 { // count, then cut
		for _, b := range e.program.buffers {
			switch b.typ {
			case Float32:
				e.memory[b.slot] = f32.cut(b.len, pass)
			case Float64:
				e.memory[b.slot] = f64.cut(b.len, pass)
			case Int64:
				e.memory[b.slot] = i64.cut(b.len, pass)
			case Int32:
				e.memory[b.slot] = i32.cut(b.len, pass)
			case Bool:
				e.memory[b.slot] = bools.cut(b.len, pass)
			case String:
				e.memory[b.slot] = texts.cut(b.len, pass)
			}
		}
	}
}

// arena is a slice from which buffers are cut.
type arena[T Element] struct {
	size int
	rest []T
}

func (a *arena[T]) cut(n, pass int) []T {
	if pass == 0 {
		a.size += n
		return nil
	}
	if a.rest == nil {
		a.rest = make([]T, a.size)
	}
	out := a.rest[:n:n]
	a.rest = a.rest[n:]
	return out
}

// Run computes the outputs of the row that is in the inputs. It fails only
// where an operator has no answer for the row's values; then the outputs are
// undefined.
func (e *Evaluator) Run() error {
	for _, s := range e.steps {
		if err := s(); err != nil {
			return err
		}
	}
	return nil
}

// InputOf gives the buffer of input i, to be filled before each Run. It is
// the same buffer for the life of the evaluator. A T that is not the input's
// type gives nil.
func InputOf[T Element](e *Evaluator, i int) []T {
	b, _ := e.memory[e.program.inputs[i].value.slot].([]T)
	return b
}

// OutputOf gives the buffer of output i, valid after each Run until the next.
// A T that is not the output's type gives nil.
func OutputOf[T Element](e *Evaluator, i int) []T {
	b, _ := e.memory[e.program.outputs[i].value.slot].([]T)
	return b
}
