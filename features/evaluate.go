package features

import (
	"math"

	"github.com/tidegate/tidegate"
)

// evaluation answers the features of one group for one event.
type evaluation struct {
	reader
	at     int64 // the event's time
	row    *row  // the event as a row
	counts bool  // the event is of a type that the group counts
	event  *tidegate.Event
	facts  *tidegate.Facts
	offset int
}

// run answers all plans.
func (e *evaluation) run() error {
	g := e.s.group
	for i := range g.plans {
		p := &g.plans[i]
		if !e.hasPair(p) {
			e.missingPlan(p)
			continue
		}
		e.plan(p)
	}
	return e.err
}

// missing answers a group whose key the event lacks.
func (e *evaluation) missing() {
	for i := range e.s.plans {
		e.missingPlan(&e.s.plans[i])
	}
}

// hasPair tells whether the event has all fields of the plan's key.
func (e *evaluation) hasPair(p *plan) bool {
	for _, t := range p.pair {
		if e.row.tokens[t] == 0 {
			return false
		}
	}
	return true
}

// plan makes one backward pass, window by window.
func (e *evaluation) plan(p *plan) {
	e.s.sums.reset(p)
	hi := e.position(e.at - p.delay)
	e.s.edges = e.s.edges[:0]
	upper := hi
	for k, window := range p.edges {
		lo := e.position(e.at - p.delay - window)
		if e.head != nil {
			if upTo := p.upTo[k]; len(p.pair) == 0 {
				e.s.sums.addBetween(&e.reader, p, upTo, lo, upper)
			} else {
				e.s.sums.addPairs(&e.reader, p, upTo, lo, upper)
			}
		}
		for i := range p.outputs[k] {
			e.output(p, &p.outputs[k][i])
		}
		upper = lo
		e.s.edges = append(e.s.edges, lo)
	}
	e.distincts(p, hi)
	e.quantiles(p, hi)
	for i := range p.ends {
		e.end(p, &p.ends[i], hi)
	}
}

func (e *evaluation) position(t int64) position {
	if e.head == nil {
		return position{}
	}
	return e.after(t)
}

// included tells whether the current event counts for a feature: in its
// window, by its filter, and wanted.
func (e *evaluation) included(p *plan, filter int, current bool) bool {
	return current && p.delay == 0 && e.counts && e.s.counted(e.row, filter)
}

func (e *evaluation) set(r *result, v float64) {
	if v != v && r.hasDefault {
		v = r.fallback
	}
	i := e.offset + r.variable
	e.facts.Num[i], e.facts.Text[i] = v, ""
}

func (e *evaluation) setText(r *result, v string, ok bool) {
	if ok {
		e.facts.SetText(e.offset+r.variable, v)
	} else {
		e.facts.SetMissing(e.offset + r.variable)
	}
}

// missingPlan answers a plan whose key the event lacks.
func (e *evaluation) missingPlan(p *plan) {
	for _, outputs := range p.outputs {
		for i := range outputs {
			e.set(&outputs[i].result, math.NaN())
		}
	}
	for i := range p.distincts {
		e.set(&p.distincts[i].result, math.NaN())
	}
	for i := range p.quantiles {
		e.set(&p.quantiles[i].result, math.NaN())
	}
	for i := range p.ends {
		e.missingEnd(&p.ends[i])
	}
}

// output computes one feature from the sums.
func (e *evaluation) output(p *plan, o *output) {
	s := &e.s.sums
	switch o.from {
	case fromCount:
		e.set(&o.result, e.count(p, o))
	case fromInts:
		t := p.ints[o.term].term
		m := s.ints[o.term]
		x := e.row.ints[t.column]
		present := e.row.masks.has(e.s.layout.ints[t.column].present)
		if present && e.included(p, t.filter, o.current) {
			m.add(x)
		}
		scale := e.scale(o.money)
		switch {
		case o.operation >= opRatio:
			e.set(&o.result, against(o.operation, float64(x), present, m.n, &m))
		case m.n == 0:
			e.set(&o.result, empty(o.operation))
		case o.operation == opMin:
			e.set(&o.result, float64(m.min)/scale)
		case o.operation == opMax:
			e.set(&o.result, float64(m.max)/scale)
		default:
			e.set(&o.result, statistic(o.operation, m.n, &m)/scale)
		}
	case fromFloats:
		t := p.floats[o.term].term
		m := s.floats[o.term]
		x := e.row.floats[t.column]
		if x == x && e.included(p, t.filter, o.current) {
			m.add(x)
		}
		switch {
		case o.operation >= opRatio:
			e.set(&o.result, against(o.operation, x, x == x, m.n, &m))
		case m.n == 0:
			e.set(&o.result, empty(o.operation))
		case o.operation == opMin:
			e.set(&o.result, m.min)
		case o.operation == opMax:
			e.set(&o.result, m.max)
		default:
			e.set(&o.result, statistic(o.operation, m.n, &m))
		}
	}
}

func (e *evaluation) count(p *plan, o *output) float64 {
	n := e.s.sums.counts[o.term]
	t := p.counts[o.term].term
	switch o.operation {
	case opUnseen:
		if n == 0 {
			return 1
		}
		return 0
	case opShare:
		all := e.s.sums.counts[o.over]
		if e.included(p, t.filter, o.current) {
			all++
		}
		if all == 0 {
			return math.NaN()
		}
		return float64(n) / float64(all)
	}
	if e.included(p, t.filter, o.current) {
		n++
	}
	return float64(n)
}

// scale is the number of minor units in a major one.
func (e *evaluation) scale(money moneyKind) float64 {
	switch money {
	case baseMoney:
		return e.s.baseScale
	case ownMoney:
		return majorUnit(e.event.Amount.Currency)
	}
	return 1
}

func majorUnit(c tidegate.CurrencyCode) float64 {
	return [...]float64{1, 10, 100, 1000, 10000}[c.Digits()]
}

// statistics are moments and spreads.
type statistics interface {
	sum() float64
	mean() float64
	deviation() float64
}

// empty is an operation's value of nothing.
func empty(op operation) float64 {
	if op == opSum {
		return 0
	}
	return math.NaN()
}

func statistic[S statistics](op operation, n int64, s S) float64 {
	switch op {
	case opSum:
		return s.sum()
	case opAvg:
		return s.mean()
	}
	if n < 2 {
		return math.NaN()
	}
	return s.deviation()
}

// against compares the current value with the others: ratio and z-score.
func against[S statistics](op operation, x float64, present bool, n int64, s S) float64 {
	if !present || n == 0 {
		return math.NaN()
	}
	if op == opRatio {
		return finite(x / s.mean())
	}
	if n < 2 {
		return math.NaN()
	}
	deviation := s.deviation()
	if deviation == 0 {
		return math.NaN()
	}
	return (x - s.mean()) / deviation
}
