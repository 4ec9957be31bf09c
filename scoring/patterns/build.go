package patterns

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"github.com/tidegate/tidegate"
)

// conjunctsAlone joins those parts of "a and b and c" that fit, in their
// order; "" is none.
func conjunctsAlone(source string, fits func(part string) bool) string {
	tree, err := parser.Parse(source)
	if err != nil {
		return ""
	}
	joined := ""
	for _, part := range conjuncts(tree.Node, nil) {
		if text := part.String(); fits(text) {
			if joined != "" {
				joined += " and "
			}
			joined += "(" + text + ")"
		}
	}
	return joined
}

func conjuncts(n ast.Node, to []ast.Node) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && (b.Operator == "and" || b.Operator == "&&") {
		return conjuncts(b.Right, conjuncts(b.Left, to))
	}
	return append(to, n)
}

// build compiles all conditions together and says which columns are needed:
// for the event at hand, and of the events that partial matches take.
func (c *compiler) build() {
	v := c.set.view
	program := c.alone.Build()
	v.machine = program.NewMachine()
	v.held = make([]uint64, program.Len()/64+1)
	need := func(place int) {
		if !slices.Contains(v.needed, place) {
			v.needed = append(v.needed, place)
		}
	}
	for _, place := range program.References() {
		need(place)
	}
	size := c.schema.Len()
	for _, l := range c.all {
		p := l.pattern
		program := l.compiler.Build()
		p.machine = program.NewMachine()
		size = max(size, len(p.variables))
		for _, back := range l.back {
			for _, place := range program.Variables(back.number) {
				if place < c.schema.Len() {
					need(place)
					continue
				}
				r := l.references[place-c.schema.Len()]
				if r.kept == 0 {
					r.kept = p.keep(r.column)
				}
				back.places = append(back.places, place)
				back.references = append(back.references, r)
			}
		}
	}
	slices.Sort(v.needed)
	v.facts = tidegate.NewFacts(size)
	for _, p := range c.set.patterns {
		p.beginnings = v.beginnings(p)
		at := slices.IndexFunc(c.set.keys, func(k keyed) bool { return k.field == p.Field })
		if at < 0 {
			at = len(c.set.keys)
			c.set.keys = append(c.set.keys, keyed{field: p.Field})
		}
		c.set.keys[at].patterns = append(c.set.keys[at].patterns, p)
	}
}

// keep makes a column one that the pattern keeps of its events.
func (p *Pattern) keep(column int) int {
	at := slices.Index(p.kept, column)
	if at < 0 {
		at = len(p.kept)
		p.kept = append(p.kept, column)
	}
	return at
}
