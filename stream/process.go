package stream

import "github.com/tidegate/tidegate/stream/state"

// Processor is an operator's own code over keyed records: with state that it
// declares in Open (see [Opener]) and timers that come back to OnTimer (see
// [TimerHandler]).
type Processor[K comparable, In, Out any] interface {
	// Process handles a record. A record for which it returns an error goes to
	// the dead letters; what was emitted or changed before stays.
	Process(c *Context[K, Out], in In) error
}

// Opener is a [Processor] with state.
type Opener interface {
	// Open declares the state, once, before the first record.
	Open(s *States) error
}

// TimerHandler is a [Processor] that sets timers.
type TimerHandler[K comparable, Out any] interface {
	// OnTimer is called when a timer of the context's key comes due, once.
	OnTimer(c *Context[K, Out], t Timer) error
}

// Timer is a timer that has come due.
type Timer struct {
	Domain Domain
	At     Millis // when it was set for
}

// Context is what a [Processor] is given for one record, or one timer, of a
// key. It is valid during the call.
type Context[K comparable, Out any] struct {
	Collector[Out]
	Key K
	keyContext
}

// SetTimer asks for OnTimer when the watermark reaches a time. There is at
// most one timer of a key and a time.
func (c *Context[K, Out]) SetTimer(at Millis) { c.write().schedule.set(EventTime, at) }

// DeleteTimer takes SetTimer back.
func (c *Context[K, Out]) DeleteTimer(at Millis) { c.write().schedule.remove(EventTime, at) }

// SetProcessingTimer asks for OnTimer when the clock reaches a time.
func (c *Context[K, Out]) SetProcessingTimer(at Millis) { c.write().schedule.set(ProcessingTime, at) }

// DeleteProcessingTimer takes SetProcessingTimer back.
func (c *Context[K, Out]) DeleteProcessingTimer(at Millis) {
	c.write().schedule.remove(ProcessingTime, at)
}

// Process runs a processor over a keyed stream.
func Process[K comparable, In, Out any](k Keyed[K, In], p Processor[K, In, Out]) Stream[Out] {
	return process(k, "process", p)
}

func process[K comparable, In, Out any](k Keyed[K, In], kind string, p Processor[K, In, Out]) Stream[Out] {
	n := k.attach(kind)
	out := streamOf[Out](k.p, n)
	op := &processOp[K, In, Out]{p: p, out: out.out}
	op.timerHandler, _ = p.(TimerHandler[K, Out])
	op.node, op.space = n, k.space
	op.onTimer, op.rearm = op.fireKey, op.rearmKey
	n.timed = op
	n.open = func(r *run) error {
		op.states = &States{p: r.p}
		if opener, ok := p.(Opener); ok {
			if err := opener.Open(op.states); err != nil {
				return r.p.fault(n, "%v", err)
			}
		}
		if op.states.err != nil {
			return r.p.fault(n, "%v", op.states.err)
		}
		return op.open(r, keyStateCodec{op.states})
	}
	k.feed(op)
	return out
}

type processOp[K comparable, In, Out any] struct {
	keyedOp[K, keyState]
	p            Processor[K, In, Out]
	timerHandler TimerHandler[K, Out]
	states       *States
	out          *output[Out]
}

func (o *processOp[K, In, Out]) receiveKeyed(t *task, k key[K], r Record[In]) {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
		}
	}()
	t.stats[o.node.id].in++
	c := o.context(t, k.value, r.Time)
	c.key = k.bytes
	if err := o.p.Process(c, r.Value); err != nil {
		t.failed(o.node, err, r.Time, r.Value)
	}
	o.done(t, c)
}

func (o *processOp[K, In, Out]) context(t *task, k K, at Millis) *Context[K, Out] {
	c := scratchOf[Context[K, Out]](t, o.node)
	c.emitter, c.out = emitter{t, o.node, at}, o.out
	c.Key = k
	c.keyContext = keyContext{table: o.table, states: o.states, at: at}
	return c
}

// done looks after the key's state when its code has run.
func (o *processOp[K, In, Out]) done(t *task, c *Context[K, Out]) {
	if c.err != nil {
		t.fatal(o.node, c.err)
		return
	}
	if !c.changed {
		return
	}
	s := c.entry.Value()
	s.expire(c.states, o.node.line.watermark())
	if s.empty() {
		o.table.Delete(c.entry)
		return
	}
	o.arm(c.entry.Key(), s)
}

// The queue's timers of a key are told apart by their cell.
const (
	keyTimer uint32 = iota
	expiryTimer
)

func (o *processOp[K, In, Out]) arm(key string, s *keyState) {
	for _, d := range [...]Domain{EventTime, ProcessingTime} {
		if at, ok := s.schedule.first(d); ok && s.schedule.arm(d, at) {
			o.push(d, timer{at, key, keyTimer})
		}
	}
	if at := s.nextExpiry(o.states); at != MaxTime && (!s.expiry.set || at < s.expiry.at) {
		s.expiry = armed{at, true}
		o.push(EventTime, timer{at, key, expiryTimer})
	}
}

func (o *processOp[K, In, Out]) rearmKey(key string, s *keyState) {
	for d, a := range s.schedule.armed {
		if a.set {
			o.push(Domain(d), timer{a.at, key, keyTimer})
		}
	}
	if s.expiry.set {
		o.push(EventTime, timer{s.expiry.at, key, expiryTimer})
	}
}

func (o *processOp[K, In, Out]) fireKey(t *task, e *state.Entry[keyState], d Domain, tm timer) {
	c := o.context(t, o.space.codec.decode(e.Key()), tm.at)
	c.entry, c.loaded = e, true
	s := c.write()
	switch {
	case tm.cell == expiryTimer:
		if s.expiry == (armed{tm.at, true}) {
			s.expiry = armed{}
		}
	case !s.schedule.disarm(d, tm.at):
		return
	default:
		if at, ok := s.schedule.first(d); ok && at == tm.at {
			s.schedule.remove(d, tm.at)
			o.call(t, c, Timer{d, tm.at})
		}
	}
	o.done(t, c)
}

func (o *processOp[K, In, Out]) call(t *task, c *Context[K, Out], tm Timer) {
	if o.timerHandler == nil {
		return
	}
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, tm.At, c.Key)
		}
	}()
	if err := o.timerHandler.OnTimer(c, tm); err != nil {
		t.failed(o.node, err, tm.At, c.Key)
	}
}
