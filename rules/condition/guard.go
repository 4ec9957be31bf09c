package condition

import (
	"fmt"
	"slices"

	"github.com/tidegate/tidegate"
)

// guard refuses conditions that would hold because something is missing.
//
// A comparison with a missing operand is false, so its negation would be true
// for the wrong reason. The guard walks a condition from left to right and
// keeps the set of variables that are known to be present at each place:
// after "not missing(x) and", after "missing(x) or", and after any comparison
// with x that held. A negation is accepted when what it negates is exact
// there: false only because it is false. So are the test of ?: and the use
// of a condition as a value, as in (x > 5) == false.
//
// What is accepted is true exactly when three-valued logic (Kleene's) says
// true: no rule fires that would not fire if the gaps were filled in.
type guard struct {
	schema *tidegate.Schema
	faults []Fault
	facts  map[factKey]varset
}

const chooses = "?: would choose its second value"

type factKey struct {
	t     *term
	truth bool
}

func newGuard(schema *tidegate.Schema) *guard {
	return &guard{schema: schema, facts: map[factKey]varset{}}
}

// walk checks t at a place where the variables of present are present.
func (g *guard) walk(t *term, present varset) {
	switch t.op {
	case opAnd:
		g.walk(t.args[0], present)
		g.walk(t.args[1], present.union(g.ensures(t.args[0], true)))
	case opOr:
		g.walk(t.args[0], present)
		g.walk(t.args[1], present.union(g.ensures(t.args[0], false)))
	case opChoose:
		g.need(t, t.args[0], present, chooses)
		g.walk(t.args[0], present)
		g.walk(t.args[1], present.union(g.ensures(t.args[0], true)))
		g.walk(t.args[2], present.union(g.ensures(t.args[0], false)))
	case opNot:
		what := fmt.Sprintf("%q would hold", t.text)
		if t.text == choice {
			what = chooses
		}
		g.need(t, t.args[0], present, what)
		g.walk(t.args[0], present)
	case opTruth:
		g.need(t, t.args[0], present, "this condition would count as false")
		g.walk(t.args[0], present)
	default:
		for _, a := range t.args {
			g.walk(a, present)
		}
	}
}

// need reports a fault when t may be false only because something is missing;
// what says what its user would then do.
func (g *guard) need(user, t *term, present varset, what string) {
	culprit := g.inexact(t, present)
	if culprit == nil {
		return
	}
	why, mend := "", ""
	switch culprit.op {
	case opVar:
		name := g.schema.At(culprit.index).Name
		why = name + " is missing"
		mend = fmt.Sprintf(`put "not missing(%s) and" before it, or write (%s ?? %s)`, name, name, sample(culprit.kind))
	case opDiv, opMod, opPow:
		why = culprit.op.String() + " has no result (a division by zero)"
		mend = fmt.Sprintf("say what it is then, as (x %s y) ?? 0", culprit.op)
	default:
		why = culprit.described(g.schema) + " has no result"
		mend = fmt.Sprintf("say what it is then, as %s(x) ?? %s", culprit.described(g.schema), sample(culprit.kind))
	}
	at := t.at
	if user.op == opNot {
		at = user.at
		if m, ok := mirrored[t.op]; ok {
			mend += fmt.Sprintf(", or turn the comparison round (%s)", m)
		}
	}
	if !slices.ContainsFunc(g.faults, func(f Fault) bool { return f.Offset == at }) {
		g.faults = append(g.faults, Fault{at, fmt.Sprintf("%s when %s: %s", what, why, mend)})
	}
}

var mirrored = map[op]op{opEqual: opUnequal, opUnequal: opEqual, opLess: opGreaterEqual, opLessEqual: opGreater, opGreater: opLessEqual, opGreaterEqual: opLess}

func sample(k tidegate.Kind) string {
	return [...]string{tidegate.KindNumber: "0", tidegate.KindText: `""`, tidegate.KindBool: "false"}[k]
}

// inexact returns what can make the condition t false by being missing, or nil.
func (g *guard) inexact(t *term, present varset) *term {
	switch {
	case t.op == opAnd || t.op == opOr:
		if culprit := g.inexact(t.args[0], present); culprit != nil {
			return culprit
		}
		return g.inexact(t.args[1], present.union(g.ensures(t.args[0], t.op == opAnd)))
	case t.op.compares():
		for _, a := range t.args {
			if culprit := g.absent(a, present); culprit != nil {
				return culprit
			}
		}
	}
	return nil // missing() is always exact, and so is a "not" that walk accepts
}

// absent returns what can make the value t missing, or nil.
func (g *guard) absent(t *term, present varset) *term {
	switch t.op {
	case opConst, opTruth:
		return nil
	case opVar:
		if g.schema.At(t.index).Optional && !present.has(t.index) {
			return t
		}
		return nil
	case opCoalesce:
		if g.absent(t.args[0], present) == nil {
			return nil
		}
		return g.absent(t.args[1], present)
	case opChoose:
		if culprit := g.absent(t.args[1], present.union(g.ensures(t.args[0], true))); culprit != nil {
			return culprit
		}
		return g.absent(t.args[2], present.union(g.ensures(t.args[0], false)))
	case opForeign:
		return t
	case opDiv, opMod, opPow:
		for _, a := range t.args {
			if culprit := g.absent(a, present); culprit != nil {
				return culprit
			}
		}
		if d := t.args[1]; t.op != opPow && d.constant() && d.num != 0 {
			return nil
		}
		return t
	}
	for _, a := range t.args {
		if culprit := g.absent(a, present); culprit != nil {
			return culprit
		}
	}
	return nil
}

// ensures returns the variables that are certainly present when the condition
// t has turned out as truth says.
func (g *guard) ensures(t *term, truth bool) varset {
	key := factKey{t, truth}
	if s, ok := g.facts[key]; ok {
		return s
	}
	var s varset
	switch t.op {
	case opAnd, opOr:
		x, y := g.ensures(t.args[0], truth), g.ensures(t.args[1], truth)
		if (t.op == opAnd) == truth {
			s = x.union(y) // both turned out so
		} else {
			s = x.intersect(y) // one of them did
		}
	case opNot:
		s = g.ensures(t.args[0], !truth)
	case opMissing:
		if !truth {
			s = g.carries(t.args[0])
		}
	default:
		if truth {
			for _, a := range t.args {
				s = s.union(g.carries(a))
			}
		}
	}
	g.facts[key] = s
	return s
}

// carries returns the variables without which the value t would be missing.
func (g *guard) carries(t *term) varset {
	key := factKey{t, true}
	if s, ok := g.facts[key]; ok {
		return s
	}
	var s varset
	switch t.op {
	case opVar:
		s = s.with(t.index)
	case opCoalesce:
		s = g.carries(t.args[0]).intersect(g.carries(t.args[1]))
	case opChoose:
		s = g.carries(t.args[1]).intersect(g.carries(t.args[2]))
	case opTruth:
	default:
		for _, a := range t.args {
			s = s.union(g.carries(a))
		}
	}
	g.facts[key] = s
	return s
}
