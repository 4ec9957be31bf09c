package stream

import (
	"fmt"
	"time"
)

// Interval is two keyed streams of which each record of the left one belongs
// with those of the right one that are from lower to upper later than it.
type Interval[K comparable, L, R any] struct {
	keyed        Keyed[K, Either[L, R]]
	lower, upper Millis
	lateLeft     Side[L]
	lateRight    Side[R]
}

// Between connects two streams by an interval, both bounds included; they may
// be negative.
func Between[K comparable, L, R any](left Keyed[K, L], right Keyed[K, R], lower, upper time.Duration) Interval[K, L, R] {
	return Interval[K, L, R]{keyed: Connect(left, right), lower: millis(lower), upper: millis(upper)}
}

// ExcludeLower excludes the lower bound, ExcludeUpper the upper one.
func (i Interval[K, L, R]) ExcludeLower() Interval[K, L, R] {
	i.lower++
	return i
}

// ExcludeUpper excludes the upper bound.
func (i Interval[K, L, R]) ExcludeUpper() Interval[K, L, R] {
	i.upper--
	return i
}

// LateTo sends records that are behind the watermark to side outputs. Without
// them they are only counted.
func (i Interval[K, L, R]) LateTo(left Side[L], right Side[R]) Interval[K, L, R] {
	i.lateLeft, i.lateRight = left, right
	return i
}

// IntervalJoin emits every pair as soon as both of its records are there, at
// the time of the later one. Records stay until the watermark has passed
// everything that they could be paired with.
//
// A record whose time is exactly the watermark is still taken, as in Apache
// Flink; what it belongs with is also still there, which in Flink it may not
// be.
func IntervalJoin[K comparable, L, R, Out any](i Interval[K, L, R], f func(L, R) Out) Stream[Out] {
	n := i.keyed.attach("interval join")
	n.detail = fmt.Sprintf("%d ms to %d ms", i.lower, i.upper)
	out := streamOf[Out](i.keyed.p, n)
	if i.lower > i.upper {
		i.keyed.p.reject(n, "its lower bound of %d ms is above its upper one of %d ms", i.lower, i.upper)
	}
	op := &intervalOp[K, L, R, Out]{Interval: i, f: f, out: out.out}
	op.handle, op.armed = op.clean, armedBuffers[L, R]
	n.timed = op
	if i.lateLeft.node != nil {
		i.lateLeft.writtenBy(n)
	}
	if i.lateRight.node != nil {
		i.lateRight.writtenBy(n)
	}
	op.join(n, i.keyed.space, bufferedCodecOf[L, R])
	i.keyed.feed(op)
	return out
}

type intervalOp[K comparable, L, R, Out any] struct {
	keyedOp[K, buffered[L, R]]
	Interval[K, L, R]
	f   func(L, R) Out
	out *output[Out]
}

func (o *intervalOp[K, L, R, Out]) receiveKeyed(t *task, v *visit[K], r Record[Either[L, R]]) {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
		}
	}()
	t.stats[o.node.id].in++
	if r.Time < o.node.line.watermark() {
		o.tooLate(t, r)
		return
	}
	b := o.part(t, v)
	if e := r.Value; e.IsRight {
		b.right.add(Record[R]{e.Right, r.Time})
		for _, left := range b.left.between(shift(r.Time, -o.upper), shift(r.Time, -o.lower)) {
			o.pair(t, left, Record[R]{e.Right, r.Time})
		}
	} else {
		b.left.add(Record[L]{e.Left, r.Time})
		for _, right := range b.right.between(shift(r.Time, o.lower), shift(r.Time, o.upper)) {
			o.pair(t, Record[L]{e.Left, r.Time}, right)
		}
	}
	o.arm(v, b)
}

func (o *intervalOp[K, L, R, Out]) tooLate(t *task, r Record[Either[L, R]]) {
	t.stats[o.node.id].late++
	switch {
	case r.Value.IsRight && o.lateRight.out != nil:
		o.lateRight.out.emit(t, Record[R]{r.Value.Right, r.Time})
	case !r.Value.IsRight && o.lateLeft.out != nil:
		o.lateLeft.out.emit(t, Record[L]{r.Value.Left, r.Time})
	}
}

func (o *intervalOp[K, L, R, Out]) pair(t *task, l Record[L], r Record[R]) {
	t.stats[o.node.id].out++
	o.out.emit(t, Record[Out]{o.f(l.Value, r.Value), max(l.Time, r.Time)})
}

// Records are dropped when the watermark has passed the last time that they
// can be paired with: one millisecond after it has reached it.
func (o *intervalOp[K, L, R, Out]) dropLeft(at Millis) Millis {
	return later(shift(at, max(o.upper, 0)), 1)
}

func (o *intervalOp[K, L, R, Out]) dropRight(at Millis) Millis {
	return later(shift(at, max(-o.lower, 0)), 1)
}

func (o *intervalOp[K, L, R, Out]) arm(v *visit[K], b *buffered[L, R]) {
	at := MaxTime
	if len(b.left) > 0 {
		at = o.dropLeft(b.left[0].Time)
	}
	if len(b.right) > 0 {
		at = min(at, o.dropRight(b.right[0].Time))
	}
	if at != MaxTime && (!b.armed.set || at < b.armed.at) {
		b.armed = armed{at, true}
		o.push(EventTime, v.timer(at, 0))
	}
}

func (o *intervalOp[K, L, R, Out]) clean(_ *task, v *visit[K], _ Domain, tm timer) {
	b := partOf[buffered[L, R]](v, o.slot)
	if b == nil || b.armed != (armed{tm.at, true}) {
		return
	}
	v.write()
	b.armed = armed{}
	b.left.drop(func(at Millis) bool { return o.dropLeft(at) <= tm.at })
	b.right.drop(func(at Millis) bool { return o.dropRight(at) <= tm.at })
	if len(b.left)+len(b.right) == 0 {
		v.clear(o.slot)
		return
	}
	o.arm(v, b)
}
