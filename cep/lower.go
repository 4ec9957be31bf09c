package cep

// step is a stage without its event type: conditions are formulas over
// numbered atoms.
type step struct {
	name       string
	index      int // among the named stages, in the order of the definition
	contiguity contiguity
	group      []*step
	where      *formula
	until      *formula // nil: none
	quantity   quantity
	window     *int64
	gap        *int64
}

func (s *step) optional() bool { return s.quantity.optional }

// atom is a function of the user that conditions are made of.
type atom[E any] struct {
	plain   func(E) bool
	earlier func(E, Earlier[E]) bool
}

// lowering numbers stages and atoms.
type lowering[E any] struct {
	atoms  []atom[E]
	byTerm map[*term[E]]int
	names  []string
	seen   map[string]bool
	twice  string // a name used twice
}

// lower turns stages into steps.
func (l *lowering[E]) lower(stages []*stage[E]) []*step {
	steps := make([]*step, len(stages))
	for i, s := range stages {
		t := &step{name: s.name, contiguity: s.contiguity, quantity: s.quantity, window: s.window, gap: s.step}
		if s.group != nil {
			t.name, t.index, t.where = groupName, -1, always
			t.group = l.lower(s.group)
		} else {
			t.index = l.name(s.name)
			t.where = l.formula(s.where.tree, "is "+s.name)
		}
		if s.until != nil {
			t.until = l.formula(s.until.tree, "end of "+t.name)
		}
		steps[i] = t
	}
	return steps
}

func (l *lowering[E]) name(name string) int {
	if l.seen[name] && l.twice == "" {
		l.twice = name
	}
	l.seen[name] = true
	l.names = append(l.names, name)
	return len(l.names) - 1
}

// formula turns a condition into a formula; label is what to call it if the
// user does not.
func (l *lowering[E]) formula(t *term[E], label string) *formula {
	if t == nil {
		return always
	}
	if t.label != "" || t.op != opAtom {
		label = t.label
	}
	f := &formula{op: t.op, label: label}
	switch t.op {
	case opAtom:
		f.atom = l.atom(t)
	case opNot:
		f.a = l.formula(t.a, "")
	case opAnd, opOr:
		f.a, f.b = l.formula(t.a, ""), l.formula(t.b, "")
	}
	return f
}

// atom numbers a leaf; the same Condition value used twice is asked once.
func (l *lowering[E]) atom(t *term[E]) int {
	if i, ok := l.byTerm[t]; ok {
		return i
	}
	l.byTerm[t] = len(l.atoms)
	l.atoms = append(l.atoms, atom[E]{t.plain, t.earlier})
	return len(l.atoms) - 1
}
