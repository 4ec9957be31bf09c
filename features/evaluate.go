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
	upper, scanned := hi, e.scanned(p)
	for k, window := range p.edges {
		lo := e.position(e.at - p.delay - window)
		if e.head != nil {
			if upTo := p.upTo[k]; len(p.pair) == 0 {
				e.s.sums.addBetween(&e.reader, p, upTo, lo, upper)
			} else if k < scanned {
				e.s.sums.addPairs(&e.reader, p, upTo, lo, upper)
			}
		}
		e.outputs(p, p.outputs[k])
		upper = lo
		e.s.edges = append(e.s.edges, lo)
	}
	e.distincts(p, hi)
	e.quantiles(p, hi)
	for i := range p.ends {
		e.end(p, &p.ends[i], hi)
	}
}

// scanned is the number of a pair's windows for which blocks have to be
// looked at: sliders answer for the rest, which are longer.
func (e *evaluation) scanned(p *plan) int {
	if len(p.pair) == 0 || e.head == nil || e.head.older == nil || e.head.older.sliders == nil {
		return len(p.edges)
	}
	for k := len(p.edges) - 1; k >= 0; k-- {
		for i := range p.outputs[k] {
			if slider := p.outputs[k][i].slider; slider < 0 || !e.head.older.sliders[slider].promoted {
				return k + 1
			}
		}
	}
	return 0
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
	e.facts.SetNumber(e.offset+r.variable, v)
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

// outputs computes the features of a window from the sums.
func (e *evaluation) outputs(p *plan, outputs []output) {
	for i := 0; i < len(outputs); {
		o := &outputs[i]
		n := 1
		switch o.from {
		case fromCount:
			e.set(&o.result, e.count(p, o))
		case fromInts:
			n = e.ofInts(p, outputs[i:])
		case fromFloats:
			e.set(&o.result, e.ofFloats(p, o))
		}
		i += n
	}
}

// ofInts computes the first of the features, and those behind it that are of
// the same moments, and says how many. The moments are exact, and become major
// units here.
func (e *evaluation) ofInts(p *plan, outputs []output) (n int) {
	o := &outputs[0]
	t := &p.ints[o.term].term
	x, present := e.row.ints[t.column], e.row.masks.has(e.s.layout.ints[t.column].present)
	m := &e.s.sums.ints[o.term]
	if sl := e.slider(o.slider); sl != nil {
		m = e.pairSums(p, o, sl)
	}
	if present && e.included(p, t.filter, o.current) {
		e.s.with = *m
		e.s.with.add(x)
		m = &e.s.with
	}
	scale := e.scale(o.money)
	for n == 0 || n < len(outputs) && outputs[n].alike(o) {
		o := &outputs[n]
		e.set(&o.result, ofMoments(o.operation, m, scale, x, present))
		n++
	}
	return n
}

// alike tells whether both are of the same moments.
func (o *output) alike(p *output) bool {
	return o.from == p.from && o.term == p.term && o.slider == p.slider && o.current == p.current && o.money == p.money &&
		(o.slider < 0 || o.over == p.over)
}

// ofMoments computes from the moments of what is in a window; x is the current
// event's value.
func ofMoments(op operation, m *moments, scale float64, x int64, present bool) float64 {
	if m.n == 0 {
		return ofNothing(op)
	}
	switch op {
	case opSum:
		return m.sum() / scale
	case opAvg:
		return m.mean() / scale
	case opMin:
		return float64(m.min) / scale
	case opMax:
		return float64(m.max) / scale
	case opStddev:
		return m.deviation() / scale
	}
	if !present {
		return math.NaN()
	}
	if op == opRatio {
		return ratio(float64(x), m.mean())
	}
	return zscore(float64(x), m.mean(), m.deviation())
}

// pairSums are the sums that a slider knows of the current pair.
func (e *evaluation) pairSums(p *plan, o *output, sl *slider) *moments {
	e.s.with = noMoments
	e.withoutHole(o.slider, sl, func() {
		if sums := sl.pairs.sums(e.row.pairOf(p.pair), o.over); sums != nil {
			e.s.with.powers = *sums
		}
	})
	return &e.s.with
}

func (e *evaluation) ofFloats(p *plan, o *output) float64 {
	t := &p.floats[o.term].term
	x := e.row.floats[t.column]
	s := e.s.sums.floats[o.term]
	if x == x && e.included(p, t.filter, o.current) {
		s.add(x)
	}
	if s.n == 0 {
		return ofNothing(o.operation)
	}
	switch o.operation {
	case opSum:
		return s.total
	case opAvg:
		return s.mean()
	case opMin:
		return s.min
	case opMax:
		return s.max
	case opStddev:
		return s.deviation()
	case opRatio:
		return ratio(x, s.mean())
	}
	return zscore(x, s.mean(), s.deviation())
}

// ofNothing is the value of an empty window.
func ofNothing(op operation) float64 {
	if op == opSum {
		return 0
	}
	return math.NaN()
}

func ratio(x, mean float64) float64 { return finite(x / mean) }

// zscore is missing where the deviation is 0 or there is none.
func zscore(x, mean, deviation float64) float64 { return finite((x - mean) / deviation) }

func (e *evaluation) count(p *plan, o *output) float64 {
	n := e.s.sums.counts[o.term]
	if sl := e.slider(o.slider); sl != nil {
		e.withoutHole(o.slider, sl, func() { n = int64(sl.pairs.slot(e.row.pairOf(p.pair)).count) })
	}
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
