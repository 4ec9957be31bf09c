package cep

import (
	"fmt"
	"strconv"
)

// op joins conditions.
type op uint8

const (
	opAlways op = iota
	opNever
	opAtom // a function of the user
	opNot
	opAnd
	opOr
)

// formula is a condition over numbered atoms: what edges of the automaton
// carry. A nil formula on a stage means that there is no such edge.
type formula struct {
	op    op
	atom  int
	a, b  *formula
	label string // what the user calls it, if anything
}

var always = &formula{op: opAlways}

func not(a *formula) *formula {
	switch a.op {
	case opAlways:
		return &formula{op: opNever}
	case opNever:
		return always
	case opNot:
		return a.a
	}
	return &formula{op: opNot, a: a}
}

func and(a, b *formula) *formula {
	switch {
	case a.op == opAlways, b.op == opNever:
		return b
	case b.op == opAlways, a.op == opNever:
		return a
	}
	return &formula{op: opAnd, a: a, b: b}
}

// unknown marks an atom that has not been asked yet.
const unknown int8 = -1

// eval computes f where facts holds 0, 1 or unknown per atom. It asks atoms in
// the order of && and ||: need is the first atom whose value it lacks, or -1.
func (f *formula) eval(facts []int8) (value bool, need int) {
	switch f.op {
	case opAlways:
		return true, -1
	case opNever:
		return false, -1
	case opAtom:
		if facts[f.atom] == unknown {
			return false, f.atom
		}
		return facts[f.atom] == 1, -1
	case opNot:
		value, need = f.a.eval(facts)
		return !value, need
	}
	value, need = f.a.eval(facts)
	if need >= 0 || value == (f.op == opOr) {
		return value, need
	}
	return f.b.eval(facts)
}

// text writes f; inner puts two joined conditions in parentheses.
func (f *formula) text(inner bool) string {
	if f.label != "" {
		return f.label
	}
	join := "%s or %s"
	switch f.op {
	case opAlways:
		return "true"
	case opNever:
		return "false"
	case opAtom:
		return "condition " + strconv.Itoa(f.atom)
	case opNot:
		return "not (" + f.a.text(false) + ")"
	case opAnd:
		join = "%s and %s"
	}
	s := fmt.Sprintf(join, f.a.text(true), f.b.text(true))
	if inner {
		return "(" + s + ")"
	}
	return s
}
