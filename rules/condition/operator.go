package condition

import (
	"regexp"

	"github.com/expr-lang/expr/ast"

	"github.com/tidegate/tidegate"
)

var binaryOps = map[string]op{
	"and": opAnd, "&&": opAnd, "or": opOr, "||": opOr, "==": opEqual, "!=": opUnequal, "<": opLess, "<=": opLessEqual,
	">": opGreater, ">=": opGreaterEqual, "contains": opContains, "startsWith": opStartsWith, "endsWith": opEndsWith,
	"matches": opMatches, "??": opCoalesce, "+": opAdd, "-": opSub, "*": opMul, "/": opDiv, "%": opMod, "**": opPow, "^": opPow,
}

func (c *checker) binary(n *ast.BinaryNode) *term {
	at := place(n)
	if n.Operator == "in" {
		return c.membership(n)
	}
	op, ok := binaryOps[n.Operator]
	switch {
	case n.Operator == "..":
		return c.fault(at, "a range stands only after in")
	case !ok:
		return c.fault(at, "unknown operator %s", n.Operator)
	case op == opAnd || op == opOr:
		return c.node(&term{op: op, kind: tidegate.KindBool, at: at, args: []*term{c.condition(n.Left), c.condition(n.Right)}})
	case op == opCoalesce:
		return c.coalesce(n)
	case op >= opEqual && op <= opGreaterEqual:
		return c.comparison(op, n)
	case op >= opContains && op <= opMatches:
		t := &term{op: op, kind: tidegate.KindBool, at: at, args: []*term{
			c.ofKind(n.Left, tidegate.KindText, n.Operator), c.ofKind(n.Right, tidegate.KindText, n.Operator)}}
		if t = c.node(t); t != nil && op == opMatches {
			return c.pattern(t)
		}
		return t
	case op == opAdd:
		return c.sum(n)
	}
	return c.node(&term{op: op, kind: tidegate.KindNumber, at: at, args: []*term{c.number(n.Left, n.Operator), c.number(n.Right, n.Operator)}})
}

// sum adds numbers and joins texts.
func (c *checker) sum(n *ast.BinaryNode) *term {
	x, y := c.check(n.Left), c.check(n.Right)
	switch {
	case x == nil || y == nil:
		return nil
	case x.kind != y.kind || x.kind == tidegate.KindBool:
		return c.fault(place(n), "%s is a %s and %s is a %s: + adds numbers or joins texts", x.described(c.schema), x.kind, y.described(c.schema), y.kind)
	case x.kind == tidegate.KindText:
		return c.node(&term{op: opJoin, kind: x.kind, at: place(n), args: []*term{x, y}})
	}
	return c.node(&term{op: opAdd, kind: x.kind, at: place(n), args: []*term{x, y}})
}

func (c *checker) coalesce(n *ast.BinaryNode) *term {
	x, y := c.check(n.Left), c.value(n.Right)
	if x == nil || y == nil {
		return nil
	}
	if x.op.condition() {
		return c.fault(x.at, "a condition is never missing, so ?? has nothing to replace: put it at the name, as (x ?? 0) > 5")
	}
	if x.kind != y.kind {
		return c.fault(y.at, "the default of a %s must be a %s, and this is a %s", x.kind, x.kind, y.kind)
	}
	return c.node(&term{op: opCoalesce, kind: x.kind, at: x.at, args: []*term{x, y}})
}

func (c *checker) comparison(op op, n *ast.BinaryNode) *term {
	if isNil(n.Left) || isNil(n.Right) {
		hint := "write missing(x)"
		if op == opUnequal {
			hint = "write not missing(x)"
		}
		return c.fault(place(n), "nil has no meaning here: %s", hint)
	}
	x := c.value(n.Left)
	if c.bareText(x, n.Right) {
		return nil
	}
	y := c.value(n.Right)
	if x == nil || y == nil {
		return nil
	}
	if x.kind != y.kind {
		hint := meant(y, x.kind)
		if hint == "" {
			hint = meant(x, y.kind)
		}
		return c.fault(place(n), "%s is a %s and %s is a %s: they cannot be compared%s", x.described(c.schema), x.kind, y.described(c.schema), y.kind, hint)
	}
	if x.kind == tidegate.KindBool && op != opEqual && op != opUnequal {
		return c.fault(place(n), "bools have no order: use == or !=")
	}
	return c.node(&term{op: op, kind: tidegate.KindBool, at: place(n), args: []*term{x, y}})
}

func isNil(n ast.Node) bool {
	_, ok := n.(*ast.NilNode)
	return ok
}

// pattern compiles the right side of matches once.
func (c *checker) pattern(t *term) *term {
	if !t.args[1].constant() {
		return c.fault(t.args[1].at, "matches needs a pattern that is written out")
	}
	re, err := regexp.Compile(t.args[1].text)
	if err != nil {
		return c.fault(t.args[1].at, "the pattern is not a regular expression of RE2: %s", err)
	}
	t.pattern = re
	return t
}
