package stream

import (
	"context"
	"io"

	"github.com/tidegate/tidegate"
)

// Savepoint writes the pipeline's whole state and positions to a portable
// file, from which another pipeline can start ([Options.Savepoint]): on
// another backend, or of a program that has changed. Operators find their
// state by name. With a backend it is a checkpoint that is copied while
// processing goes on; without one processing stops for as long as it takes.
// Of a pipeline that has ended it is how it ended.
func (p *Pipeline) Savepoint(ctx context.Context, w io.Writer) error {
	r := p.running.Load()
	if r == nil {
		return tidegate.Errorf(tidegate.CodeUnavailable, "pipeline %s is not running", p.name)
	}
	return r.savepoint(ctx, w)
}

func (r *run) savepoint(ctx context.Context, w io.Writer) error {
	ended := r.p.Status() == Ended // with a last checkpoint
	if !ended {
		if report := r.takeCheckpoint(ctx); report.Err != nil {
			return report.Err
		}
	}
	if r.listing == nil {
		r.checkpoint.mu.Lock() // one pause at a time
		defer r.checkpoint.mu.Unlock()
		r.gate.pause()
		defer r.gate.resume()
		if _, err := r.store.Cut(r.snapshot(r.checkpoint.number)); err != nil {
			return err
		}
	}
	return r.store.Export(w)
}
