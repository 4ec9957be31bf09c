package stream

// Collector takes what an operator emits for one record. It is valid during
// the call that it is given to.
type Collector[Out any] struct {
	emitter
	out *output[Out]
}

// Emit emits a record of the time of the one being handled.
func (c *Collector[Out]) Emit(v Out) { c.EmitAt(v, c.at) }

// EmitAt emits a record of another time.
func (c *Collector[Out]) EmitAt(v Out, at Millis) {
	c.task.stats[c.node.id].out++
	c.out.emit(c.task, Record[Out]{v, at})
}

// Time is the time of the record being handled.
func (c *Collector[Out]) Time() Millis { return c.at }

// Watermark is the operator's event time: no record of this time or an
// earlier one is to be expected.
func (c *Collector[Out]) Watermark() Millis { return c.node.line.watermark() }

// Now is processing time.
func (c *Collector[Out]) Now() Millis { return c.task.run.clock.Now() }

// emitter is what emitting needs to know, whatever the type.
type emitter struct {
	task *task
	node *node
	at   Millis
}

func (e *emitter) emitting() *emitter { return e }

// FlatMap turns each record into any number of others. A record for which f
// returns an error goes to the dead letters; what was emitted for it stays.
func FlatMap[In, Out any](s Stream[In], f func(c *Collector[Out], v In) error) Stream[Out] {
	out := streamOf[Out](s.p, s.attach("flat map"))
	s.feed(&flatMapOp[In, Out]{node: out.node, f: f, out: out.out})
	return out
}

type flatMapOp[In, Out any] struct {
	node *node
	f    func(c *Collector[Out], v In) error
	out  *output[Out]
}

func (o *flatMapOp[In, Out]) receive(t *task, r Record[In]) {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
		}
	}()
	t.stats[o.node.id].in++
	c := scratchOf[Collector[Out]](t, o.node)
	c.emitter, c.out = emitter{t, o.node, r.Time}, o.out
	if err := o.f(c, r.Value); err != nil {
		t.failed(o.node, err, r.Time, r.Value)
	}
}
