package cep

import "time"

// Pattern is a sequence of stages under construction. A method that adds a
// stage makes it the current one; the methods after it describe the current
// stage. Mistakes are kept and told by [Compile].
type Pattern[E any] struct {
	stages []*stage[E]
	skip   Skip
	limit  Limit
	wrong  *Refusal // the first mistake
}

// stage is what one step of a pattern asks for.
type stage[E any] struct {
	name       string
	contiguity contiguity
	group      []*stage[E] // not nil: a group of stages instead of one
	where      Condition[E]
	until      *Condition[E]
	quantity   quantity
	window     *int64 // Within, ms
	step       *int64 // WithinPrevious, ms
}

// contiguity says what may lie between the events of two stages.
type contiguity uint8

const (
	strict     contiguity = iota // nothing
	relaxed                      // what does not fit the stage
	relaxedAny                   // anything
	notStrict                    // the very next event must not fit
	notRelaxed                   // no event up to the next stage may fit
)

func (c contiguity) negated() bool { return c == notStrict || c == notRelaxed }

func (c contiguity) String() string {
	return [...]string{"next", "followed_by", "followed_by_any", "not_next", "not_followed_by"}[c]
}

// Begin starts a pattern with its first stage.
func Begin[E any](name string) *Pattern[E] {
	return (&Pattern[E]{limit: DefaultLimit}).add(strict, name)
}

// BeginGroup starts a pattern with a group: inner's stages as one stage, which
// can be repeated and left out like any other.
func BeginGroup[E any](inner *Pattern[E]) *Pattern[E] {
	return (&Pattern[E]{limit: DefaultLimit}).addGroup(strict, inner)
}

// Next wants its event directly after the event before.
func (p *Pattern[E]) Next(name string) *Pattern[E] { return p.add(strict, name) }

// FollowedBy wants its event later, and takes the first that fits.
func (p *Pattern[E]) FollowedBy(name string) *Pattern[E] { return p.add(relaxed, name) }

// FollowedByAny wants its event later, and takes any that fits, in a match each.
func (p *Pattern[E]) FollowedByAny(name string) *Pattern[E] { return p.add(relaxedAny, name) }

// NotNext wants the very next event not to fit. As the last stage its match
// comes out with that next event.
func (p *Pattern[E]) NotNext(name string) *Pattern[E] { return p.addNot(notStrict, name) }

// NotFollowedBy wants no event that fits before the next stage's event or, as
// the last stage, before the end of the window.
func (p *Pattern[E]) NotFollowedBy(name string) *Pattern[E] { return p.addNot(notRelaxed, name) }

// NextGroup is [Pattern.Next] with a group.
func (p *Pattern[E]) NextGroup(inner *Pattern[E]) *Pattern[E] { return p.addGroup(strict, inner) }

// FollowedByGroup is [Pattern.FollowedBy] with a group.
func (p *Pattern[E]) FollowedByGroup(inner *Pattern[E]) *Pattern[E] {
	return p.addGroup(relaxed, inner)
}

// FollowedByAnyGroup is [Pattern.FollowedByAny] with a group.
func (p *Pattern[E]) FollowedByAnyGroup(inner *Pattern[E]) *Pattern[E] {
	return p.addGroup(relaxedAny, inner)
}

// Where adds a condition to the current stage; several must all hold. A stage
// without one takes any event.
func (p *Pattern[E]) Where(c Condition[E]) *Pattern[E] {
	s := p.current()
	if s.group != nil {
		return p.refuse(WhereOnGroup, "a group has no condition of its own; put it on its stages")
	}
	s.where = s.where.And(c)
	return p
}

// Within bounds the time from the first to the last event of a match: the last
// must come before first + d. On a stage other than the last it counts the
// same; the smallest counts.
func (p *Pattern[E]) Within(d time.Duration) *Pattern[E] {
	p.current().window = p.millis(d)
	return p
}

// WithinPrevious bounds the time from the event before to the event of the
// current stage. It has no effect on a stage with a quantifier ([Pattern.StepWithin]
// is for those), and it sets no timer: what it ends shows at the key's next event.
func (p *Pattern[E]) WithinPrevious(d time.Duration) *Pattern[E] {
	p.current().step = p.millis(d)
	return p
}

// AfterMatch sets the skip strategy of the whole pattern.
func (p *Pattern[E]) AfterMatch(s Skip) *Pattern[E] {
	p.skip = s
	return p
}

// Limit bounds what one key may hold; [DefaultLimit] unless set.
func (p *Pattern[E]) Limit(l Limit) *Pattern[E] {
	p.limit = l
	return p
}

func (p *Pattern[E]) add(c contiguity, name string) *Pattern[E] {
	p.stages = append(p.stages, &stage[E]{name: name, contiguity: c})
	return p
}

func (p *Pattern[E]) addNot(c contiguity, name string) *Pattern[E] {
	optional := p.current().quantity.optional
	p.add(c, name)
	if optional {
		return p.refuse(NotAfterOptional, "%s can't come after an optional stage: what it forbids would have two beginnings; write two patterns", c)
	}
	return p
}

func (p *Pattern[E]) addGroup(c contiguity, inner *Pattern[E]) *Pattern[E] {
	switch {
	case p.wrong != nil:
	case inner == nil || len(inner.stages) == 0:
		p.wrong = refuse(NoStages, "", "a group needs stages")
		return p
	default:
		p.wrong = inner.wrong
	}
	p.stages = append(p.stages, &stage[E]{contiguity: c, group: inner.stages})
	if c.negated() {
		return p.refuse(GroupNegated, "a group can't be forbidden; forbid a stage")
	}
	return p
}

// current is the stage described last. A pattern that was not begun has none;
// [Compile] refuses it.
func (p *Pattern[E]) current() *stage[E] {
	if len(p.stages) == 0 {
		return &stage[E]{}
	}
	return p.stages[len(p.stages)-1]
}

func (p *Pattern[E]) refuse(reason Reason, format string, args ...any) *Pattern[E] {
	if p.wrong == nil {
		p.wrong = refuse(reason, p.current().name, format, args...)
	}
	return p
}

// millis is d in whole milliseconds, the unit of event time.
func (p *Pattern[E]) millis(d time.Duration) *int64 {
	ms := d.Milliseconds()
	if ms <= 0 {
		p.refuse(WindowNotPositive, "a window of %s is no window; the unit is 1ms", d)
		return nil
	}
	return &ms
}
