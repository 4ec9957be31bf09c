package rules

import (
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/nearest"
	"github.com/tidegate/tidegate/rules/condition"
)

// runTests runs the tests of rules on the program that will run in
// production. rules stand in the order of the program's conditions. No entry
// of a list has expired in a test.
func runTests(program *condition.Program, schema *tidegate.Schema, rules []*source) {
	machine := program.NewMachine()
	for i, r := range rules {
		for _, t := range r.tests {
			facts, ok := r.doc.given(t.given, schema)
			if !ok {
				continue
			}
			in := condition.Input{Facts: facts, Tenant: tidegate.DefaultTenant}
			fires := machine.Holds(i, in)
			if r.Mode != Off {
				fires = false
				for _, held := range machine.Evaluate(in) {
					fires = fires || int(held) == i
				}
			}
			if fires != t.expect {
				r.doc.fail(t.at, "test of rule %s: expected %t, got %t%s", r.ID, t.expect, fires, missingOf(facts, schema, program.Variables(i)))
			}
		}
	}
}

// missingOf names what the test left out, because that is so often why it fails.
func missingOf(facts *tidegate.Facts, schema *tidegate.Schema, variables []int) string {
	var names []string
	for _, v := range variables {
		if facts.Missing(v) {
			names = append(names, schema.At(v).Name)
		}
	}
	if names == nil {
		return ""
	}
	return " (missing: " + strings.Join(names, ", ") + ")"
}

// given makes the facts of a test. What is not named is missing if it can be,
// and otherwise 0, false or an empty text.
func (d *document) given(n ast.Node, schema *tidegate.Schema) (*tidegate.Facts, bool) {
	facts := tidegate.NewFacts(schema.Len())
	for i, v := range schema.Variables() {
		if !v.Optional {
			facts.SetNumber(i, 0)
		}
	}
	if n == nil {
		return facts, true
	}
	ok := true
	d.entries(n, "given", func(name string, at place, value ast.Node) {
		i, known := schema.Index(name)
		if !known {
			d.fail(at, "unknown name %q%s", name, nearest.DidYouMean(name, schema.Names()))
		}
		ok = known && d.set(facts, schema, i, value) && ok
	})
	return facts, ok
}

func (d *document) set(facts *tidegate.Facts, schema *tidegate.Schema, i int, n ast.Node) bool {
	v := schema.At(i)
	if _, null := n.(*ast.NullNode); null {
		if !v.Optional {
			d.fail(placeOf(n), "%s is never missing", v.Name)
		}
		facts.SetMissing(i)
		return v.Optional
	}
	switch v.Kind {
	case tidegate.KindNumber:
		x, ok := d.number(n, v.Name)
		facts.SetNumber(i, x)
		return ok
	case tidegate.KindBool:
		x, ok := d.bool(n, v.Name)
		facts.SetBool(i, x)
		return ok
	}
	x, ok := d.word(n, v.Name)
	facts.SetText(i, x)
	return ok
}
