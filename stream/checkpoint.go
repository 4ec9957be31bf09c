package stream

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidegate/tidegate"
)

// CheckpointReport says how a checkpoint went.
type CheckpointReport struct {
	Number   uint64
	Began    Millis
	Pause    time.Duration // for which nothing was processed
	Duration time.Duration // until it was durable and the sinks had prepared
	Keys     int           // changed since the last
	Bytes    int64         // written
	Err      error         // why it failed; processing goes on, and the next one covers it
}

// checkpointer numbers the checkpoints of a run.
type checkpointer struct {
	mu       sync.Mutex // one checkpoint at a time
	number   uint64     // of the last one begun
	underway atomic.Bool
	record   checkpointRecord
}

// checkpoints takes checkpoints until the run ends.
func (r *run) checkpoints() {
	o := r.p.options
	if o.Checkpoint <= 0 {
		return
	}
	pause, atLeast := o.Checkpoint, time.Duration(0)
	for {
		r.awaitCheckpoint(pause, atLeast)
		if !r.crew.running() {
			return
		}
		report := r.takeCheckpoint(r.delivery)
		pause = max(o.Checkpoint-report.Duration, o.MinPause, time.Millisecond)
		if atLeast = o.MinPause; report.Err != nil {
			atLeast = pause // what did not work will hardly do at once
		}
	}
}

// awaitCheckpoint returns when it is time for a checkpoint: after a pause, or
// sooner when what must stay of that which has changed since the last takes
// three quarters of the memory that state may have.
func (r *run) awaitCheckpoint(pause, atLeast time.Duration) {
	o := r.p.options
	if o.State == nil || atLeast == pause {
		r.clock.Sleep(r.crew.done, pause)
		return
	}
	r.clock.Sleep(r.crew.done, atLeast)
	until := r.clock.Now() + Millis((pause - atLeast).Milliseconds())
	for r.crew.running() && r.store.Usage().Changed < o.CacheBytes/4*3 {
		left := time.Duration(until-r.clock.Now()) * time.Millisecond
		if left <= 0 {
			return
		}
		r.clock.Sleep(r.crew.done, min(tick, left))
	}
}

// awaitMemory waits, outside of the gate, while state takes all the memory it
// may have and a checkpoint is on the way to let some of it go. If that fails,
// processing goes on beyond the bound.
func (r *run) awaitMemory() {
	for r.checkpoint.underway.Load() && r.store.Usage().Changed >= r.p.options.CacheBytes && r.ctx.Err() == nil {
		r.clock.Sleep(r.ctx.Done(), time.Millisecond)
	}
}

// takeCheckpoint makes everything that has happened up to one instant durable.
func (r *run) takeCheckpoint(ctx context.Context) CheckpointReport { return r.cutAndWrite(ctx, false) }

// lastCheckpoint is one after which nothing happens any more.
func (r *run) lastCheckpoint(ctx context.Context) CheckpointReport { return r.cutAndWrite(ctx, true) }

func (r *run) cutAndWrite(ctx context.Context, last bool) CheckpointReport {
	c := &r.checkpoint
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.closed {
		return CheckpointReport{Err: tidegate.Errorf(tidegate.CodeUnavailable, "pipeline %s has ended", r.p.name)}
	}
	c.underway.Store(true)
	defer c.underway.Store(false)
	began := elapsed(r.clock)
	report := CheckpointReport{Number: c.number + 1, Began: r.clock.Now()}

	r.gate.pause()
	r.closed = last
	cut, err := r.store.Cut(r.snapshot(report.Number))
	prepared := make(chan error, len(r.p.sinks))
	if err == nil {
		c.number++
		for _, s := range r.p.sinks {
			s.mark(c.number, func(err error) { prepared <- err })
		}
	}
	r.gate.resume()
	report.Pause = elapsed(r.clock) - began
	if r.alone {
		for _, s := range r.p.sinks {
			err = first(err, s.flush(ctx, r.newTask()))
		}
	}
	if err == nil {
		ctx, abandon := context.WithCancel(ctx)
		if err = r.prepared(prepared); err != nil {
			abandon() // the state's part is given up with the sinks'
		}
		stats, writeErr := cut.Write(ctx)
		abandon()
		report.Keys, report.Bytes = stats.Keys, stats.Bytes
		err = first(err, writeErr)
	}
	if err == nil {
		for _, s := range r.p.sinks {
			s.commit(c.number)
			if r.alone {
				err = first(err, s.flush(ctx, r.newTask()))
			}
		}
	}
	report.Err, report.Duration = err, elapsed(r.clock)-began
	r.report(report)
	return report
}

// prepared waits until all sinks have prepared a checkpoint.
func (r *run) prepared(done <-chan error) (err error) {
	for range r.p.sinks {
		select {
		case prepareErr := <-done:
			err = first(err, prepareErr)
		case <-r.failed:
			return r.failure()
		}
	}
	return err
}

func (r *run) report(c CheckpointReport) {
	r.checkpoint.record.note(c)
	if c.Err != nil {
		r.p.options.Log.Error("checkpoint failed", "pipeline", r.p.name, "checkpoint", c.Number, "error", c.Err)
	}
	if f := r.p.options.OnCheckpoint; f != nil {
		f(c)
	}
}
