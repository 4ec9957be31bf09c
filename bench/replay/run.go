package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tidegate/tidegate"
)

// Engine decides rows in order: scratch state, or a node's.
type Engine interface {
	// Transaction decides. row.Event is the engine's until the next call but one.
	Transaction(row *Row, d *tidegate.Decision) error
	// Event takes what asks for no decision.
	Event(row *Row) error
	// Label tells what is said of a transaction.
	Label(l *tidegate.Label, tx *tidegate.Event) error
	// FeatureRow is the feature values of the transaction decided last.
	FeatureRow() (nums []float64, texts []string)
}

// Options of a run.
type Options struct {
	Speed    float64 // multiple of real time; 0 is as fast as it goes
	Labels   *Labels // of a file beside the rows; nil without
	MaxBad   int     // give up after so many lines that can't be read; -1 never
	Result   func(*Result) error
	Progress func(rows int64)
	BadLine  func(error)
	Now      func() time.Time
	Sleep    func(context.Context, time.Duration) error
}

// Result is a decided row, given in order on another goroutine.
type Result struct {
	Row      Row
	refused  bool
	Decision tidegate.Decision
	Num      []float64
	Text     []string
}

// Totals of a run.
type Totals struct {
	Transactions int64   `json:"transactions"`
	Events       int64   `json:"events"`
	BadLines     int64   `json:"bad_lines"`
	OutOfOrder   int64   `json:"out_of_order"` // rows older than one before them
	Seconds      float64 `json:"seconds"`
}

// A batch is handed from the reader to the engine to the writer, so that
// parsing, deciding and writing overlap; three of them bound the memory.
const (
	batchRows = 512
	batches   = 4
)

type batch struct {
	rows    []Result
	n       int
	skipped []error
	err     error
}

// Run reads to the end, decides every row in order and hands the results on.
func Run(ctx context.Context, r *Reader, e Engine, o Options) (Totals, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	free, read, decided := make(chan *batch, batches), make(chan *batch, batches), make(chan *batch, batches)
	for range batches {
		free <- &batch{rows: make([]Result, batchRows)}
	}
	var wait sync.WaitGroup
	wait.Go(func() { defer close(read); readBatches(ctx, r, free, read) })
	var writeErr error
	wait.Go(func() {
		for b := range decided {
			if writeErr == nil {
				if writeErr = writeBatch(b, o.Result); writeErr != nil {
					cancel()
				}
			}
			free <- b
		}
	})
	run := runner{engine: e, options: o, delay: tidegate.Millis(r.mapping.Label.AvailableAfter.Millis())}
	err := run.all(ctx, read, decided)
	cancel()
	close(decided)
	for range read { // let the reader end
	}
	wait.Wait()
	if writeErr != nil {
		err = writeErr
	}
	run.totals.Seconds = o.Now().Sub(run.began).Seconds()
	return run.totals, err
}

func readBatches(ctx context.Context, r *Reader, free <-chan *batch, read chan<- *batch) {
	for {
		var b *batch
		select {
		case b = <-free:
		case <-ctx.Done():
			return
		}
		b.n, b.skipped, b.err = 0, nil, nil
		for b.n < len(b.rows) && len(b.skipped) < batchRows && b.err == nil {
			err := r.Next(&b.rows[b.n].Row)
			var own *tidegate.Error
			switch {
			case err == nil:
				b.n++
			case errors.As(err, &own):
				b.skipped = append(b.skipped, err)
			default:
				b.err = err
			}
		}
		read <- b // there is room: as many batches as places
		if b.err != nil {
			return
		}
	}
}

func writeBatch(b *batch, result func(*Result) error) error {
	if result == nil {
		return nil
	}
	for i := range b.rows[:b.n] {
		if b.rows[i].refused || b.rows[i].Row.Event.Type != tidegate.TypeTransaction {
			continue
		}
		if err := result(&b.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// runner decides.
type runner struct {
	engine  Engine
	options Options
	totals  Totals
	delay   tidegate.Millis
	labels  upcoming
	began   time.Time
	first   tidegate.Millis
	newest  tidegate.Millis
}

func (r *runner) all(ctx context.Context, read <-chan *batch, decided chan<- *batch) error {
	r.began = r.options.Now()
	for b := range read {
		for _, err := range b.skipped {
			if err := r.bad(err); err != nil {
				return err
			}
		}
		for i := range b.rows[:b.n] {
			row := &b.rows[i]
			err := r.row(ctx, row)
			if row.refused = tidegate.CodeOf(err) == tidegate.CodeConflict; row.refused {
				err = r.bad(&tidegate.Error{Code: tidegate.CodeConflict, Line: row.Row.Line, Message: fmt.Sprintf("line %d", row.Row.Line), Cause: err})
			}
			if err != nil {
				return err
			}
		}
		if r.options.Progress != nil {
			r.options.Progress(r.totals.Transactions + r.totals.Events)
		}
		end := b.err
		decided <- b
		switch {
		case end == io.EOF:
			return r.tellLabels(1 << 62)
		case end != nil:
			return end
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// bad tells of a line that is passed over, until there are too many.
func (r *runner) bad(err error) error {
	r.totals.BadLines++
	if r.options.BadLine != nil {
		r.options.BadLine(err)
	}
	if r.options.MaxBad >= 0 && r.totals.BadLines > int64(r.options.MaxBad) {
		return tidegate.Errorf(tidegate.CodeInvalid, "more than %d lines can't be read; the first errors are above", r.options.MaxBad)
	}
	return nil
}

func (r *runner) row(ctx context.Context, res *Result) error {
	e := &res.Row.Event
	if err := r.pace(ctx, e.Time); err != nil {
		return err
	}
	if r.newest = max(r.newest, e.Time); e.Time < r.newest {
		r.totals.OutOfOrder++
	}
	if err := r.tellLabels(e.Time); err != nil {
		return err
	}
	if e.Type != tidegate.TypeTransaction {
		if err := r.engine.Event(&res.Row); err != nil {
			return err
		}
		r.totals.Events++
		return nil
	}
	resetDecision(&res.Decision)
	if err := r.engine.Transaction(&res.Row, &res.Decision); err != nil {
		return err
	}
	r.totals.Transactions++
	nums, texts := r.engine.FeatureRow()
	res.Num, res.Text = append(res.Num[:0], nums...), append(res.Text[:0], texts...)
	r.await(&res.Row)
	return r.tellLabels(e.Time)
}

// await keeps what will be said of a transaction until it is known.
func (r *runner) await(row *Row) {
	if row.Labelled && row.Fraud {
		r.labels.push(row.Event.Time+r.delay, columnLabel(&row.Event), &row.Event)
	}
	if r.options.Labels == nil {
		return
	}
	said := r.options.Labels.take(row.Event.Text[tidegate.TransactionID])
	for _, l := range said {
		r.labels.push(l.ReportedAt, l, &row.Event)
	}
	if len(said) > 0 {
		row.Labelled, row.Fraud = true, verdict(said)
	}
}

// tellLabels tells the labels that are known before an instant, or at it.
func (r *runner) tellLabels(at tidegate.Millis) error {
	for {
		p, ok := r.labels.pop(at)
		if !ok {
			return nil
		}
		err := r.engine.Label(&p.label, &p.tx)
		if tidegate.CodeOf(err) == tidegate.CodeConflict {
			err = r.bad(err)
		}
		if err != nil {
			return err
		}
	}
}

// pace waits until an event is due, at a multiple of real time.
func (r *runner) pace(ctx context.Context, at tidegate.Millis) error {
	if r.options.Speed <= 0 {
		return nil
	}
	if r.first == 0 {
		r.first = at
	}
	due := time.Duration(float64(at-r.first) / r.options.Speed * 1e6)
	if wait := due - r.options.Now().Sub(r.began); wait > 0 {
		return r.options.Sleep(ctx, wait)
	}
	return nil
}

// resetDecision empties a decision and keeps its slices.
func resetDecision(d *tidegate.Decision) {
	*d = tidegate.Decision{Reasons: d.Reasons[:0], Rules: d.Rules[:0], Models: d.Models[:0], Patterns: d.Patterns[:0], Degraded: d.Degraded[:0], Warnings: d.Warnings[:0], Alerts: d.Alerts[:0]}
}
