package stream

import "github.com/tidegate/tidegate/stream/state"

// SortByEventTime holds the records of each key back until the watermark has
// passed them, and then emits them in the order of their times; those of one
// time in the order in which they came. Late ones go to a side output, given
// by [Sorted.LateTo], or are only counted.
func SortByEventTime[K comparable, T any](k Keyed[K, T]) Sorted[K, T] {
	n := k.attach("sort")
	op := &sortOp[K, T]{out: &keyedOutput[K, T]{}}
	op.node, op.space = n, k.space
	op.onTimer, op.rearm = op.release, op.rearmKey
	n.timed = op
	n.open = func(r *run) error {
		codec, err := codecFor[T](r.p)
		if err != nil {
			return r.p.fault(n, "%v", err)
		}
		return op.open(r, pendingCodec[T]{timedCodec[T]{codec}})
	}
	k.feed(op)
	return Sorted[K, T]{Keyed[K, T]{p: k.p, node: n, space: k.space, out: op.out}, op}
}

// Sorted is a keyed stream in the order of event time.
type Sorted[K comparable, T any] struct {
	Keyed[K, T]
	op *sortOp[K, T]
}

// LateTo sends records behind the watermark to a side output.
func (s Sorted[K, T]) LateTo(side Side[T]) Sorted[K, T] {
	side.writtenBy(s.node)
	s.op.late = side
	return s
}

// Named names the operator, as [Stream.Named] does.
func (s Sorted[K, T]) Named(name string) Sorted[K, T] {
	s.Keyed = s.Keyed.Named(name)
	return s
}

type sortOp[K comparable, T any] struct {
	keyedOp[K, pending[T]]
	out  *keyedOutput[K, T]
	late Side[T]
}

// pending are the records of one key that wait for the watermark.
type pending[T any] struct {
	records buffer[T]
	armed   armed
}

func (o *sortOp[K, T]) receiveKeyed(t *task, k key[K], r Record[T]) {
	stats := &t.stats[o.node.id]
	stats.in++
	if r.Time <= o.node.line.watermark() {
		stats.late++
		if o.late.out != nil {
			o.late.out.emit(t, r)
		}
		return
	}
	e, err := o.table.GetOrCreate(k.bytes)
	if err != nil {
		t.fatal(o.node, err)
		return
	}
	p := o.table.Update(e)
	p.records.add(r)
	o.arm(e.Key(), p)
}

func (o *sortOp[K, T]) arm(key string, p *pending[T]) {
	if at := p.records[0].Time; !p.armed.set || at < p.armed.at {
		p.armed = armed{at, true}
		o.push(EventTime, timer{at: at, key: key})
	}
}

func (o *sortOp[K, T]) rearmKey(key string, p *pending[T]) {
	if p.armed.set {
		o.push(EventTime, timer{at: p.armed.at, key: key})
	}
}

func (o *sortOp[K, T]) release(t *task, e *state.Entry[pending[T]], _ Domain, tm timer) {
	if e.Value().armed != (armed{tm.at, true}) {
		return
	}
	p := o.table.Update(e)
	p.armed = armed{}
	k := key[K]{o.space.codec.decode(e.Key()), t.local[o.node.id].key}
	for len(p.records) > 0 && p.records[0].Time <= tm.at {
		r := p.records[0]
		p.records = p.records[1:]
		t.stats[o.node.id].out++
		o.out.emit(t, k, r)
	}
	if len(p.records) == 0 {
		o.table.Delete(e)
		return
	}
	o.arm(e.Key(), p)
}

type pendingCodec[T any] struct{ records timedCodec[T] }

func (c pendingCodec[T]) Append(dst []byte, p *pending[T]) []byte {
	return c.records.append(p.armed.append(dst), p.records)
}

func (c pendingCodec[T]) Decode(b []byte, p *pending[T]) (err error) {
	d := decoder{b: b}
	p.armed.decode(&d)
	if p.records, err = c.records.decode(&d); err != nil {
		return err
	}
	return d.end()
}
