package features

import (
	"slices"
	"sort"

	"github.com/tidegate/tidegate"
)

var operations = map[string]operation{
	"sum": opSum, "avg": opAvg, "min": opMin, "max": opMax, "stddev": opStddev, "ratio": opRatio, "zscore": opZscore,
}

// current tells whether the current event counts: it never does for features
// about the other events, nor where its outcome would have to be known.
func (b *builder) current() bool {
	return !b.d.ExcludeCurrent && !functions[b.d.Aggregate.Func].othersOnly && !b.group.filters[b.filter].usesOutcome
}

func (b *builder) declareInGroup(name string, kind tidegate.Kind, unit string, optional bool) (result, *tidegate.Error) {
	r, err := b.declare(b.d, name, kind, unit, optional)
	if err == nil {
		b.group.variables = append(b.group.variables, r.variable)
		if b.d.Window > 0 {
			b.group.windows = append(b.group.windows, warmth{r.variable, int64(b.d.Window + b.d.Delay)})
		}
	}
	return r, err
}

func (b *builder) aggregate() *tidegate.Error {
	d := b.d
	f, known := functions[d.Aggregate.Func]
	switch {
	case !known:
		return d.errorf("aggregate", "unknown aggregate %q%s", d.Aggregate.Func, suggest(d.Aggregate.Func, functionNames()))
	case b.window == 0 && !f.unbounded:
		return d.errorf("aggregate", "%s needs a window, as window: 30d", d.Aggregate.Func)
	case d.Aggregate.Of == "fraud":
		return b.fraud()
	case f.operand == withoutOperand:
		return b.nullary()
	}
	src, ok := b.words.lookup(d.Aggregate.Of)
	if !ok {
		known := b.words.names("fraud")
		sort.Strings(known)
		return d.errorf("aggregate", "unknown field %q%s", d.Aggregate.Of, suggest(d.Aggregate.Of, known))
	}
	if f.operand == ofANumber && src.kind == tidegate.KindText {
		return d.errorf("aggregate", "%s is a text; %s needs a number", d.Aggregate.Of, d.Aggregate.Func)
	}
	switch d.Aggregate.Func {
	case "count_distinct":
		return b.distinct(src)
	case "median", "quantile":
		return b.quantile(src)
	case "first", "last":
		return b.firstOrLast(src)
	}
	return b.statistic(src)
}

// add adds a feature computed from terms.
func (b *builder) add(o output) {
	p := &b.group.plans[b.plan]
	edge := b.edge()
	o.slider = -1
	p.outputs[edge] = append(p.outputs[edge], o)
}

func (b *builder) countTerm(with property) int {
	p := &b.group.plans[b.plan]
	return term(&p.counts, &b.group.counts, countTerm{b.filter, with}, b.edge(), len(p.pair) == 0)
}

// nullary builds the aggregates without an operand.
func (b *builder) nullary() *tidegate.Error {
	switch b.d.Aggregate.Func {
	case "count":
		r, err := b.declareInGroup(b.d.Name, tidegate.KindNumber, "count", len(b.d.Key) > 0)
		if err == nil {
			b.add(output{result: r, operation: opCount, term: b.countTerm(property{}), current: b.current()})
		}
		return err
	case "first_seen":
		r, err := b.declareInGroup(b.d.Name, tidegate.KindBool, "", true)
		if err == nil {
			b.add(output{result: r, operation: opUnseen, term: b.countTerm(property{})})
		}
		return err
	}
	r, err := b.declareInGroup(b.d.Name, tidegate.KindNumber, "s", true)
	if err == nil {
		b.addEnd(end{kind: sinceLast, result: r})
	}
	return err
}

// fraud builds sum(fraud) and avg(fraud): a transaction without a label is not fraud.
func (b *builder) fraud() *tidegate.Error {
	d := b.d
	switch d.Aggregate.Func {
	case "sum":
		r, err := b.declareInGroup(d.Name, tidegate.KindNumber, "count", true)
		if err == nil {
			// The current transaction has no label yet.
			b.add(output{result: r, operation: opCount, term: b.countTerm(property{kind: isFraud})})
		}
		return err
	case "avg":
		r, err := b.declareInGroup(d.Name, tidegate.KindNumber, "", true)
		if err == nil {
			b.add(output{result: r, operation: opShare, term: b.countTerm(property{kind: isFraud}), over: b.countTerm(property{}), current: b.current()})
		}
		return err
	}
	return d.errorf("aggregate", "fraud goes with sum, avg and where, not with %s", d.Aggregate.Func)
}

// integral finds the column of exact integers for a source, if it has one.
func (b *builder) integral(src source) (intColumn, bool) {
	if src.attribute == "" {
		if money := moneyOf(src.field, b.own); money != notMoney {
			return intColumn{money: money}, true
		}
		if src.field == tidegate.FieldHour || src.field == tidegate.FieldWeekday {
			return intColumn{source: src}, true
		}
	}
	return intColumn{source: src}, src.kind == tidegate.KindBool
}

func (b *builder) unit(money moneyKind) string {
	if money == baseMoney {
		return b.words.base.String()
	}
	return ""
}

// statistic builds what moments and spreads give.
func (b *builder) statistic(src source) *tidegate.Error {
	op := operations[b.d.Aggregate.Func]
	column, integral := b.integral(src)
	unit := b.unit(column.money)
	if op == opRatio || op == opZscore {
		unit = ""
	}
	r, err := b.declareInGroup(b.d.Name, tidegate.KindNumber, unit, true)
	if err != nil {
		return err
	}
	r.money = column.money
	o := output{result: r, operation: op, current: b.current()}
	g, p := b.group, &b.group.plans[b.plan]
	edge, summed := b.edge(), len(p.pair) == 0
	if integral {
		o.from = fromInts
		o.term = term(&p.ints, &g.ints, intTerm{b.filter, g.int(column)}, edge, summed)
	} else {
		o.from = fromFloats
		o.term = term(&p.floats, &g.floats, floatTerm{b.filter, g.float(src)}, edge, summed)
	}
	b.add(o)
	return nil
}

func (b *builder) distinct(src source) *tidegate.Error {
	r, err := b.declareInGroup(b.d.Name, tidegate.KindNumber, "count", true)
	if err != nil {
		return err
	}
	edge := b.edge()
	p := &b.group.plans[b.plan]
	p.distincts = append(p.distincts, distinct{
		filter: b.filter, column: b.group.token(src, false), edge: edge, slider: -1, result: r, current: b.current(),
	})
	return nil
}

func (b *builder) quantile(src source) *tidegate.Error {
	column, integral := b.integral(src)
	r, err := b.declareInGroup(b.d.Name, tidegate.KindNumber, b.unit(column.money), true)
	if err != nil {
		return err
	}
	r.money = column.money
	q := quantile{filter: b.filter, q: b.d.Aggregate.Q, edge: b.edge(), slider: -1, result: r, current: b.current()}
	if b.d.Aggregate.Func == "median" {
		q.q = 0.5
	}
	if integral {
		q.column = b.group.int(column)
	} else {
		q.column, q.floats = b.group.float(src), true
	}
	p := &b.group.plans[b.plan]
	p.quantiles = append(p.quantiles, q)
	return nil
}

func (b *builder) firstOrLast(src source) *tidegate.Error {
	last := b.d.Aggregate.Func == "last"
	column, integral := b.integral(src)
	r, err := b.declareInGroup(b.d.Name, src.kind, b.unit(column.money), true)
	if err != nil {
		return err
	}
	r.money = column.money
	e := end{result: r}
	switch {
	case src.kind == tidegate.KindText:
		e.kind, e.column = firstText, b.group.token(src, true)
	case integral:
		e.kind, e.column = firstInt64, b.group.int(column)
	default:
		e.kind, e.column = firstFloat, b.group.float(src)
	}
	if last {
		e.kind++
	}
	b.addEnd(e)
	return nil
}

// travel builds the three features of kind travel.
func (b *builder) travel() *tidegate.Error {
	d := b.d
	column := b.group.place(d.By == "country")
	var first result
	for i, part := range []struct{ suffix, unit string }{{"_km", "km"}, {"_s", "s"}, {"_kmh", "km/h"}} {
		r, err := b.declareInGroup(d.Name+part.suffix, tidegate.KindNumber, part.unit, true)
		if err != nil {
			return err
		}
		if i == 0 {
			first = r
		}
	}
	b.addEnd(end{kind: travelled, column: column, result: first})
	return nil
}

func (b *builder) addEnd(e end) {
	e.filter, e.edge, e.slot, e.recall, e.slider, e.current = b.filter, -1, -1, -1, -1, b.current()
	e.with = e.property()
	if b.window > 0 {
		e.edge = b.edge()
	} else {
		want := recall{b.filter, e.with}
		if e.recall = slices.Index(b.group.recalls, want); e.recall < 0 {
			e.recall = len(b.group.recalls)
			b.group.recalls = append(b.group.recalls, want)
		}
	}
	p := &b.group.plans[b.plan]
	if len(p.pair) == 0 {
		var terms []planTerm[countTerm]
		term(&terms, &b.group.counts, countTerm{b.filter, e.with}, 0, true)
		e.slot = terms[0].slot
	}
	p.ends = append(p.ends, e)
}
