package stream

import (
	"context"
	"encoding/json"
	"io"

	"github.com/tidegate/tidegate"
)

// Manual is a pipeline that runs on its caller's goroutine, a step at a time:
// nothing happens but by its methods. Tests drive pipelines by it; package
// streamtest makes that short.
type Manual struct {
	run  *run
	task *task
}

// Manual opens the pipeline as Run does.
func (p *Pipeline) Manual(ctx context.Context) (*Manual, error) {
	r, err := p.open(ctx, true)
	if err != nil {
		return nil, err
	}
	return &Manual{r, r.newTask()}, nil
}

// Poll reads each partition once and handles what it has. It returns false
// when none had anything.
func (m *Manual) Poll() (bool, error) {
	any := false
	for _, s := range m.run.p.sources {
		for i := range s.partitions() {
			more, err := s.poll(m.run.ctx, m.task, i)
			if err != nil {
				return any, err
			}
			any = any || more
		}
	}
	return any, m.flush()
}

// Watermark sets the watermark of a source's partition, as if its records had
// brought it about.
func (m *Manual) Watermark(source string, partition int, w Millis) error {
	return m.tell(source, func(s *splits) bool {
		p := &s.splits[partition]
		p.watermark = max(p.watermark, w)
		s.update()
		return true
	})
}

// Idle says that a partition is idle, or isn't any more.
func (m *Manual) Idle(source string, partition int, idle bool) error {
	return m.tell(source, func(s *splits) bool {
		s.splits[partition].idle = idle
		s.update()
		s.idle = s.idle && idle
		return true
	})
}

func (m *Manual) tell(source string, change func(*splits) bool) error {
	for _, s := range m.run.p.sources {
		if s.operator().name == source {
			m.run.gate.enter()
			m.run.advance(m.task, s, change)
			m.run.gate.leave()
			return m.flush()
		}
	}
	return tidegate.Errorf(tidegate.CodeNotFound, "pipeline %s has no source %s", m.run.p.name, source)
}

// Clock fires the timers of processing time that are due by the pipeline's
// clock, and looks for idle partitions.
func (m *Manual) Clock() error {
	m.run.onClock(m.task)
	return m.flush()
}

// EventTime is an operator's watermark, as those behind it know it, and
// whether it is idle.
func (m *Manual) EventTime(operator string) (w Millis, idle bool) {
	for _, n := range m.run.nodes {
		if n.name == operator {
			return n.line.out.watermark, n.line.out.idle
		}
	}
	return MinTime, false
}

// Checkpoint takes a checkpoint.
func (m *Manual) Checkpoint(ctx context.Context) CheckpointReport {
	return m.run.takeCheckpoint(ctx)
}

// Savepoint is [Pipeline.Savepoint].
func (m *Manual) Savepoint(ctx context.Context, w io.Writer) error { return m.run.savepoint(ctx, w) }

// ForgetTime forgets how far event time has come, at all operators. It is what
// Apache Flink does when it restores a checkpoint, and Tidegate does not.
func (m *Manual) ForgetTime() {
	for _, s := range m.run.p.sources {
		old := s.clock()
		for i := range old.splits {
			old.splits[i] = split{max: later(MinTime, old.bound+1), marked: MinTime, watermark: MinTime}
		}
		old.out = MinTime
		s.operator().line.now.Store(int64(MinTime))
		s.operator().line.out.watermark = MinTime
	}
	for _, l := range m.run.keeper.lines {
		l.now.Store(int64(MinTime))
		l.out.watermark = MinTime
	}
}

// State is a key's state at an operator, as JSON; nil if there is none.
func (m *Manual) State(operator, key string) (json.RawMessage, error) {
	return m.run.inspect(operator, key)
}

// Close ends the run as it is: without a last checkpoint.
func (m *Manual) Close() error {
	m.run.cancel()
	m.run.giveUp()
	var err error
	for _, s := range m.run.p.sources {
		err = first(err, s.close())
	}
	for _, s := range m.run.p.sinks {
		err = first(err, s.close())
	}
	return err
}

func (m *Manual) flush() error {
	m.task.settle()
	for _, s := range m.run.p.sinks {
		if err := s.flush(m.run.ctx, m.task); err != nil {
			return err
		}
	}
	return m.run.failure()
}
