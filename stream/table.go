package stream

// TableJoin gives each record of a stream the value that a table of its key
// had at the record's time: of the records of table up to that time the last
// one. found is false where there is none. A record waits until the watermark
// has passed its time, so that it sees all that the table had to say by then;
// one that comes later than that is joined at once, with what is still known.
func TableJoin[K comparable, L, R, Out any](s Keyed[K, L], table Keyed[K, R], f func(v L, row R, found bool) Out) Stream[Out] {
	k := Connect(s, table)
	n := k.attach("table join")
	out := streamOf[Out](k.p, n)
	op := &tableOp[K, L, R, Out]{f: f, out: out.out}
	op.handle, op.armed = op.release, armedBuffers[L, R]
	n.timed = op
	op.join(n, k.space, bufferedCodecOf[L, R])
	k.feed(op)
	return out
}

// tableOp keeps the records that wait on the left and the table's versions on
// the right: those to come, and the last one that has been.
type tableOp[K comparable, L, R, Out any] struct {
	keyedOp[K, buffered[L, R]]
	f   func(L, R, bool) Out
	out *output[Out]
}

func (o *tableOp[K, L, R, Out]) receiveKeyed(t *task, v *visit[K], r Record[Either[L, R]]) {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
		}
	}()
	t.stats[o.node.id].in++
	b := o.part(t, v)
	switch e := r.Value; {
	case e.IsRight:
		b.right.add(Record[R]{e.Right, r.Time})
	case r.Time <= o.node.line.watermark():
		t.stats[o.node.id].late++
		o.emit(t, b, Record[L]{e.Left, r.Time})
	default:
		b.left.add(Record[L]{e.Left, r.Time})
	}
	o.arm(v, b)
}

func (o *tableOp[K, L, R, Out]) emit(t *task, b *buffered[L, R], r Record[L]) {
	t.stats[o.node.id].out++
	var row Record[R]
	rows := b.right.between(MinTime, r.Time)
	if len(rows) > 0 {
		row = rows[len(rows)-1]
	}
	o.out.emit(t, Record[Out]{o.f(r.Value, row.Value, len(rows) > 0), r.Time})
}

// arm waits for the first record, or for a version that makes another one
// needless.
func (o *tableOp[K, L, R, Out]) arm(v *visit[K], b *buffered[L, R]) {
	at := MaxTime
	if len(b.left) > 0 {
		at = b.left[0].Time
	}
	if len(b.right) > 1 {
		at = min(at, b.right[1].Time)
	}
	if at != MaxTime && (!b.armed.set || at < b.armed.at) {
		b.armed = armed{at, true}
		o.push(EventTime, v.timer(at, 0))
	}
}

func (o *tableOp[K, L, R, Out]) release(t *task, v *visit[K], _ Domain, tm timer) {
	b := partOf[buffered[L, R]](v, o.slot)
	if b == nil || b.armed != (armed{tm.at, true}) {
		return
	}
	v.write()
	b.armed = armed{}
	for len(b.left) > 0 && b.left[0].Time <= tm.at {
		r := b.left[0]
		b.left = b.left[1:]
		o.emit(t, b, r)
	}
	for len(b.right) > 1 && b.right[1].Time <= tm.at {
		b.right = b.right[1:]
	}
	o.arm(v, b)
}
