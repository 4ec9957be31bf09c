package cep

import "time"

// quantity says how many events a stage takes and how they lie together.
type quantity struct {
	kind     quantityKind
	from, to int
	inner    contiguity // relaxed unless set
	innerSet bool
	greedy   bool
	optional bool
	step     *int64 // ms between the events of the stage
}

type quantityKind uint8

const (
	single  quantityKind = iota
	times                // from..to
	looping              // from or more
)

// OneOrMore lets the current stage take one event or more, each in a match of
// its own length.
func (p *Pattern[E]) OneOrMore() *Pattern[E] { return p.quantify(looping, 1, 1) }

// TimesOrMore lets the current stage take n events or more.
func (p *Pattern[E]) TimesOrMore(n int) *Pattern[E] { return p.quantify(looping, n, n) }

// Times lets the current stage take exactly n events.
func (p *Pattern[E]) Times(n int) *Pattern[E] { return p.quantify(times, n, n) }

// TimesBetween lets the current stage take from..to events; from 0 makes it
// optional.
func (p *Pattern[E]) TimesBetween(from, to int) *Pattern[E] {
	if from == 0 {
		if p.quantify(times, 1, to); p.wrong == nil {
			p.current().quantity.optional = true
		}
		return p
	}
	return p.quantify(times, from, to)
}

func (p *Pattern[E]) quantify(kind quantityKind, from, to int) *Pattern[E] {
	s := p.current()
	switch {
	case s.contiguity.negated():
		return p.refuse(QuantifierOnNot, "%s can't be repeated", s.contiguity)
	case s.quantity.kind != single:
		return p.refuse(QuantifierTwice, "has a quantifier already")
	case from <= 0:
		return p.refuse(TimesNotPositive, "must be wanted at least once, not %d times", from)
	case to < from:
		return p.refuse(TimesRangeReversed, "times from %d to %d: the end is before the beginning", from, to)
	}
	s.quantity = quantity{kind: kind, from: from, to: to, inner: relaxed, optional: s.quantity.optional}
	return p
}

// Consecutive wants the events of the current, repeated stage directly after
// one another.
func (p *Pattern[E]) Consecutive() *Pattern[E] {
	return p.setInner(strict, ConsecutiveOnSingle, "consecutive")
}

// AllowCombinations lets the current, repeated stage leave out events that fit.
func (p *Pattern[E]) AllowCombinations() *Pattern[E] {
	return p.setInner(relaxedAny, CombinationsOnSingle, "combinations")
}

func (p *Pattern[E]) setInner(c contiguity, onSingle Reason, what string) *Pattern[E] {
	q := &p.current().quantity
	switch {
	case q.kind == single:
		return p.refuse(onSingle, "%s: only a repeated stage has events to put together", what)
	case q.innerSet:
		return p.refuse(InnerTwice, "is consecutive or allows combinations already")
	}
	q.inner, q.innerSet = c, true
	return p
}

// Greedy lets the current, repeated stage keep events that fit it from the
// stage after it.
func (p *Pattern[E]) Greedy() *Pattern[E] {
	s := p.current()
	switch {
	case s.contiguity.negated():
		return p.refuse(QuantifierOnNot, "%s can't be greedy", s.contiguity)
	case s.group != nil:
		return p.refuse(GreedyGroup, "a group can't be greedy")
	case s.quantity.inner == relaxedAny:
		return p.refuse(GreedyWithCombinations, "greedy and combinations exclude one another")
	case s.quantity.kind == single:
		return p.refuse(GreedyOnSingle, "only a repeated stage can be greedy")
	}
	s.quantity.greedy = true
	return p
}

// Optional lets a match do without the current stage.
func (p *Pattern[E]) Optional() *Pattern[E] {
	s := p.current()
	switch {
	case len(p.stages) > 1 && p.stages[len(p.stages)-2].quantity.greedy:
		return p.refuse(OptionalAfterGreedy, "can't be optional after a greedy stage")
	case s.quantity.optional:
		return p.refuse(OptionalTwice, "is optional already")
	case s.contiguity.negated():
		return p.refuse(OptionalNot, "%s can't be optional", s.contiguity)
	}
	s.quantity.optional = true
	return p
}

// Until ends the repetition of the current stage at an event that fits c. That
// event is not taken by this stage; the next stage may take it.
func (p *Pattern[E]) Until(c Condition[E]) *Pattern[E] {
	s := p.current()
	switch {
	case s.until != nil:
		return p.refuse(UntilTwice, "has an end condition already")
	case s.quantity.kind != looping:
		return p.refuse(UntilOnNonLooping, "until is for a stage that repeats without an end")
	}
	s.until = &c
	return p
}

// StepWithin bounds the time between the events of the current, repeated
// stage. Which gaps it checks is Flink's: of times(n) those from the stage
// before to the first event and all later ones but the last; of one or more,
// the one before the first event; of n or more, those up to the n-th event.
func (p *Pattern[E]) StepWithin(d time.Duration) *Pattern[E] {
	s := p.current()
	if s.quantity.kind == single {
		return p.refuse(StepWindowOnSingle, "has no repetition; use WithinPrevious")
	}
	s.quantity.step = p.millis(d)
	return p
}
