package patterns

import (
	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/rules/condition"
)

// view is the event at hand, as conditions see it. Those that look at nothing
// else are all answered when it turns to an event: together, and once.
type view struct {
	language *language
	facts    *tidegate.Facts // the event's columns, then what a pattern refers to
	needed   []int           // the variables that any condition looks at
	machine  *condition.Machine
	held     []uint64 // a bit for each condition on the event alone
	at       *tidegate.Event
	trace    *trace // nil but while a set is compiled
}

// trace notes what a pattern asks of an event.
type trace struct {
	asked []uint64 // bits, as in held
	back  bool     // it asks what looks back
}

// turn makes tx the event at hand.
func (v *view) turn(tx *tidegate.Event) {
	v.at = tx
	for _, place := range v.needed {
		v.put(place, v.language.columns[v.language.column[place]].of(tx))
	}
	clear(v.held)
	for _, i := range v.machine.Evaluate(condition.Input{Facts: v.facts, Tenant: tx.Tenant, Now: tx.Time}) {
		v.held[i>>6] |= 1 << (i & 63)
	}
}

func (v *view) put(place int, x value) { v.facts.Num[place], v.facts.Text[place] = x.num, x.text }

// see is turn where it is needed: tests bring events without announcing them.
func (v *view) see(e *Event) {
	if e.tx != v.at {
		v.turn(e.tx)
	}
}

// alone makes the condition that asks a bit.
func (v *view) alone(number int) cep.Condition[*Event] {
	word, bit := number>>6, uint64(1)<<(number&63)
	return cep.If(func(e *Event) bool {
		if v.trace != nil {
			v.trace.asked[word] |= bit
			return false
		}
		v.see(e)
		return v.held[word]&bit != 0
	})
}

// lookingBack is a condition that also looks at events before.
type lookingBack struct {
	pattern    *Pattern
	number     int   // in the pattern's program
	places     []int // of its references among the pattern's variables
	references []reference
}

func (c *lookingBack) condition() cep.Condition[*Event] {
	return cep.IfEarlier(func(e *Event, earlier cep.Earlier[*Event]) bool {
		p := c.pattern
		v := p.set.view
		if v.trace != nil {
			v.trace.back = true
			return false
		}
		v.see(e)
		for i := range c.references {
			v.put(c.places[i], c.references[i].in(earlier, p.variables[c.places[i]].Kind))
		}
		return p.machine.Holds(c.number, condition.Input{Facts: v.facts, Tenant: v.at.Tenant, Now: v.at.Time})
	})
}

// beginnings finds the conditions of which one must hold for an event to begin
// a match: those that are asked of an event for which none holds, if such an
// event begins nothing. Without any, or if something looks back, nil.
func (v *view) beginnings(p *Pattern) []uint64 {
	v.trace = &trace{asked: make([]uint64, len(v.held))}
	defer func() { v.trace = nil }()
	if p.matcher.Begins(&p.scratch, 0) || v.trace.back {
		return nil
	}
	return v.trace.asked
}

// begins tells whether the event at hand begins a match of an idle entity.
func (p *Pattern) begins(tx *tidegate.Event) bool {
	if p.beginnings != nil && !p.set.view.anyOf(p.beginnings) {
		return false
	}
	p.scratch.tx = tx
	return p.matcher.Begins(&p.scratch, int64(tx.Time))
}

func (v *view) anyOf(bits []uint64) bool {
	for i, word := range bits {
		if v.held[i]&word != 0 {
			return true
		}
	}
	return false
}
