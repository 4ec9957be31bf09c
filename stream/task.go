package stream

import (
	"fmt"
	"runtime/debug"

	"github.com/tidegate/tidegate"
)

// task is one goroutine's way through the graph: it brings a record, and
// carries what the operators need besides it.
type task struct {
	run     *run
	local   []scratch   // by operator
	stats   []nodeCount // by operator; added to the operator's between batches
	origin  *Meta       // the source's message being handled, nil while timers fire
	from    string      // its partition
	burying bool        // a dead letter is on its way
	untold  []drainer   // sinks that have been given something since settle
}

// scratch is what an operator reuses from record to record.
type scratch struct {
	any  any
	free any // parts of rows that are not in use: a *[]*S
}

type nodeCount struct{ in, out, late, failed int64 }

func (r *run) newTask() *task {
	return &task{run: r, local: make([]scratch, len(r.p.nodes)), stats: make([]nodeCount, len(r.p.nodes))}
}

// scratchOf is a task's scratch of an operator.
func scratchOf[S any](t *task, n *node) *S {
	l := &t.local[n.id]
	if l.any == nil {
		l.any = new(S)
	}
	return l.any.(*S)
}

// poisoned turns a panic in an operator's function into a dead letter.
func (t *task) poisoned(n *node, cause any, at Millis, value any) {
	stack, err := panicked(cause)
	t.bury(n, err, stack, at, value)
}

// panicked is a recovered panic as an error, with the stack it happened on.
func panicked(cause any) (stack string, err error) {
	err, ok := cause.(error)
	if !ok {
		err = fmt.Errorf("%v", cause)
	}
	return string(debug.Stack()), fmt.Errorf("panic: %w", err)
}

// failed turns a record that an operator refuses into a dead letter.
func (t *task) failed(n *node, err error, at Millis, value any) { t.bury(n, err, "", at, value) }

// tell wakes the sinks that the task has given something. To wake one costs
// more than most records do, so it is done once a batch, and before the task
// waits for anything.
func (t *task) tell() {
	for i, s := range t.untold {
		s.wake()
		t.untold[i] = nil
	}
	t.untold = t.untold[:0]
}

// fatal stops the pipeline: for faults that are not a record's.
func (t *task) fatal(n *node, err error) {
	fault := t.run.p.fault(n, "it can't go on")
	fault.Code, fault.Cause = tidegate.CodeOf(err), err
	t.run.fail(fault)
}

// settle ends a batch: the task tells the sinks that there is something for
// them, and adds what it has counted to the operators' counts.
func (t *task) settle() {
	t.tell()
	for i := range t.stats {
		c := &t.stats[i]
		if *c != (nodeCount{}) {
			t.run.counts[i].add(*c)
			*c = nodeCount{}
		}
	}
}
