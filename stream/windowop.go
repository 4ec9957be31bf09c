package stream

import (
	"fmt"

	"github.com/tidegate/tidegate/stream/state"
)

// windowOp assigns records to windows and asks the trigger when to emit what
// they hold. It is the operator for all windows but those with shared panes.
type windowOp[K comparable, T, A, C any] struct {
	keyedOp[K, cells[C]]
	spec  Windowed[K, T]
	hold  contents[T, A, C]
	out   *output[Result[K, A]]
	merge MergingTrigger // of windows that merge
}

func buildWindow[K comparable, T, A, C any](w Windowed[K, T], n *node, out Stream[Result[K, A]], hold contents[T, A, C]) {
	op := &windowOp[K, T, A, C]{spec: w, hold: hold, out: out.out}
	op.merge, _ = w.trigger.(MergingTrigger)
	op.handle, op.armed = op.fireCell, armedCells[C]
	n.timed = op
	op.join(n, w.keyed.space, func(p *Pipeline) (state.Codec[cells[C]], error) {
		codec, err := codecFor[C](p)
		return cellsCodec[C]{codec}, err
	})
	w.keyed.feed(op)
}

// windowScratch is what the operator reuses from record to record.
type windowScratch struct {
	windows []Span
	trigger TriggerContext
}

func (o *windowOp[K, T, A, C]) receiveKeyed(t *task, v *visit[K], r Record[T]) {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
			o.abandon(t, v)
		}
	}()
	t.stats[o.node.id].in++
	var (
		s         = scratchOf[windowScratch](t, o.node)
		now       Millis
		at        = r.Time
		gap       = o.spec.windows.gap
		watermark = o.node.line.watermark()
		element   = Element{Time: r.Time}
	)
	if o.spec.windows.domain == ProcessingTime || o.timesOut() {
		now = t.run.clock.Now()
	}
	if o.spec.windows.domain == ProcessingTime {
		at = now
	}
	if o.spec.gap != nil {
		if gap = millis(o.spec.gap(r.Value)); gap <= 0 {
			t.failed(o.node, fmt.Errorf("its session gap is %d ms: it must be positive", gap), r.Time, r.Value)
			return
		}
	}
	if o.spec.measure != nil {
		element.Measure = o.spec.measure(r.Value)
	}
	s.windows = o.spec.windows.assign(at, gap, s.windows[:0])
	s.trigger = TriggerContext{Watermark: watermark, Now: now, domain: o.spec.windows.domain}
	skipped := true
	for _, w := range s.windows {
		if o.late(w, watermark) && !o.joinsLive(v, w) {
			continue
		}
		skipped = false
		o.add(t, v, w, r, element)
	}
	if skipped && o.spec.windows.domain == EventTime && later(r.Time, o.spec.lateness) <= watermark {
		t.stats[o.node.id].late++
		if o.spec.late.out != nil {
			o.spec.late.out.emit(t, r)
		}
	}
}

// timesOut says whether the trigger may look at the clock.
func (o *windowOp[K, T, A, C]) timesOut() bool {
	_, builtin := o.spec.trigger.(atEnd)
	return !builtin
}

// end is when a window is forgotten.
func (o *windowOp[K, T, A, C]) end(w Span) Millis {
	if o.spec.windows.domain == ProcessingTime {
		return w.MaxTimestamp()
	}
	return later(w.MaxTimestamp(), o.spec.lateness)
}

func (o *windowOp[K, T, A, C]) late(w Span, watermark Millis) bool {
	return o.spec.windows.domain == EventTime && o.end(w) <= watermark
}

// joinsLive says whether a session that is over by itself meets one that is
// not.
func (o *windowOp[K, T, A, C]) joinsLive(v *visit[K], w Span) bool {
	if o.spec.windows.kind != sessionWindows {
		return false
	}
	windows := partOf[cells[C]](v, o.slot)
	if windows == nil {
		return false
	}
	from, to := windows.touching(w)
	return from < to
}

// add puts a record into a window of its key.
func (o *windowOp[K, T, A, C]) add(t *task, v *visit[K], w Span, r Record[T], element Element) {
	windows := o.part(t, v)
	var c *cell[C]
	if o.spec.windows.kind == sessionWindows {
		c = o.mergeInto(t, windows, w)
	} else if i, found := windows.find(w); found {
		c = &windows.list[i]
	} else {
		c = windows.insert(i, w)
	}
	o.hold.add(&c.contents, r, element.Measure)
	c.filled = true
	trigger := o.context(t, c)
	o.act(t, v.key, c, o.spec.trigger.OnElement(trigger, element))
	c.schedule.silent = false
	o.arm(v, c)
}

// abandon forgets windows that a record began and did not get into, because
// the program's code panicked: nothing would end them.
func (o *windowOp[K, T, A, C]) abandon(t *task, v *visit[K]) {
	windows := partOf[cells[C]](v, o.slot)
	if windows == nil {
		return
	}
	v.write()
	for i := len(windows.list) - 1; i >= 0; i-- {
		if c := &windows.list[i]; !c.filled && !c.schedule.armed[EventTime].set && !c.schedule.armed[ProcessingTime].set && c.schedule.more == nil {
			windows.remove(i)
		}
	}
	if len(windows.list) == 0 {
		o.drop(t, v, windows)
	}
}

// mergeInto finds the session that a record's window belongs to, and makes
// one of those that it connects.
func (o *windowOp[K, T, A, C]) mergeInto(t *task, windows *cells[C], w Span) *cell[C] {
	from, to := windows.touching(w)
	if from == to {
		i, _ := windows.find(w)
		return windows.insert(i, w)
	}
	c := &windows.list[from]
	for i := from; i < to; i++ {
		w = w.cover(windows.list[i].window)
	}
	if w == c.window {
		return c
	}
	states := make([]TriggerState, 0, to-from)
	for i := from; i < to; i++ {
		x := &windows.list[i]
		states = append(states, x.schedule.state())
		x.schedule.clear()
		if i > from && x.filled {
			o.hold.merge(&c.contents, &x.contents)
			c.filled = true
		}
	}
	c.window = w
	for i := to - 1; i > from; i-- {
		windows.remove(i)
	}
	o.merge.OnMerge(o.context(t, c), states)
	return c
}

// context shows a window to its trigger.
func (o *windowOp[K, T, A, C]) context(t *task, c *cell[C]) *TriggerContext {
	trigger := &scratchOf[windowScratch](t, o.node).trigger
	trigger.Window, trigger.schedule, trigger.cleanup, trigger.offset = c.window, &c.schedule, o.end(c.window), 0
	return trigger
}

// act does what the trigger has decided.
func (o *windowOp[K, T, A, C]) act(t *task, k K, c *cell[C], d Decision) {
	if d&Fire != 0 && c.filled {
		var value A
		value, c.filled = o.hold.result(&c.contents)
		t.stats[o.node.id].out++
		o.out.emit(t, Record[Result[K, A]]{
			Value: Result[K, A]{Key: k, Window: c.window, Value: value},
			Time:  c.window.MaxTimestamp(),
		})
	}
	if d&Purge != 0 {
		c.contents, c.filled = *new(C), false
	}
}

// arm puts the cell's first timers into the queues.
func (o *windowOp[K, T, A, C]) arm(v *visit[K], c *cell[C]) {
	for _, d := range [...]Domain{EventTime, ProcessingTime} {
		if at, ok := o.first(c, d); ok && c.schedule.arm(d, at) {
			o.push(d, v.timer(at, c.number))
		}
	}
}

// first is when the cell's first timer of a domain is due, its end included.
func (o *windowOp[K, T, A, C]) first(c *cell[C], d Domain) (at Millis, ok bool) {
	at, ok = c.schedule.first(d)
	if d != o.spec.windows.domain {
		return at, ok
	}
	if end := o.end(c.window); end != MaxTime && (!ok || end < at) {
		return end, true
	}
	return at, ok
}

func armedCells[C any](windows *cells[C], push func(d Domain, at Millis, cell uint32)) {
	for i := range windows.list {
		c := &windows.list[i]
		for d, a := range c.schedule.armed {
			if a.set {
				push(Domain(d), a.at, c.number)
			}
		}
	}
}

// fireCell handles a timer of the queue.
func (o *windowOp[K, T, A, C]) fireCell(t *task, v *visit[K], d Domain, tm timer) {
	windows := partOf[cells[C]](v, o.slot)
	if windows == nil {
		return
	}
	i := windows.numbered(tm.cell)
	if i < 0 {
		return
	}
	v.write()
	c := &windows.list[i]
	if !c.schedule.disarm(d, tm.at) {
		return
	}
	if at, ok := o.first(c, d); !ok || at > tm.at {
		o.arm(v, c) // it was moved back since it was armed
		return
	}
	c.schedule.remove(d, tm.at)
	s := scratchOf[windowScratch](t, o.node)
	s.trigger = TriggerContext{Watermark: o.node.line.watermark(), domain: o.spec.windows.domain}
	if d == ProcessingTime {
		s.trigger.Now = t.run.clock.Now()
	}
	ends := d == o.spec.windows.domain && tm.at == o.end(c.window)
	if !ends || !c.schedule.silent {
		o.act(t, v.key, c, o.spec.trigger.OnTimer(o.context(t, c), d, tm.at))
	}
	if !ends {
		o.arm(v, c)
		return
	}
	if windows.remove(i); len(windows.list) == 0 {
		o.drop(t, v, windows)
	}
}
