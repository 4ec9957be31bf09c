package stream

import (
	"slices"

	"github.com/tidegate/tidegate/stream/state"
)

// SortByEventTime holds the records of each key back until the watermark has
// passed them, and then emits them in the order of their times; those of one
// time in the order in which they came. Late ones go to a side output, given
// by [Sorted.LateTo], or are only counted.
func SortByEventTime[K comparable, T any](k Keyed[K, T]) Sorted[K, T] {
	n := k.attach("sort")
	op := &sortOp[K, T]{out: &keyedOutput[K, T]{}}
	op.handle, op.armed = op.release, armedPending[T]
	n.timed = op
	op.join(n, k.space, func(p *Pipeline) (state.Codec[pending[T]], error) {
		codec, err := codecFor[T](p)
		return pendingCodec[T]{timedCodec[T]{codec}}, err
	})
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

func armedPending[T any](p *pending[T], push func(d Domain, at Millis, cell uint32)) {
	p.armed.push(push)
}

func (p *pending[T]) show() any { return p.records }

func (o *sortOp[K, T]) receiveKeyed(t *task, v *visit[K], r Record[T]) {
	stats := &t.stats[o.node.id]
	stats.in++
	if r.Time <= o.node.line.watermark() {
		stats.late++
		if o.late.out != nil {
			o.late.out.emit(t, r)
		}
		return
	}
	p := o.part(t, v)
	p.records.add(r)
	o.arm(v, p)
}

func (o *sortOp[K, T]) arm(v *visit[K], p *pending[T]) {
	if at := p.records[0].Time; !p.armed.set || at < p.armed.at {
		p.armed = armed{at, true}
		o.push(EventTime, v.timer(at, 0))
	}
}

func (o *sortOp[K, T]) release(t *task, v *visit[K], _ Domain, tm timer) {
	p := partOf[pending[T]](v, o.slot)
	if p == nil || p.armed != (armed{tm.at, true}) {
		return
	}
	v.write()
	p.armed = armed{}
	n := 0
	for n < len(p.records) && p.records[n].Time <= tm.at {
		t.stats[o.node.id].out++
		o.out.emit(t, v, p.records[n])
		n++
	}
	if p.records = slices.Delete(p.records, 0, n); len(p.records) > 0 {
		o.arm(v, p)
	} else {
		o.drop(t, v, p)
	}
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
