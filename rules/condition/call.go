package condition

import (
	"math"
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/nearest"
)

// numeric are the functions of numbers, with their number of arguments;
// min and max take two or more.
var numeric = map[string]struct {
	op   op
	args int
}{
	"abs": {opAbs, 1}, "ceil": {opCeil, 1}, "floor": {opFloor, 1}, "round": {opRound, 1}, "min": {opMin, -1}, "max": {opMax, -1},
}

var textual = map[string]op{"lower": opLower, "upper": opUpper, "len": opLen, "hasPrefix": opStartsWith, "hasSuffix": opEndsWith}

// builtin checks a function that expr knows.
func (c *checker) builtin(n *ast.BuiltinNode) *term {
	if f, ok := numeric[n.Name]; ok && !listArgument(n) {
		return c.numeric(n, f.op, f.args)
	}
	op, ok := textual[n.Name]
	if !ok || listArgument(n) {
		return c.foreign(n)
	}
	want := 1
	if op.condition() {
		want = 2
	}
	if len(n.Arguments) != want {
		return c.arity(n, want)
	}
	t := &term{op: op, kind: tidegate.KindText, at: place(n)}
	switch {
	case op.condition():
		t.kind = tidegate.KindBool
	case op == opLen:
		t.kind = tidegate.KindNumber
	}
	for _, a := range n.Arguments {
		t.args = append(t.args, c.ofKind(a, tidegate.KindText, n.Name))
	}
	return c.node(t)
}

// listArgument tells len(split(x, ",")) and max([1, 2]), which expr's VM
// computes, from functions of single values.
func listArgument(n *ast.BuiltinNode) bool {
	if len(n.Arguments) != 1 {
		return false
	}
	switch a := n.Arguments[0].(type) {
	case *ast.ArrayNode:
		return true
	case *ast.BuiltinNode:
		return foreignFunctions[a.Name] == yieldsList
	}
	return false
}

func (c *checker) arity(n *ast.BuiltinNode, want int) *term {
	return c.fault(place(n), "%s takes %d argument(s), and here are %d", n.Name, want, len(n.Arguments))
}

func (c *checker) numeric(n *ast.BuiltinNode, op op, want int) *term {
	switch {
	case want > 0 && len(n.Arguments) != want:
		return c.arity(n, want)
	case want < 0 && len(n.Arguments) < 2:
		return c.fault(place(n), "%s takes two or more arguments", n.Name)
	}
	args := make([]*term, len(n.Arguments))
	for i, a := range n.Arguments {
		args[i] = c.number(a, n.Name)
	}
	if want > 0 {
		return c.node(&term{op: op, kind: tidegate.KindNumber, at: place(n), args: args})
	}
	t := args[0]
	for _, a := range args[1:] {
		t = c.node(&term{op: op, kind: tidegate.KindNumber, at: place(n), args: []*term{t, a}})
	}
	return t
}

// call checks a function that expr does not know: our own.
func (c *checker) call(n *ast.CallNode) *term {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	switch {
	case !ok:
		return c.fault(place(n), "values have no methods: write f(x), not x.f()")
	case callee.Value == "missing":
		return c.missing(n)
	case callee.Value == "in_list":
		return c.inList(n)
	}
	return c.fault(place(n), "unknown function %q%s", callee.Value, nearest.DidYouMean(callee.Value, functionNames()))
}

func functionNames() []string {
	names := []string{"missing", "in_list"}
	for name := range numeric {
		names = append(names, name)
	}
	for name := range textual {
		names = append(names, name)
	}
	for name := range foreignFunctions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (c *checker) missing(n *ast.CallNode) *term {
	if len(n.Arguments) != 1 {
		return c.fault(place(n), "missing takes 1 argument(s), and here are %d", len(n.Arguments))
	}
	x := c.check(n.Arguments[0])
	if x != nil && x.op.condition() {
		return c.fault(x.at, "a condition is never missing: ask missing(x) of a name")
	}
	return c.node(&term{op: opMissing, kind: tidegate.KindBool, at: place(n), args: []*term{x}})
}

func (c *checker) inList(n *ast.CallNode) *term {
	if len(n.Arguments) != 2 {
		return c.fault(place(n), `in_list takes the name of a list and a text: in_list("stolen-cards", tx.card_id)`)
	}
	x := c.ofKind(n.Arguments[1], tidegate.KindText, "in_list")
	name, ok := n.Arguments[0].(*ast.StringNode)
	if !ok {
		return c.fault(place(n.Arguments[0]), "in_list needs the name of a list that is written out")
	}
	list, ok := c.lists.Find(name.Value)
	if !ok {
		return c.fault(place(name), "unknown list %q%s", name.Value, nearest.DidYouMean(name.Value, c.lists.Names()))
	}
	return c.node(&term{op: opInList, kind: tidegate.KindBool, at: place(n), text: name.Value, list: list, args: []*term{x}})
}

// membership checks x in [...] and x in a..b.
func (c *checker) membership(n *ast.BinaryNode) *term {
	at := place(n)
	x := c.value(n.Left)
	switch right := n.Right.(type) {
	case *ast.ArrayNode:
		return c.inValues(x, right, at)
	case *ast.BinaryNode:
		if right.Operator == ".." {
			return c.inRange(x, right, at)
		}
	}
	return c.fault(place(n.Right), `in needs a list of values, as ["DE", "FR"], or a range, as 1..5; for a list file write in_list("name", x)`)
}

// inValues is x == a or x == b ...; what is constant is looked up at once.
func (c *checker) inValues(x *term, list *ast.ArrayNode, at int) *term {
	set := &constants{}
	var others []*term
	for _, n := range list.Nodes {
		e := c.value(n)
		switch {
		case e == nil || x == nil:
			x = nil
		case e.kind != x.kind:
			x = c.fault(e.at, "%s is a %s, and what is looked for is a %s%s", e.described(c.schema), e.kind, x.kind, meant(e, x.kind))
		case e.constant() && e.kind == tidegate.KindNumber:
			set.nums = append(set.nums, e.num)
		case e.constant() && e.kind == tidegate.KindText:
			set.texts = append(set.texts, e.text)
		default:
			others = append(others, c.node(&term{op: opEqual, kind: tidegate.KindBool, at: at, args: []*term{x, e}}))
		}
	}
	if x == nil {
		return nil
	}
	if len(list.Nodes) == 0 {
		return c.fault(at, "nothing is in an empty list")
	}
	slices.Sort(set.nums)
	slices.Sort(set.texts)
	set.nums, set.texts = slices.Compact(set.nums), slices.Compact(set.texts)
	var t *term
	if len(set.nums)+len(set.texts) > 0 {
		t = c.node(&term{op: opInSet, kind: tidegate.KindBool, at: at, set: set, args: []*term{x}})
	}
	for _, o := range others {
		if t == nil {
			t = o
			continue
		}
		t = c.node(&term{op: opOr, kind: tidegate.KindBool, at: at, args: []*term{t, o}})
	}
	return t
}

// inRange is: x is a whole number between the bounds, both included.
func (c *checker) inRange(x *term, bounds *ast.BinaryNode, at int) *term {
	low, high := c.number(bounds.Left, ".."), c.number(bounds.Right, "..")
	if x == nil || low == nil || high == nil {
		return nil
	}
	if x.kind != tidegate.KindNumber {
		return c.fault(x.at, "%s is a %s: only numbers are in a range", x.described(c.schema), x.kind)
	}
	if !low.constant() || !high.constant() || low.num != math.Trunc(low.num) || high.num != math.Trunc(high.num) {
		return c.fault(low.at, "the bounds of a range are whole numbers that are written out: for others write x >= a and x <= b")
	}
	if low.num > high.num {
		return c.fault(low.at, "nothing is in this range: its bounds are the wrong way round")
	}
	compare := func(op op, x, y *term) *term {
		return c.node(&term{op: op, kind: tidegate.KindBool, at: at, args: []*term{x, y}})
	}
	whole := compare(opEqual, x, c.node(&term{op: opFloor, kind: tidegate.KindNumber, at: at, args: []*term{x}}))
	within := c.node(&term{op: opAnd, kind: tidegate.KindBool, at: at, args: []*term{compare(opGreaterEqual, x, low), compare(opLessEqual, x, high)}})
	return c.node(&term{op: opAnd, kind: tidegate.KindBool, at: at, args: []*term{within, whole}})
}
