package stream

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// run is a pipeline being run.
type run struct {
	p           *Pipeline
	ctx         context.Context // of the readers: done when the pipeline stops
	cancel      context.CancelFunc
	delivery    context.Context // of the sinks: done when the run has failed
	giveUp      context.CancelFunc
	calling     context.Context // of calls under way: done after the last checkpoint, which holds them
	hangUp      context.CancelFunc
	clock       Clock
	store       *state.Store
	listing     *listing // nil without a backend
	keyspaces   []rearmer
	alone       bool
	shards      int
	everyRecord bool
	gate        *gate
	keeper      keeper
	nodes       []*node // in the order of the graph
	counts      []counters
	outlets     []outlet
	room        room
	readers     crew
	calls       crew // of functions that wait
	crew        crew
	closed      bool // the last checkpoint has been cut; changed in a pause
	checkpoint  checkpointer
	mu          sync.Mutex
	err         error
	failed      chan struct{} // closed with the first err
}

// counters are what an operator has done so far.
type counters struct{ in, out, late, failed atomic.Int64 }

func (c *counters) add(n nodeCount) {
	c.in.Add(n.in)
	c.out.Add(n.out)
	c.late.Add(n.late)
	c.failed.Add(n.failed)
}

// open makes a pipeline ready for its first record. With alone, one goroutine
// does everything.
func (p *Pipeline) open(ctx context.Context, alone bool) (*run, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	r := &run{p: p, clock: p.options.Clock, gate: newGate(), counts: make([]counters, len(p.nodes)), failed: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.delivery, r.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	r.calling, r.hangUp = context.WithCancel(r.delivery)
	r.room.changed.L = &r.room.mu
	r.keeper.rested.L, r.keeper.moved.L = &r.keeper.mu, &r.keeper.mu
	context.AfterFunc(r.ctx, func() {
		r.room.wake()
		r.keeper.mu.Lock()
		r.keeper.rested.Broadcast()
		r.keeper.moved.Broadcast()
		r.keeper.mu.Unlock()
	})
	r.nodes, _ = p.order()
	r.alone = alone
	if err := r.prepare(ctx); err != nil {
		r.cancel()
		r.giveUp()
		return nil, err
	}
	p.running.Store(r)
	p.status.Store(uint32(Running))
	return r, nil
}

func (r *run) prepare(ctx context.Context) (err error) {
	if r.store, err = r.openStore(); err != nil {
		return err
	}
	partitions := 0
	for _, s := range r.p.sources {
		if err := s.open(ctx, r); err != nil {
			return err
		}
		partitions += len(s.partitions())
	}
	r.everyRecord = r.alone || partitions == 1 || r.p.eachRecord()
	r.shards = 1
	for !r.alone && partitions > 1 && r.shards < 8*partitions {
		r.shards *= 2
	}
	r.setTimelines()
	for _, n := range r.nodes {
		if n.open != nil {
			if err := n.open(r); err != nil {
				return err
			}
		}
	}
	for _, n := range r.nodes {
		if n.queue != nil {
			r.outlets = append(r.outlets, n.queue)
		}
	}
	if err := r.relist(); err != nil {
		return err
	}
	return r.restore(ctx)
}

// setTimelines gives each operator the event time that it goes by.
func (r *run) setTimelines() {
	r.keeper.queues = r.shards
	for _, n := range r.nodes {
		up := n.upstream()
		switch {
		case len(up) == 0:
			n.line = newTimeline(n)
		case n.timed != nil || n.merge != nil:
			lines := make([]*timeline, len(up))
			for i, in := range up {
				lines[i] = in.line
			}
			n.line = newTimeline(n, lines...)
			r.keeper.lines = append(r.keeper.lines, n.line)
		default:
			n.line = up[0].line
		}
	}
}

// advance tells of a source's event time, if change says that there is news,
// and does what follows from it.
func (r *run) advance(t *task, s feeder, change func(*splits) bool) {
	k := &r.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	if splits := s.clock(); change(splits) {
		k.announce(s.operator().line, mark{splits.out, splits.idle})
		k.moved.Broadcast()
	}
	k.work(t)
}

// letPass is an operator's news that it may hold less of event time back.
func (r *run) letPass(t *task, l *timeline) {
	k := &r.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	l.freed, k.pending = true, true
	k.work(t)
}

// aligned says whether a partition may be read: it is not too far ahead of
// the source's others. If it is, it waits until they have come half of the way.
func (r *run) aligned(s feeder, i int) bool {
	splits, k := s.clock(), &r.keeper
	if splits.drift == 0 {
		return true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !splits.ahead(i, splits.drift) {
		return true
	}
	for splits.ahead(i, splits.drift/2) && r.ctx.Err() == nil {
		k.moved.Wait()
	}
	return r.ctx.Err() == nil
}

// tick is how often the clock is looked at.
const tick = 20 * time.Millisecond

// watchClock fires timers of processing time and finds idle partitions.
func (r *run) watchClock() {
	t := r.newTask()
	defer r.rescue(nil)
	for r.crew.running() {
		r.clock.Sleep(r.crew.done, tick)
		r.onClock(t)
	}
}

func (r *run) onClock(t *task) {
	r.gate.enter()
	defer r.gate.leave()
	if r.closed {
		return
	}
	now := r.clock.Now()
	r.keeper.mu.Lock()
	r.keeper.work(t)
	r.keeper.mu.Unlock()
	for _, s := range r.p.sources {
		if s.clock().idleTimeout > 0 {
			r.advance(t, s, func(splits *splits) bool { return splits.tick(now) })
		}
	}
	for _, n := range r.nodes {
		for q := 0; n.timed != nil && q < r.shards; q++ {
			if n.timed.due(ProcessingTime, q, now) && !n.timed.fire(t, ProcessingTime, q, now) {
				return
			}
		}
	}
	t.settle()
}

// fail stops the run, with the first error it is given.
func (r *run) fail(err error) {
	r.mu.Lock()
	if r.err == nil {
		r.err = err
		close(r.failed)
	}
	r.mu.Unlock()
	r.cancel()
	r.giveUp()
}

func (r *run) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// rescue turns a panic of the engine itself into the end of the run.
func (r *run) rescue(n *node) {
	if cause := recover(); cause != nil {
		at := ""
		if n != nil {
			at = " at operator " + n.name
		}
		r.fail(tidegate.Errorf(tidegate.CodeInternal, "pipeline %s%s: %v\n%s", r.p.name, at, cause, debug.Stack()))
	}
}

// finish takes the last checkpoint. Where the streams have ended, and not only
// been stopped, what that sets off comes first, calls under way included.
func (r *run) finish() error {
	for r.ctx.Err() == nil {
		if r.rest(); !r.underWay() {
			break
		}
		r.room.mu.Lock()
		for r.underWay() && r.ctx.Err() == nil {
			r.room.changed.Wait()
		}
		r.room.mu.Unlock()
	}
	return r.lastCheckpoint(r.delivery).Err
}

// rest returns when event time has come through the graph as far as it can.
func (r *run) rest() {
	t := r.newTask()
	k := &r.keeper
	for r.ctx.Err() == nil {
		r.gate.enter()
		k.mu.Lock()
		k.work(t)
		t.settle()
		r.gate.leave()
		if k.resting() {
			k.mu.Unlock()
			return
		}
		k.rested.Wait() // others are at it, and may leave us to go on
		k.mu.Unlock()
	}
}

// underWay says whether an operator has calls under way.
func (r *run) underWay() bool {
	for _, n := range r.nodes {
		if n.save != nil && n.queue != nil && n.queue.length() > 0 {
			return true
		}
	}
	return false
}

// close ends the run: what the streams' end sets off, the last checkpoint,
// the sinks.
func (r *run) close() error {
	defer r.giveUp()
	defer r.hangUp()
	if r.ctx.Err() != nil {
		r.crew.start(r.hurry)
	}
	err := r.failure()
	if err == nil {
		err = r.finish()
	}
	r.cancel()
	r.hangUp()
	r.calls.wait()
	r.crew.stop()
	for _, s := range r.p.sinks {
		s.stop()
	}
	r.crew.wait()
	for _, s := range r.p.sources {
		err = first(err, s.close())
	}
	for _, s := range r.p.sinks {
		err = first(err, s.close())
	}
	return first(r.failure(), err)
}

// hurry gives up on sinks that do not take what there is, when the run has
// been stopped.
func (r *run) hurry() {
	r.clock.Sleep(r.crew.done, r.p.options.StopWithin)
	if r.crew.running() {
		r.fail(tidegate.Errorf(tidegate.CodeDeadline, "pipeline %s: its sinks did not finish within %s", r.p.name, r.p.options.StopWithin))
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
