package stream

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tidegate/tidegate"
)

// Source is where records come from: one or several partitions, each with an
// order of its own. The set of partitions does not change while it is read.
type Source[T any] interface {
	// Partitions is called once, before the first record.
	Partitions(ctx context.Context) ([]Partition[T], error)
}

// Recorded is a [Source] that says whether it reads what was recorded, as a
// file does, and not what happens now: the guard against timestamps in the
// future is off for it.
type Recorded interface{ Recorded() bool }

// Partition is a part of a source, read by one goroutine. Its name finds its
// position again after a restart.
type Partition[T any] struct {
	Name   string
	Reader Reader[T]
}

// Reader reads a partition. Its methods are called by one goroutine.
type Reader[T any] interface {
	// Seek is called before the first Read, when a checkpoint knows the
	// position: the Next of the last message that it covers.
	Seek(ctx context.Context, position int64) error
	// Read fills batch from its start and returns how many messages there
	// are, waiting for the first one but not for more. The error is io.EOF
	// when no more will come, also together with messages; any other stops
	// the pipeline. What messages refer to may be reused by the next Read.
	Read(ctx context.Context, batch []Message[T]) (int, error)
	// Close is called once, at the end.
	Close() error
}

// Message is a record as a source hands it over.
type Message[T any] struct {
	Value T
	Meta
}

// Meta is what a source knows of a message besides its value.
type Meta struct {
	Next    int64  // the position after this message
	Time    Millis // the transport's own timestamp
	Key     []byte
	Raw     []byte // the message as it came, where there is such a thing
	Headers []Header
	Err     error // it could not be decoded, and goes to the dead letters
}

// Header is a header of a message.
type Header struct {
	Key   string
	Value []byte
}

// From begins a stream at a source.
func From[T any](p *Pipeline, src Source[T], timing Timing[T]) Stream[T] {
	n := p.add("source")
	s := streamOf[T](p, n)
	if r, ok := src.(Recorded); timing.ahead == 0 && !timing.trusted && !(ok && r.Recorded()) {
		timing.ahead = millis(defaultAhead)
	}
	op := &sourceOp[T]{p: p, node: n, src: src, timing: timing, out: s.out}
	p.sources = append(p.sources, op)
	if err := timing.validate(); err != nil {
		p.reject(n, "%v", err)
	}
	return s
}

// feeder is a source of any type.
type feeder interface {
	operator() *node
	open(ctx context.Context, r *run) error
	partitions() []*feed
	clock() *splits
	seek(ctx context.Context, i int, position int64) error
	// run reads a partition to its end.
	run(r *run, i int)
	// poll handles what a partition has now, on the caller's goroutine.
	poll(ctx context.Context, t *task, i int) (more bool, err error)
	eachRecord() bool
	close() error
}

// feed is a partition of any type: what a checkpoint knows of it.
type feed struct {
	name     string
	position int64
	started  bool // position means something
	ended    bool
}

const batchSize = 192 // messages: enough to make small what a batch costs, which is event time moved and others woken; little enough to stay in the cache

type sourceOp[T any] struct {
	p       *Pipeline
	node    *node
	src     Source[T]
	timing  Timing[T]
	out     *output[T]
	parts   []Partition[T]
	feeds   []*feed
	batches [][]Message[T]
	splits  *splits // guarded by the keeper
}

func (s *sourceOp[T]) operator() *node     { return s.node }
func (s *sourceOp[T]) partitions() []*feed { return s.feeds }
func (s *sourceOp[T]) clock() *splits      { return s.splits }

func (s *sourceOp[T]) open(ctx context.Context, r *run) (err error) {
	if s.parts, err = s.src.Partitions(ctx); err != nil {
		return err
	}
	if len(s.parts) == 0 {
		return s.p.fault(s.node, "the source has no partition")
	}
	for _, part := range s.parts {
		s.feeds = append(s.feeds, &feed{name: part.Name})
		s.batches = append(s.batches, make([]Message[T], batchSize))
	}
	s.splits = newSplits(len(s.parts), s.timing.bound, s.timing.idle)
	s.splits.drift = s.timing.drift
	return nil
}

func (s *sourceOp[T]) seek(ctx context.Context, i int, position int64) error {
	return s.parts[i].Reader.Seek(ctx, position)
}

func (s *sourceOp[T]) eachRecord() bool { return s.timing.each }

func (s *sourceOp[T]) close() (err error) {
	for _, part := range s.parts {
		err = first(err, part.Reader.Close())
	}
	return err
}

func (s *sourceOp[T]) run(r *run, i int) {
	t := r.newTask()
	f := s.feeds[i]
	defer r.rescue(s.node)
	for !f.ended && r.ctx.Err() == nil {
		if !r.aligned(s, i) {
			continue
		}
		if _, err := s.poll(r.ctx, t, i); err != nil {
			if r.ctx.Err() == nil {
				t.fatal(s.node, fmt.Errorf("partition %s: %w", f.name, err))
			}
			return
		}
	}
}

func (s *sourceOp[T]) poll(ctx context.Context, t *task, i int) (more bool, err error) {
	f, batch := s.feeds[i], s.batches[i]
	if f.ended {
		return false, nil
	}
	n, err := s.parts[i].Reader.Read(ctx, batch)
	r := t.run
	r.awaitMemory()
	r.gate.enter()
	defer r.gate.leave()
	defer t.settle()
	t.from = f.name
	for j := range batch[:n] {
		if !r.between(t) {
			return false, ctx.Err()
		}
		s.handle(t, i, &batch[j])
	}
	r.advance(t, s, func(splits *splits) bool {
		if errors.Is(err, io.EOF) {
			return splits.end(i)
		}
		return splits.announce(i)
	})
	if errors.Is(err, io.EOF) {
		f.ended = true
		return false, nil
	}
	return n > 0, err
}

// handle takes a message through the graph. The position moves when that is
// done, and before event time does: a checkpoint may come between the timers
// that then fire.
func (s *sourceOp[T]) handle(t *task, i int, m *Message[T]) {
	t.origin = &m.Meta
	at, ok := s.emit(t, m)
	t.origin = nil
	f := s.feeds[i]
	f.position, f.started = m.Next, true
	if !ok {
		return
	}
	s.noteTime(i, m.Value, at)
	if t.run.everyRecord {
		t.run.advance(t, s, func(splits *splits) bool { return splits.announce(i) })
	}
}

func (s *sourceOp[T]) emit(t *task, m *Message[T]) (at Millis, ok bool) {
	t.stats[s.node.id].in++
	if m.Err != nil {
		t.failed(s.node, m.Err, m.Time, nil)
		return 0, false
	}
	at, err := s.timestamp(t, m)
	if err != nil {
		t.failed(s.node, err, at, m.Value)
		return at, false
	}
	s.out.emit(t, Record[T]{Value: m.Value, Time: at})
	return at, true
}

// noteTime notes what a record says of its partition's event time.
func (s *sourceOp[T]) noteTime(i int, v T, at Millis) {
	if s.timing.marks == nil {
		s.splits.event(i, at)
	} else if w, ok := s.timing.marks(v); ok {
		s.splits.mark(i, w)
	} else {
		s.splits.mark(i, MinTime)
	}
}

func (s *sourceOp[T]) timestamp(t *task, m *Message[T]) (at Millis, err error) {
	at = m.Time
	switch {
	case s.timing.of != nil:
		defer func() {
			if cause := recover(); cause != nil {
				err = fmt.Errorf("panic in the function that tells its time: %v", cause)
			}
		}()
		at = s.timing.of(m.Value)
	case s.timing.ingestion:
		return t.run.clock.Now(), nil
	}
	if s.timing.ahead > 0 {
		if now := t.run.clock.Now(); at > later(now, s.timing.ahead) {
			return at, tidegate.Errorf(tidegate.CodeInFuture, "its time is %d ms ahead of the clock", at-now)
		}
	}
	return at, nil
}
