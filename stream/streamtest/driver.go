// Package streamtest drives pipelines in tests, record by record, with time in
// the test's hands. Everything happens on the test's goroutine and in an order
// that is always the same.
//
//	src, out := streamtest.NewSource[int](1), &streamtest.Sink[int]{}
//	p := stream.New("double", stream.Options{})
//	in := stream.From(p, src, stream.SourceTimestamps[int]())
//	stream.To(stream.Map(in, func(v int) int { return 2 * v }), out)
//	d := streamtest.Drive(t, p)
//	src.Send(0, 21, 1000)
//	d.Step() // out.Values() is now [42]
package streamtest

import (
	"context"
	"testing"

	"github.com/tidegate/tidegate/stream"
)

// Driver drives a pipeline. An error of the pipeline fails the test.
type Driver struct {
	t testing.TB
	*stream.Manual
}

// Drive opens a pipeline, and closes it at the end of the test.
func Drive(t testing.TB, p *stream.Pipeline) *Driver {
	t.Helper()
	m, err := p.Manual(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	d := &Driver{t, m}
	t.Cleanup(func() { d.check(m.Close()) })
	return d
}

// Step handles all that has been sent.
func (d *Driver) Step() {
	d.t.Helper()
	for {
		more, err := d.Poll()
		d.check(err)
		if !more {
			return
		}
	}
}

// Watermark sets the watermark of a source's partition.
func (d *Driver) Watermark(source string, partition int, w stream.Millis) {
	d.t.Helper()
	d.check(d.Manual.Watermark(source, partition, w))
}

// Idle says that a partition is idle, or isn't any more.
func (d *Driver) Idle(source string, partition int, idle bool) {
	d.t.Helper()
	d.check(d.Manual.Idle(source, partition, idle))
}

// Tick lets the pipeline look at its clock.
func (d *Driver) Tick() {
	d.t.Helper()
	d.check(d.Manual.Clock())
}

func (d *Driver) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}
