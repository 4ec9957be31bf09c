package cep

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// Fingerprint tells definitions apart: partial matches belong to the
// definition that made them, and a pattern with another fingerprint starts
// fresh. It covers stages, quantifiers, windows, the skip strategy and the
// labels of conditions, and not the limit. Conditions without a label count as
// unchanged; label those that can change ([Condition.As]).
func (a *Automaton[E]) Fingerprint() uint64 { return a.fingerprint }

func fingerprint(steps []*step, skip Skip) uint64 {
	var b strings.Builder
	define(&b, steps, "")
	fmt.Fprintf(&b, "after match %s\n", skip)
	sum := sha256.Sum256([]byte(b.String()))
	return binary.LittleEndian.Uint64(sum[:])
}

// define writes steps in one canonical way.
func define(b *strings.Builder, steps []*step, indent string) {
	for i, t := range steps {
		follows := t.contiguity.String()
		if i == 0 {
			follows = "begin"
		}
		fmt.Fprintf(b, "%s%s %q where %q", indent, follows, t.name, t.where.text(false))
		if q := t.quantity; q.kind != single {
			fmt.Fprintf(b, " %s", q)
		}
		if t.optional() {
			b.WriteString(" optional")
		}
		if t.until != nil {
			fmt.Fprintf(b, " until %q", t.until.text(false))
		}
		if t.window != nil {
			fmt.Fprintf(b, " within %dms", *t.window)
		}
		if t.gap != nil {
			fmt.Fprintf(b, " within_previous %dms", *t.gap)
		}
		b.WriteString("\n")
		define(b, t.group, indent+"  ")
	}
}

func (q quantity) String() string {
	text := fmt.Sprintf("times %d..%d", q.from, q.to)
	if q.kind == looping {
		text = fmt.Sprintf("times %d+", q.from)
	}
	switch q.inner {
	case strict:
		text += " consecutive"
	case relaxedAny:
		text += " combinations"
	}
	if q.greedy {
		text += " greedy"
	}
	if q.step != nil {
		text += fmt.Sprintf(" step_within %dms", *q.step)
	}
	return text
}
