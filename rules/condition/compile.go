package condition

import (
	"slices"

	"github.com/tidegate/tidegate"
)

// Lists answers whether there is a list, while conditions are compiled.
type Lists interface {
	Find(name string) (List, bool)
	Names() []string
}

// List answers whether it contains a value for a tenant at an instant of
// event time. It is called while events are evaluated, from any goroutine.
type List interface {
	Contains(tenant, value string, now tidegate.Millis) bool
}

// Compiler collects conditions over one schema into a [Program].
type Compiler struct {
	schema    *tidegate.Schema
	lists     Lists
	lowering  lowering
	roots     []int32
	active    []bool
	variables [][]int
}

// NewCompiler starts a program. lists may be nil.
func NewCompiler(schema *tidegate.Schema, lists Lists) *Compiler {
	if lists == nil {
		lists = noLists{}
	}
	return &Compiler{schema: schema, lists: lists, lowering: lowering{known: map[nodeKey]int32{}}}
}

type noLists struct{}

func (noLists) Find(string) (List, bool) { return nil, false }
func (noLists) Names() []string          { return nil }

// Add checks a condition and adds it to the program; its number counts up
// from 0. A condition that is not active is only for [Machine.Holds]. If
// there are faults, nothing is added.
func (c *Compiler) Add(source string, active bool) (condition int, faults []Fault) {
	root, faults := check(source, c.schema, c.lists)
	if len(faults) > 0 {
		return -1, faults
	}
	c.lowering.terms = map[*term]int32{}
	i := c.lowering.lower(root)
	c.roots = append(c.roots, i)
	c.active = append(c.active, active)
	c.variables = append(c.variables, mentioned(root, nil))
	return len(c.roots) - 1, nil
}

// check parses, type-checks and guards a condition. It returns every fault.
func check(source string, schema *tidegate.Schema, lists Lists) (*term, []Fault) {
	tree, fault := parse(source)
	if fault != nil {
		return nil, []Fault{*fault}
	}
	c := &checker{schema: schema, lists: lists}
	root := c.condition(tree)
	if root == nil {
		return nil, c.faults
	}
	g := newGuard(schema)
	g.walk(root, nil)
	return root, append(c.faults, g.faults...)
}

// mentioned appends the variables of t that are not there yet.
func mentioned(t *term, to []int) []int {
	if t.op == opVar && !slices.Contains(to, t.index) {
		return append(to, t.index)
	}
	for _, a := range t.args {
		to = mentioned(a, to)
	}
	return to
}

// Build compiles what was added.
func (c *Compiler) Build() *Program {
	p := &Program{nodes: c.lowering.nodes, roots: c.roots, variables: c.variables}
	p.split(c.active)
	p.buildIndex(c.schema)
	p.order()
	p.remember()
	for i, active := range c.active {
		if active {
			p.references = append(p.references, c.variables[i]...)
		}
	}
	slices.Sort(p.references)
	p.references = slices.Compact(p.references)
	return p
}

// remember gives a memo to every node that more than one evaluation of an
// event may ask for, unless asking again is as cheap as remembering.
func (p *Program) remember() {
	asked := make([]int, len(p.nodes))
	var ask func(int32)
	ask = func(i int32) {
		if asked[i]++; asked[i] > 1 {
			return
		}
		p.nodes[i].children(ask)
	}
	for _, c := range p.clauses {
		for _, i := range c.rest {
			ask(i)
		}
	}
	for _, i := range p.roots {
		if asked[i] == 0 {
			ask(i) // for Holds
		}
	}
	for i := range p.nodes {
		n := &p.nodes[i]
		p.foreigns = p.foreigns || n.foreign != nil
		if asked[i] > 1 && !p.cheap(n) {
			n.memo = int32(p.memos)
			p.memos++
		}
	}
}

// cheap tells constants, variables and a numeric comparison between them.
func (p *Program) cheap(n *node) bool {
	leaf := func(i int32) bool { return p.nodes[i].op <= opVar }
	switch n.op {
	case opConst, opVar:
		return true
	case opHolds, opMissing, opNeg, opAbs:
		return leaf(n.a)
	case opAdd, opSub, opMul, opLess, opLessEqual, opGreater, opGreaterEqual, opEqual, opUnequal:
		return n.kind != tidegate.KindText && leaf(n.a) && leaf(n.b)
	}
	return false
}
