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

// Process runs a processor over a keyed stream.
func Process[K comparable, In, Out any](k Keyed[K, In], p Processor[K, In, Out]) Stream[Out] {
	return process(k, "process", p)
}

func process[K comparable, In, Out any](k Keyed[K, In], kind string, p Processor[K, In, Out]) Stream[Out] {
	n := k.attach(kind)
	out := streamOf[Out](k.p, n)
	op := &processOp[K, In, Out]{p: p, out: out.out}
	op.timerHandler, _ = p.(TimerHandler[K, Out])
	op.handle, op.armed = op.fireKey, armedAgenda
	n.timed = op
	op.join(n, k.space, func(*Pipeline) (state.Codec[agenda], error) { return agendaCodec{}, nil })
	open := n.open
	n.open = func(r *run) error {
		op.states = &States{p: r.p, operator: n.name, add: k.space.add}
		if opener, ok := p.(Opener); ok {
			if err := opener.Open(op.states); err != nil {
				return r.p.fault(n, "%v", err)
			}
		}
		if op.states.err != nil {
			return r.p.fault(n, "%v", op.states.err)
		}
		return open(r)
	}
	k.feed(op)
	return out
}

// processOp runs a processor. Its own part of a key's row are the timers; the
// processor's states are parts of their own.
type processOp[K comparable, In, Out any] struct {
	keyedOp[K, agenda]
	p            Processor[K, In, Out]
	timerHandler TimerHandler[K, Out]
	states       *States
	out          *output[Out]
}

// agenda is when a processor's code, and the end of its states' time to live,
// is next called for a key.
type agenda struct {
	schedule schedule
	expiry   armed
}

func (a *agenda) empty() bool {
	_, event := a.schedule.first(EventTime)
	_, processing := a.schedule.first(ProcessingTime)
	return !event && !processing && !a.expiry.set
}

func (o *processOp[K, In, Out]) receiveKeyed(t *task, v *visit[K], r Record[In]) {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
		}
	}()
	t.stats[o.node.id].in++
	c := o.context(t, v, r.Time)
	if err := o.p.Process(c, r.Value); err != nil {
		t.failed(o.node, err, r.Time, r.Value)
	}
	o.done(t, v, c)
}

func (o *processOp[K, In, Out]) context(t *task, v *visit[K], at Millis) *Context[K, Out] {
	c := scratchOf[Context[K, Out]](t, o.node)
	c.emitter, c.out = emitter{t, o.node, at}, o.out
	c.Key = v.key
	c.keyContext = keyContext{row: v, at: at, agenda: o.slot}
	return c
}

// done looks after the key's timers when its code has run.
func (o *processOp[K, In, Out]) done(t *task, v *visit[K], c *Context[K, Out]) {
	if c.changed && len(o.states.mortal) > 0 {
		o.expire(t, v)
	}
	if !c.timed {
		return
	}
	a := o.part(t, v)
	if a.empty() {
		v.clear(o.slot)
		return
	}
	for _, d := range [...]Domain{EventTime, ProcessingTime} {
		if at, ok := a.schedule.first(d); ok && a.schedule.arm(d, at) {
			o.push(d, v.timer(at, keyTimer))
		}
	}
}

// expire forgets what has ended of a key's states, and notes when the next of
// them ends.
func (o *processOp[K, In, Out]) expire(t *task, v *visit[K]) {
	next, now := MaxTime, o.node.line.watermark()
	r := v.write()
	for slot, p := range o.states.mortal {
		if r.parts[slot] == nil {
			continue
		}
		if r.parts[slot] = p.expire(r.parts[slot], now); r.parts[slot] != nil {
			next = min(next, p.next(r.parts[slot]))
		}
	}
	if next == MaxTime {
		return
	}
	if a := o.part(t, v); !a.expiry.set || next < a.expiry.at {
		a.expiry = armed{next, true}
		o.push(EventTime, v.timer(next, expiryTimer))
	}
}

// The queue's timers of a key are told apart by their cell.
const (
	keyTimer uint32 = iota
	expiryTimer
)

func armedAgenda(a *agenda, push func(d Domain, at Millis, cell uint32)) {
	for d, armed := range a.schedule.armed {
		if armed.set {
			push(Domain(d), armed.at, keyTimer)
		}
	}
	if a.expiry.set {
		push(EventTime, a.expiry.at, expiryTimer)
	}
}

func (o *processOp[K, In, Out]) fireKey(t *task, v *visit[K], d Domain, tm timer) {
	a := partOf[agenda](v, o.slot)
	if a == nil {
		return
	}
	v.write()
	c := o.context(t, v, tm.at)
	c.timed = true
	switch {
	case tm.cell == expiryTimer:
		if a.expiry != (armed{tm.at, true}) {
			return
		}
		a.expiry = armed{}
		c.changed = true
	case !a.schedule.disarm(d, tm.at):
		return
	default:
		if at, ok := a.schedule.first(d); ok && at == tm.at {
			a.schedule.remove(d, tm.at)
			o.call(t, c, Timer{d, tm.at})
		}
	}
	o.done(t, v, c)
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

type agendaCodec struct{}

func (agendaCodec) Append(dst []byte, a *agenda) []byte {
	return a.expiry.append(a.schedule.append(dst))
}

func (agendaCodec) Decode(b []byte, a *agenda) error {
	d := decoder{b: b}
	a.schedule.decode(&d)
	a.expiry.decode(&d)
	return d.end()
}
