package main

import (
	"errors"
	"io"
	"math"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/metrics"
	"github.com/tidegate/tidegate/bench/replay"
	"github.com/tidegate/tidegate/wire"
)

// replayOutputs takes decided rows: files, counts and labelled scores.
type replayOutputs struct {
	command   *replayCommand
	variables []tidegate.Variable
	decisions io.WriteCloser
	features  io.WriteCloser
	line      []byte
	outcomes  [4]int64
	alerts    int64
	repeated  int64 // decided before
	scored    []metrics.Scored
	base      tidegate.CurrencyCode // of the amounts that are measured
	from, to  tidegate.Millis
}

func (c *replayCommand) outputs(variables []tidegate.Variable, idColumn string) (o *replayOutputs, err error) {
	o = &replayOutputs{command: c, variables: variables, from: math.MinInt64, to: math.MaxInt64}
	if !c.MeasureFrom.IsZero() {
		o.from = tidegate.MillisOf(c.MeasureFrom)
	}
	if !c.MeasureTo.IsZero() {
		o.to = tidegate.MillisOf(c.MeasureTo)
	}
	if c.DecisionsOut != "" {
		if o.decisions, err = create(c.DecisionsOut); err != nil {
			return nil, err
		}
	}
	if c.FeaturesOut == "" {
		return o, nil
	}
	if o.features, err = create(c.FeaturesOut); err != nil {
		return nil, errors.Join(err, o.close())
	}
	o.line = appendCSV(o.line[:0], idColumn)
	for _, v := range variables {
		o.line = appendCSV(append(o.line, ','), v.Name)
	}
	_, err = o.features.Write(append(o.line, '\n'))
	return o, err
}

func (o *replayOutputs) result(r *replay.Result) error {
	if r.Decision.Retry {
		o.repeated++
		return nil
	}
	o.outcomes[r.Decision.Outcome]++
	o.alerts += int64(len(r.Decision.Alerts))
	if r.Row.Event.HasBase {
		o.base = r.Row.Event.Base.Currency
	}
	if r.Row.Labelled && r.Row.Event.Time >= o.from && r.Row.Event.Time < o.to {
		o.scored = append(o.scored, metrics.Scored{
			Score: score(&r.Decision), Fraud: r.Row.Fraud, Customer: xxhash.Sum64String(r.Decision.CustomerID),
			Day: int64(r.Row.Event.Time) / (24 * 3600 * 1000), Amount: r.Row.Event.Base.Minor, Blocked: r.Decision.Outcome >= tidegate.Challenge,
		})
	}
	if o.decisions != nil {
		o.line = append(wire.AppendDecision(o.line[:0], &r.Decision, wire.Features{}), '\n')
		if _, err := o.decisions.Write(o.line); err != nil {
			return err
		}
	}
	if o.features == nil {
		return nil
	}
	_, err := o.features.Write(o.featureLine(r))
	return err
}

// score ranks by the decision's score and, where that is at its cap or equal,
// by the model's own probability.
func score(d *tidegate.Decision) float64 {
	s := d.Score
	for _, m := range d.Models {
		if m.Role == "champion" {
			s += m.Score * 1e-6
		}
	}
	return s
}

func (o *replayOutputs) featureLine(r *replay.Result) []byte {
	b := appendCSV(o.line[:0], r.Row.ID)
	for i, v := range o.variables {
		b = append(b, ',')
		switch x := r.Num[i]; {
		case math.IsNaN(x): // missing is empty
		case v.Kind == tidegate.KindText:
			b = appendCSV(b, r.Text[i])
		case v.Kind == tidegate.KindBool:
			b = strconv.AppendBool(b, x != 0)
		case x == math.Trunc(x) && math.Abs(x) < 1<<53:
			b = strconv.AppendInt(b, int64(x), 10)
		default:
			b = strconv.AppendFloat(b, x, 'g', -1, 64)
		}
	}
	o.line = append(b, '\n')
	return o.line
}

// appendCSV appends a field, quoted where RFC 4180 wants it.
func appendCSV(b []byte, s string) []byte {
	plain := true
	for _, c := range []byte(s) {
		if c == '"' || c == ',' || c == '\n' || c == '\r' {
			plain = false
		}
	}
	if plain {
		return append(b, s...)
	}
	b = append(b, '"')
	for _, c := range []byte(s) {
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
}

func (o *replayOutputs) close() error {
	var errs []error
	for _, w := range []io.WriteCloser{o.decisions, o.features} {
		if w != nil {
			errs = append(errs, w.Close())
		}
	}
	return errors.Join(errs...)
}
