package detect

import (
	"sync"

	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/state"
)

// Found is a match, or a partial match that ran out of time.
type Found[K comparable, E any] struct {
	Key   K
	Time  stream.Millis // of a match when it came out, of a time-out the window's end
	Match cep.Match[E]
}

// Matching advances the states of a pattern whose partial matches hold events
// of type E, which it makes of records. A [cep.Matcher] does that for records
// that are events themselves. It is used by one goroutine at a time.
type Matching[T, E any] interface {
	// Live shows a record to a key. Records come in the order of their times.
	Live(s *cep.State[E], record T, t int64) (cep.Live[E], error)
	// Advance moves the key's time.
	Advance(s *cep.State[E], t int64) ([]cep.Output[E], error)
	// Timer is when Advance next has something to do.
	Timer(s *cep.State[E]) (t int64, ok bool)
}

// Detected is what a pattern finds. Its stream are the matches that the skip
// strategy lets through.
type Detected[K comparable, E any] struct {
	stream.Stream[Found[K, E]]
	timedOut **stream.Side[Found[K, E]]
}

// TimedOutTo sends partial matches whose window has ended to a side output.
func (d Detected[K, E]) TimedOutTo(side stream.Side[Found[K, E]]) Detected[K, E] {
	d.Stream = d.Writes(side)
	*d.timedOut = &side
	return d
}

// Named names the operator, as [stream.Stream.Named] does.
func (d Detected[K, E]) Named(name string) Detected[K, E] {
	d.Stream = d.Stream.Named(name)
	return d
}

// In looks for a pattern among the records of each key. codec writes the
// events that partial matches hold; nil is [JSON]. A skip strategy that fails
// for want of a target is a dead letter, and the key starts fresh.
func In[K comparable, E any](k stream.Sorted[K, E], a *cep.Automaton[E], codec cep.EventCodec[E]) Detected[K, E] {
	if codec == nil {
		codec = JSON[E]()
	}
	return With(k, StateCodec(a, codec), func() Matching[E, E] { return cep.NewMatcher(a) })
}

// With is [In] with a matching of the caller's own: newMatching makes one for
// each goroutine that needs it.
func With[K comparable, T, E any](k stream.Sorted[K, T], codec state.Codec[cep.State[E]], newMatching func() Matching[T, E]) Detected[K, E] {
	op := &operator[K, T, E]{codec: codec}
	op.workers.New = func() any { return &worker[T, E]{newMatching(), &cep.State[E]{}} }
	return Detected[K, E]{stream.Process(k.Keyed, op), &op.timedOut}
}

// operator runs a pattern. Partial matches are one state, the time that its
// timer is set for another.
type operator[K comparable, T, E any] struct {
	workers  sync.Pool
	codec    state.Codec[cep.State[E]]
	timedOut *stream.Side[Found[K, E]]
	partials stream.Value[cep.State[E]]
	timer    stream.Value[int64]
}

// worker is what one goroutine needs.
type worker[T, E any] struct {
	Matching[T, E]
	fresh *cep.State[E] // for keys that hold nothing, which most are
}

func (o *operator[K, T, E]) Open(s *stream.States) error {
	o.partials = stream.NewValue[cep.State[E]](s, "partial matches", stream.Codec(o.codec))
	o.timer = stream.NewValue[int64](s, "timer")
	return nil
}

// Process shows a record to the key's partial matches. A timer at its own time
// moves the key's time on to the watermark when all records up to there have
// been shown.
func (o *operator[K, T, E]) Process(c *stream.Context[K, Found[K, E]], record T) error {
	w := o.workers.Get().(*worker[T, E])
	defer o.workers.Put(w)
	s, open := w.fresh, o.partials.Get(c) != nil
	if open {
		s = o.partials.Update(c)
	}
	live, err := w.Live(s, record, int64(c.Time()))
	o.emit(c, live.Outputs)
	switch {
	case open && s.Idle():
		o.rest(c)
	case open:
		o.wake(c, c.Time())
	case !s.Reuse():
		o.partials.Set(c, *s)
		w.fresh = &cep.State[E]{}
		o.wake(c, c.Time())
	}
	return err
}

// OnTimer moves the key's time to the watermark.
func (o *operator[K, T, E]) OnTimer(c *stream.Context[K, Found[K, E]], _ stream.Timer) error {
	if o.partials.Get(c) == nil {
		return nil
	}
	w := o.workers.Get().(*worker[T, E])
	defer o.workers.Put(w)
	s := o.partials.Update(c)
	outputs, err := w.Advance(s, int64(c.Watermark()))
	o.emit(c, outputs)
	o.timer.Clear(c)
	if s.Idle() {
		o.rest(c)
	} else if at, ok := w.Timer(s); ok {
		o.wake(c, stream.Millis(at))
	}
	return err
}

// wake sets the key's timer, unless it is set for an earlier time.
func (o *operator[K, T, E]) wake(c *stream.Context[K, Found[K, E]], at stream.Millis) {
	if set := o.timer.Get(c); set != nil {
		if stream.Millis(*set) <= at {
			return
		}
		c.DeleteTimer(stream.Millis(*set))
	}
	o.timer.Set(c, int64(at))
	c.SetTimer(at)
}

// rest forgets a key that has nothing open.
func (o *operator[K, T, E]) rest(c *stream.Context[K, Found[K, E]]) {
	o.partials.Clear(c)
	if set := o.timer.Get(c); set != nil {
		c.DeleteTimer(stream.Millis(*set))
		o.timer.Clear(c)
	}
}

func (o *operator[K, T, E]) emit(c *stream.Context[K, Found[K, E]], outputs []cep.Output[E]) {
	for _, out := range outputs {
		f := Found[K, E]{c.Key, stream.Millis(out.Time), out.Match}
		if out.Kind == cep.Matched {
			c.EmitAt(f, f.Time)
		} else if o.timedOut != nil {
			stream.EmitTo(c, *o.timedOut, f)
		}
	}
}
