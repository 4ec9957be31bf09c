package stream

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tidegate/tidegate/stream/state"
)

// AsyncOptions say how a function that waits is called.
type AsyncOptions struct {
	InFlight int           // calls under way at once, at most; 64 if zero
	Ordered  bool          // results come in the order of the records, not as they are ready
	Timeout  time.Duration // of a call; none if zero
}

// Async calls a function that waits for something, such as a service, for many
// records at once. A record whose call fails or panics goes to the dead
// letters. Records under way are part of a checkpoint; their calls are made
// again after a restart.
//
// Event time does not pass a record that is under way.
func Async[In, Out any](s Stream[In], f func(ctx context.Context, v In) (Out, error), o AsyncOptions) Stream[Out] {
	n := s.attach("async")
	out := streamOf[Out](s.p, n)
	if o.InFlight == 0 {
		o.InFlight = 64
	}
	op := &asyncOp[In, Out]{node: n, f: f, options: o, out: out.out}
	n.timed, n.queue = op, op
	n.open, n.save, n.load = op.open, op.save, op.load
	if o.InFlight < 0 {
		s.p.reject(n, "it can't have %d calls in flight", o.InFlight)
	}
	s.feed(op)
	return out
}

type asyncOp[In, Out any] struct {
	node    *node
	f       func(context.Context, In) (Out, error)
	options AsyncOptions
	out     *output[Out]
	codec   state.Codec[In]
	run     *run

	mu     sync.Mutex
	calls  []*call[In, Out] // in the order of the records
	lowest Millis           // time of the earliest of them, MaxTime for none
}

// call is a record under way.
type call[In, Out any] struct {
	in     Record[In]
	origin *Meta
	from   string
	done   bool
	out    Out
	err    error
	stack  string
}

func (o *asyncOp[In, Out]) open(r *run) (err error) {
	o.run, o.lowest = r, MaxTime
	if o.codec, err = codecFor[In](r.p); err != nil {
		return r.p.fault(o.node, "%v", err)
	}
	return nil
}

func (o *asyncOp[In, Out]) receive(t *task, r Record[In]) {
	t.stats[o.node.id].in++
	c := &call[In, Out]{in: r, from: t.from}
	if t.origin != nil {
		c.origin = &Meta{Next: t.origin.Next, Time: t.origin.Time, Key: clone(t.origin.Key), Raw: clone(t.origin.Raw), Headers: t.origin.Headers}
	}
	if o.run.alone {
		o.do(c)
		o.deliver(t, c)
		return
	}
	o.add(c)
	o.start(c)
}

func (o *asyncOp[In, Out]) add(c *call[In, Out]) {
	o.mu.Lock()
	o.calls = append(o.calls, c)
	o.lowest = min(o.lowest, c.in.Time)
	o.mu.Unlock()
}

// start calls the function on a goroutine of its own. full bounds how many
// there are.
func (o *asyncOp[In, Out]) start(c *call[In, Out]) {
	o.run.calls.start(func() {
		o.do(c)
		o.finish(c)
	})
}

func (o *asyncOp[In, Out]) do(c *call[In, Out]) {
	defer func() {
		if cause := recover(); cause != nil {
			c.stack, c.err = panicked(cause)
		}
	}()
	ctx := o.run.calling
	if o.options.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.options.Timeout)
		defer cancel()
	}
	c.out, c.err = o.f(ctx, c.in.Value)
}

// finish emits what is ready: the record's result or, in order, all results
// that waited for it.
func (o *asyncOp[In, Out]) finish(c *call[In, Out]) {
	r := o.run
	defer r.rescue(o.node)
	r.gate.enter()
	defer r.gate.leave()
	t := r.newTask()
	if !r.awaitRoomBehind(t, o) || r.closed {
		return
	}
	for _, c := range o.ready(c) {
		o.deliver(t, c)
	}
	o.settle()
	r.letPass(t, o.node.line)
	t.settle()
	r.room.wake()
}

// ready marks a call as done and returns those whose turn it is.
func (o *asyncOp[In, Out]) ready(c *call[In, Out]) (due []*call[In, Out]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c.done = true
	if !o.options.Ordered {
		for i := range o.calls {
			if o.calls[i] == c {
				o.calls = append(o.calls[:i], o.calls[i+1:]...)
				break
			}
		}
		return []*call[In, Out]{c}
	}
	n := 0
	for n < len(o.calls) && o.calls[n].done {
		n++
	}
	due, o.calls = o.calls[:n:n], o.calls[n:]
	return due
}

func (o *asyncOp[In, Out]) deliver(t *task, c *call[In, Out]) {
	t.origin, t.from = c.origin, c.from
	defer func() { t.origin = nil }()
	if c.err != nil {
		t.bury(o.node, c.err, c.stack, c.in.Time, c.in.Value)
		return
	}
	t.stats[o.node.id].out++
	o.out.emit(t, Record[Out]{c.out, c.in.Time})
}

// settle finds the earliest of the calls that remain.
func (o *asyncOp[In, Out]) settle() {
	o.mu.Lock()
	o.lowest = MaxTime
	for _, c := range o.calls {
		o.lowest = min(o.lowest, c.in.Time)
	}
	o.mu.Unlock()
}

func (o *asyncOp[In, Out]) full() bool { return o.length() >= int64(o.options.InFlight) }

func (o *asyncOp[In, Out]) length() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return int64(len(o.calls))
}

// hold lets event time come up to the earliest record under way.
func (o *asyncOp[In, Out]) hold(w Millis) Millis {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lowest == MaxTime {
		return w
	}
	return min(w, earlier(o.lowest, 1))
}

func (o *asyncOp[In, Out]) due(Domain, int, Millis) bool         { return false }
func (o *asyncOp[In, Out]) fire(*task, Domain, int, Millis) bool { return true }

// save appends the records under way to a checkpoint.
func (o *asyncOp[In, Out]) save(dst []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	dst = appendUint(dst, uint64(len(o.calls)))
	for _, c := range o.calls {
		dst = appendInt(dst, int64(c.in.Time))
		dst = appendSized(dst, o.codec, &c.in.Value)
	}
	return dst
}

// load makes the calls of a checkpoint again.
func (o *asyncOp[In, Out]) load(b []byte) error {
	d := decoder{b: b}
	var calls []*call[In, Out]
	for range d.count() {
		c := &call[In, Out]{in: Record[In]{Time: Millis(d.int())}}
		if err := o.codec.Decode(d.bytes(), &c.in.Value); err != nil {
			return err
		}
		calls = append(calls, c)
	}
	if err := d.end(); err != nil {
		return fmt.Errorf("records under way in %s: %w", o.node.name, err)
	}
	for _, c := range calls {
		o.add(c)
		o.start(c)
	}
	return nil
}
