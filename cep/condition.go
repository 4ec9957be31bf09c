package cep

// Condition says whether an event fits a stage. The zero Condition is always
// true. Conditions are values: make them with [If] and [IfEarlier], join them
// with And, Or and Not. They must not have side effects: a condition made by
// [If] runs at most once per event, however many partial matches ask it.
type Condition[E any] struct{ tree *term[E] }

// term is a condition as a tree; its leaves are functions.
type term[E any] struct {
	op      op
	a, b    *term[E]
	label   string
	plain   func(E) bool
	earlier func(E, Earlier[E]) bool
}

// If makes a condition on the event alone.
func If[E any](f func(event E) bool) Condition[E] {
	return Condition[E]{&term[E]{op: opAtom, plain: f}}
}

// IfEarlier makes a condition that also looks at the events that the partial
// match has taken so far. It is asked once per partial match that waits for
// it, so put what depends on the event alone into an [If] before it.
func IfEarlier[E any](f func(event E, earlier Earlier[E]) bool) Condition[E] {
	return Condition[E]{&term[E]{op: opAtom, earlier: f}}
}

// As names the condition, for graphs and for [Automaton.Fingerprint].
func (c Condition[E]) As(label string) Condition[E] {
	if c.tree == nil {
		return c
	}
	named := *c.tree
	named.label = label
	return Condition[E]{&named}
}

// And asks d only where c is true.
func (c Condition[E]) And(d Condition[E]) Condition[E] {
	if c.tree == nil {
		return d
	}
	if d.tree == nil {
		return c
	}
	return Condition[E]{&term[E]{op: opAnd, a: c.tree, b: d.tree}}
}

// Or asks d only where c is false.
func (c Condition[E]) Or(d Condition[E]) Condition[E] {
	if c.tree == nil || d.tree == nil {
		return Condition[E]{}
	}
	return Condition[E]{&term[E]{op: opOr, a: c.tree, b: d.tree}}
}

// Not is true where c is false.
func (c Condition[E]) Not() Condition[E] {
	if c.tree == nil {
		return Condition[E]{&term[E]{op: opNever}}
	}
	return Condition[E]{&term[E]{op: opNot, a: c.tree}}
}
