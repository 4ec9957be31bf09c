package stream

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// Sink takes the results of a pipeline.
type Sink[T any] interface {
	// Write takes the next records, in order. They are the pipeline's again
	// when it returns. An error stops the pipeline, but for a [*Refused].
	Write(ctx context.Context, records []Record[T]) error
	// Close is called once, at the end.
	Close() error
}

// Committer is a [Sink] whose records are seen only when the checkpoint that
// covers them is durable, so that a restart neither loses nor repeats one. Its
// methods are called by the goroutine that calls Write. Since nobody sees a
// record before, Write waits for a few hundred, or for the checkpoint.
type Committer interface {
	// Recover is called before the first Write with the number of the
	// checkpoint that the pipeline starts from, 0 for none: everything
	// prepared up to it is to be seen, everything else to be forgotten.
	Recover(ctx context.Context, checkpoint uint64) error
	// Prepare makes everything written so far durable under the number of a
	// checkpoint. An error stops the pipeline.
	Prepare(ctx context.Context, checkpoint uint64) error
	// Commit makes everything prepared up to a checkpoint seen.
	Commit(ctx context.Context, checkpoint uint64) error
}

// Refused is the error of a [Sink] that could write all but some records of a
// batch. Those go to the dead letters.
type Refused struct {
	Indexes []int // of the records, in the batch
	Err     error
}

func (r *Refused) Error() string { return fmt.Sprintf("%d records refused: %v", len(r.Indexes), r.Err) }

func (r *Refused) Unwrap() error { return r.Err }

// To ends a stream in a sink.
func To[T any](s Stream[T], sink Sink[T]) {
	n := s.attach("sink")
	n.ends = true
	op := &sinkOp[T]{p: s.p, node: n, sink: sink, limit: sinkBuffer, enough: 1}
	if _, ok := sink.(Committer); ok {
		op.enough = sinkBatch / 2
	}
	op.changed.L = &op.mu
	n.queue = op
	s.p.sinks = append(s.p.sinks, op)
	s.feed(op)
}

// ToNamed is [To] with a name for the sink.
func ToNamed[T any](s Stream[T], name string, sink Sink[T]) {
	To(s, sink)
	s.p.rename(s.p.nodes[len(s.p.nodes)-1], name)
}

// sinkBuffer is how many records wait for a sink before the sources do: some
// milliseconds' worth, to even out a sink that stalls for a moment.
const sinkBuffer = 4096

// sinkBatch is the most records that a sink is given at once.
const sinkBatch = 512

// drainer is a sink of any type.
type drainer interface {
	outlet
	recover(ctx context.Context, checkpoint uint64) error
	// drain writes what comes until the sink is stopped.
	drain(r *run)
	// flush writes what is there, on the caller's goroutine.
	flush(ctx context.Context, t *task) error
	// mark ends what belongs to a checkpoint. done is called when it is prepared.
	mark(checkpoint uint64, done func(error))
	// wake has drain look for what has come.
	wake()
	commit(checkpoint uint64)
	stop()
	close() error
}

type sinkOp[T any] struct {
	p       *Pipeline
	node    *node
	sink    Sink[T]
	limit   int64
	enough  int          // records that it is woken for; one that commits shows none before a checkpoint, which wakes it
	waiting atomic.Int64 // records

	mu      sync.Mutex
	changed sync.Cond
	queue   []sinkItem[T]
	stopped bool
}

// sinkItem is a record, or something to be done between two.
type sinkItem[T any] struct {
	record Record[T]
	do     func(ctx context.Context) error
}

func (s *sinkOp[T]) receive(t *task, r Record[T]) {
	t.stats[s.node.id].in++
	s.waiting.Add(1)
	if s.put(sinkItem[T]{record: r}) == s.enough {
		t.untold = append(t.untold, s)
	}
}

// put adds to the queue and returns how much there is in it.
func (s *sinkOp[T]) put(item sinkItem[T]) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, item)
	return len(s.queue)
}

func (s *sinkOp[T]) wake() {
	s.mu.Lock()
	s.changed.Signal()
	s.mu.Unlock()
}

func (s *sinkOp[T]) full() bool    { return s.waiting.Load() >= s.limit }
func (s *sinkOp[T]) length() int64 { return s.waiting.Load() }

func (s *sinkOp[T]) recover(ctx context.Context, checkpoint uint64) error {
	if c, ok := s.sink.(Committer); ok {
		return c.Recover(ctx, checkpoint)
	}
	return nil
}

func (s *sinkOp[T]) mark(checkpoint uint64, done func(error)) {
	c, ok := s.sink.(Committer)
	s.put(sinkItem[T]{do: func(ctx context.Context) error {
		var err error
		if ok {
			err = c.Prepare(ctx, checkpoint)
		}
		done(err)
		return err
	}})
	s.wake()
}

func (s *sinkOp[T]) commit(checkpoint uint64) {
	if c, ok := s.sink.(Committer); ok {
		s.put(sinkItem[T]{do: func(ctx context.Context) error { return c.Commit(ctx, checkpoint) }})
		s.wake()
	}
}

func (s *sinkOp[T]) drain(r *run) {
	defer r.rescue(s.node)
	t := r.newTask()
	ctx := r.delivery // what has been processed is delivered, also when the sources stop
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.stopped {
			s.changed.Wait()
		}
		items := s.queue
		s.queue = nil
		s.mu.Unlock()
		if len(items) == 0 {
			return
		}
		if err := s.write(ctx, t, items); err != nil {
			t.fatal(s.node, err)
			return
		}
	}
}

func (s *sinkOp[T]) flush(ctx context.Context, t *task) error {
	s.mu.Lock()
	items := s.queue
	s.queue = nil
	s.mu.Unlock()
	return s.write(ctx, t, items)
}

func (s *sinkOp[T]) write(ctx context.Context, t *task, items []sinkItem[T]) error {
	batch := make([]Record[T], 0, min(len(items), sinkBatch))
	send := func() error {
		defer func() {
			s.waiting.Add(-int64(len(batch)))
			t.run.room.wake()
			batch = batch[:0]
		}()
		if len(batch) == 0 {
			return nil
		}
		return s.refuse(t, batch, s.sink.Write(ctx, batch))
	}
	for i := range items {
		if items[i].do == nil {
			if batch = append(batch, items[i].record); len(batch) < sinkBatch {
				continue
			}
		}
		if err := send(); err != nil {
			return err
		}
		if items[i].do != nil {
			if err := items[i].do(ctx); err != nil {
				return err
			}
		}
	}
	return send()
}

// refuse buries the records that the sink refused.
func (s *sinkOp[T]) refuse(t *task, batch []Record[T], err error) error {
	refused, ok := err.(*Refused)
	if !ok {
		return err
	}
	t.run.gate.enter()
	defer t.run.gate.leave()
	for _, i := range refused.Indexes {
		t.failed(s.node, refused.Err, batch[i].Time, batch[i].Value)
	}
	t.settle()
	return nil
}

func (s *sinkOp[T]) stop() {
	s.mu.Lock()
	s.stopped = true
	s.changed.Signal()
	s.mu.Unlock()
}

func (s *sinkOp[T]) close() error { return s.sink.Close() }
