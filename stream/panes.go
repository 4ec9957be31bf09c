package stream

import (
	"slices"

	"github.com/tidegate/tidegate/stream/state"
)

// paneOp is the operator for windows that share their work. Time is
// cut into panes, as long as the greatest common divisor of size and slide; a
// record is added to one of them, and a window's result merges the panes that
// it covers. A key has one timer at a time, for the next window that has
// something in it.
type paneOp[K comparable, T, A any] struct {
	keyedOp[K, panes[A]]
	windows Windows
	width   Millis
	agg     Aggregator[T, A]
	late    Side[T]
	out     *output[Result[K, A]]
}

func buildPanes[K comparable, T, A any](w Windowed[K, T], n *node, out Stream[Result[K, A]], agg Aggregator[T, A]) {
	op := &paneOp[K, T, A]{windows: w.windows, width: gcd(w.windows.size, w.windows.slide), agg: agg, late: w.late, out: out.out}
	op.handle, op.armed = op.fireNext, armedPanes[A]
	n.timed = op
	op.join(n, w.keyed.space, func(p *Pipeline) (state.Codec[panes[A]], error) {
		codec, err := codecFor[A](p)
		return panesCodec[A]{codec}, err
	})
	w.keyed.feed(op)
}

func gcd(a, b Millis) Millis {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

func (o *paneOp[K, T, A]) receiveKeyed(t *task, v *visit[K], r Record[T]) {
	defer func() {
		if cause := recover(); cause != nil {
			t.poisoned(o.node, cause, r.Time, r.Value)
		}
	}()
	stats := &t.stats[o.node.id]
	stats.in++
	watermark := o.node.line.watermark()
	if o.windows.lastStart(r.Time)+o.windows.size-1 <= watermark { // the last of its windows is over
		stats.late++
		if o.late.out != nil {
			o.late.out.emit(t, r)
		}
		return
	}
	end := o.firstEnd(r.Time, watermark)
	p := o.part(t, v)
	o.agg.Add(p.at(o.paneStart(r.Time)), r.Value)
	if !p.armed.set || end < p.next {
		p.next = end
		p.armed = armed{end - 1, true}
		o.push(EventTime, v.timer(end-1, 0))
	}
}

// firstEnd is the end of the first window that covers a time and that a
// watermark has not passed. There is one.
func (o *paneOp[K, T, A]) firstEnd(at, watermark Millis) Millis {
	w := &o.windows
	end := w.lastStart(at) + w.size
	end -= (end - at - 1) / w.slide * w.slide
	if behind := watermark - (end - 1); behind >= 0 && watermark != MinTime {
		end += (behind/w.slide + 1) * w.slide
	}
	return end
}

func (o *paneOp[K, T, A]) paneStart(at Millis) Millis {
	past := (at - o.windows.offset) % o.width
	if past < 0 {
		past += o.width
	}
	return at - past
}

func armedPanes[A any](p *panes[A], push func(d Domain, at Millis, cell uint32)) { p.armed.push(push) }

// fireNext emits the windows of a key that are due, which may be several: a
// watermark comes a long way at once where records are sparse.
func (o *paneOp[K, T, A]) fireNext(t *task, v *visit[K], _ Domain, tm timer) {
	p := partOf[panes[A]](v, o.slot)
	if p == nil || p.armed != (armed{tm.at, true}) {
		return
	}
	v.write()
	p.armed = armed{}
	upTo := o.upTo(tm.at)
	for n := 1; ; n++ {
		o.emitNext(t, v, p)
		if len(p.list) == 0 {
			*p = panes[A]{list: p.list}
			o.drop(t, v, p)
			return
		}
		if p.next-1 > upTo || n == maxFirings {
			break
		}
	}
	p.armed = armed{p.next - 1, true}
	o.push(EventTime, v.timer(p.next-1, 0))
}

// emitNext emits a key's next window and finds the one after it, if any pane
// is left.
func (o *paneOp[K, T, A]) emitNext(t *task, v *visit[K], p *panes[A]) {
	w := Span{p.next - o.windows.size, p.next}
	acc := scratchOf[A](t, o.node)
	*acc = *new(A)
	p.merge(acc, w, o.agg)
	value := *acc
	next := w.End + o.windows.slide
	if p.drop(next - o.windows.size); len(p.list) > 0 {
		p.next = max(next, o.firstEnd(p.list[0].start, MinTime))
	}
	t.stats[o.node.id].out++
	o.out.emit(t, Record[Result[K, A]]{Result[K, A]{Key: v.key, Window: w, Value: value}, w.MaxTimestamp()})
}

// panes are a key's panes that have something in them, in order.
type panes[A any] struct {
	list  []pane[A]
	next  Millis // end of the next window that has something in it
	armed armed
	sums  *sums[A]
}

type pane[A any] struct {
	start Millis
	acc   A
}

func (p *panes[A]) show() any {
	type shownPane struct {
		Start Millis `json:"start"`
		Value A      `json:"value"`
	}
	shown := []shownPane{}
	for _, x := range p.list {
		shown = append(shown, shownPane{x.start, x.acc})
	}
	return shown
}

// at is the accumulator of the pane that starts at a time.
func (p *panes[A]) at(start Millis) *A {
	i := len(p.list)
	for i > 0 && p.list[i-1].start >= start { // mostly it is the last
		i--
	}
	if i == len(p.list) || p.list[i].start != start {
		p.list = slices.Insert(p.list, i, pane[A]{start: start})
	}
	if p.sums != nil && i < p.sums.front+p.sums.back {
		p.sums = nil // a late record changes what has been merged
	}
	return &p.list[i].acc
}

// manyPanes is how many panes are too many to move up by one at each firing:
// they stay where they are until the list is full and grows, which copies it
// once in a good part of its length.
const manyPanes = 16

// drop forgets the panes before a time.
func (p *panes[A]) drop(before Millis) {
	n := 0
	for n < len(p.list) && p.list[n].start < before {
		n++
	}
	if len(p.list)-n > manyPanes {
		p.list = p.list[n:]
	} else {
		p.list = slices.Delete(p.list, 0, n)
	}
	if p.sums != nil {
		p.sums.drop(n)
	}
}

// fewPanes is how many panes are merged one by one, which needs no memory.
const fewPanes = 8

// accumulating merges accumulators, of whatever records.
type accumulating[A any] interface{ Merge(acc, other *A) }

// merge adds what the panes of a window hold to acc. Panes before it have been
// dropped.
func (p *panes[A]) merge(acc *A, w Span, agg accumulating[A]) {
	n := len(p.list)
	for n > 0 && p.list[n-1].start >= w.End {
		n--
	}
	if n <= fewPanes {
		for i := range n {
			agg.Merge(acc, &p.list[i].acc)
		}
		return
	}
	if p.sums == nil {
		p.sums = &sums[A]{}
	}
	p.sums.first(acc, p.list[:n], agg)
}

// sums are sums of a queue of panes, so that the sum of all of them takes a
// constant number of merges however many they are: those at the front are
// summed from each to the last of the front, those at the back as a whole.
// When the front is used up the back becomes it.
// (Tangwongsan et al., Low-Latency Sliding-Window Aggregation, 2017: Two-Stacks.)
type sums[A any] struct {
	front, back int // panes
	suffixes    []A // of the front, the shortest first
	total       A   // of the back
}

// first adds all panes of a list to acc. The list begins where it began last
// time or where it was dropped to.
func (s *sums[A]) first(acc *A, list []pane[A], agg accumulating[A]) {
	if s.front == 0 {
		*s = sums[A]{suffixes: s.suffixes[:0]}
		var suffix A
		for i := len(list) - 1; i >= 0; i-- {
			var sum A // of pane i and those behind, in this order
			agg.Merge(&sum, &list[i].acc)
			agg.Merge(&sum, &suffix)
			suffix = sum
			s.suffixes = append(s.suffixes, sum)
		}
		s.front = len(list)
	}
	for ; s.front+s.back < len(list); s.back++ {
		agg.Merge(&s.total, &list[s.front+s.back].acc)
	}
	agg.Merge(acc, &s.suffixes[s.front-1])
	agg.Merge(acc, &s.total)
}

// drop forgets the first n panes.
func (s *sums[A]) drop(n int) {
	if n >= s.front {
		*s = sums[A]{suffixes: s.suffixes[:0]}
		return
	}
	s.front -= n
	s.suffixes = s.suffixes[:s.front]
}

type panesCodec[A any] struct{ acc state.Codec[A] }

func (c panesCodec[A]) Append(dst []byte, p *panes[A]) []byte {
	dst = p.armed.append(dst)
	dst = appendInt(dst, int64(p.next))
	dst = appendUint(dst, uint64(len(p.list)))
	for i := range p.list {
		dst = appendInt(dst, int64(p.list[i].start))
		dst = appendSized(dst, c.acc, &p.list[i].acc)
	}
	return dst
}

func (c panesCodec[A]) Decode(b []byte, p *panes[A]) error {
	d := decoder{b: b}
	p.armed.decode(&d)
	p.next = Millis(d.int())
	p.list = make([]pane[A], d.count())
	for i := range p.list {
		p.list[i].start = Millis(d.int())
		if err := c.acc.Decode(d.bytes(), &p.list[i].acc); err != nil {
			return err
		}
	}
	return d.end()
}
