package condition

import (
	"fmt"
	"math"

	"github.com/expr-lang/expr/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/nearest"
)

// checker turns a syntax tree into terms. A faulty part becomes nil; every
// fault is collected, and a nil part causes no further ones.
type checker struct {
	schema *tidegate.Schema
	lists  Lists
	locals map[string]*term
	calls  map[string]bool // functions that variables are written with: see spelled
	faults []Fault

	depth   int
	tooDeep bool
}

func (c *checker) fault(at int, format string, args ...any) *term {
	c.faults = append(c.faults, Fault{at, fmt.Sprintf(format, args...)})
	return nil
}

// condition checks a node that must say yes or no.
func (c *checker) condition(n ast.Node) *term {
	t := c.check(n)
	if t == nil {
		return nil
	}
	if t.kind != tidegate.KindBool {
		return c.fault(t.at, "a condition is needed here, and this is a %s: compare it with something", t.kind)
	}
	return asCondition(t)
}

// value checks a node of any kind whose value is used.
func (c *checker) value(n ast.Node) *term {
	if t := c.check(n); t != nil {
		return asValue(t)
	}
	return nil
}

func asCondition(t *term) *term {
	if t.op.condition() {
		return t
	}
	return &term{op: opHolds, kind: tidegate.KindBool, at: t.at, args: []*term{t}, size: t.size + 1}
}

func asValue(t *term) *term {
	if !t.op.condition() {
		return t
	}
	return &term{op: opTruth, kind: tidegate.KindBool, at: t.at, args: []*term{t}, size: t.size + 1}
}

// node finishes a term: it sums sizes and folds constants. Nil arguments make it nil.
func (c *checker) node(t *term) *term {
	if t == nil {
		return nil
	}
	t.size = 1
	folds := t.op >= opAdd && t.op <= opRound
	for _, a := range t.args {
		if a == nil {
			return nil
		}
		t.size += a.size
		folds = folds && a.constant()
	}
	if t.size > maxTerms {
		return c.fault(t.at, "the condition is too large: more than %d terms", maxTerms)
	}
	if !folds {
		return t
	}
	b := 0.0
	if len(t.args) == 2 {
		b = t.args[1].num
	}
	v := arithmetic(t.op, t.args[0].num, b)
	if math.IsNaN(v) {
		return c.fault(t.at, "this has no value: a division by zero, or a result that is not finite")
	}
	return &term{op: opConst, kind: tidegate.KindNumber, at: t.at, num: v, size: 1}
}

func (c *checker) check(n ast.Node) *term {
	if !c.descend(n) {
		return nil
	}
	defer func() { c.depth-- }()
	at := place(n)
	if name, ok := c.spelled(n); ok {
		return c.spelledName(name, at)
	}
	switch n := n.(type) {
	case *ast.IntegerNode:
		return &term{op: opConst, kind: tidegate.KindNumber, at: at, num: float64(n.Value), size: 1}
	case *ast.FloatNode:
		return &term{op: opConst, kind: tidegate.KindNumber, at: at, num: n.Value, size: 1}
	case *ast.StringNode:
		return &term{op: opConst, kind: tidegate.KindText, at: at, text: n.Value, size: 1}
	case *ast.BoolNode:
		t := &term{op: opConst, kind: tidegate.KindBool, at: at, size: 1}
		if n.Value {
			t.num = 1
		}
		return t
	case *ast.NilNode:
		return c.fault(at, "nil has no meaning here: write missing(x), or x ?? default")
	case *ast.IdentifierNode:
		return c.name(n.Value, at)
	case *ast.MemberNode:
		if name, ok := dotted(n); ok {
			return c.name(name, at)
		}
		return c.foreign(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return c.choose(n)
	case *ast.BuiltinNode:
		return c.builtin(n)
	case *ast.CallNode:
		return c.call(n)
	case *ast.VariableDeclaratorNode:
		return c.let(n)
	case *ast.SliceNode:
		return c.foreign(n)
	case *ast.ArrayNode:
		return c.fault(at, "a list of values stands only after in")
	case *ast.ChainNode:
		return c.fault(at, "?. is not needed: a name that has no value is missing")
	case *ast.SequenceNode:
		return c.fault(at, "one condition is enough: join several with and")
	}
	return c.fault(at, "this is not supported in conditions")
}

// descend counts the depth of nesting; false is reported, once.
func (c *checker) descend(n ast.Node) bool {
	if c.depth == maxDepth {
		if !c.tooDeep {
			c.fault(place(n), "the condition is nested deeper than %d", maxDepth)
		}
		c.tooDeep = true
		return false
	}
	c.depth++
	return true
}

// place is where a node starts, except that an operator's place is its sign.
func place(n ast.Node) int {
	for {
		switch m := n.(type) {
		case *ast.MemberNode:
			n = m.Node
			continue
		case *ast.ConditionalNode:
			n = m.Cond // the parser keeps no place for if
			continue
		case nil:
			return 0
		}
		return n.Location().From
	}
}

// dotted is the name that member accesses spell: tx.amount is one name.
func dotted(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value, true
	case *ast.MemberNode:
		property, isName := n.Property.(*ast.StringNode)
		if !isName || n.Optional || n.Method {
			return "", false
		}
		if owner, ok := dotted(n.Node); ok {
			return owner + "." + property.Value, true
		}
	}
	return "", false
}

func (c *checker) name(name string, at int) *term {
	if t, ok := c.locals[name]; ok {
		return t // nil if its own definition is faulty
	}
	i, ok := c.schema.Index(name)
	if !ok {
		return c.fault(at, "unknown name %q%s", name, nearest.DidYouMean(name, c.names()))
	}
	return &term{op: opVar, kind: c.schema.At(i).Kind, at: at, index: i, size: 1}
}

func (c *checker) names() []string {
	names := make([]string, 0, c.schema.Len()+len(c.locals))
	for _, v := range c.schema.Variables() {
		names = append(names, v.Name)
	}
	for name := range c.locals {
		names = append(names, name)
	}
	return names
}

func (c *checker) let(n *ast.VariableDeclaratorNode) *term {
	at := place(n)
	_, known := c.schema.Index(n.Name)
	if _, taken := c.locals[n.Name]; known || taken {
		return c.fault(at, "let %s hides a name that exists already", n.Name)
	}
	value := c.check(n.Value)
	if c.locals == nil {
		c.locals = map[string]*term{}
	}
	c.locals[n.Name] = value
	defer delete(c.locals, n.Name)
	return c.check(n.Expr)
}

func (c *checker) unary(n *ast.UnaryNode) *term {
	at := place(n)
	switch n.Operator {
	case "not", "!":
		return c.node(&term{op: opNot, kind: tidegate.KindBool, at: at, text: n.Operator, args: []*term{c.condition(n.Node)}})
	case "-", "+":
		t := c.number(n.Node, n.Operator)
		if n.Operator == "+" || t == nil {
			return t
		}
		return c.node(&term{op: opNeg, kind: tidegate.KindNumber, at: at, args: []*term{t}})
	}
	return c.fault(at, "unknown operator %s", n.Operator)
}

// number checks a node that must be a number; user names who wants it.
func (c *checker) number(n ast.Node, user string) *term {
	return c.ofKind(n, tidegate.KindNumber, user)
}

func (c *checker) ofKind(n ast.Node, kind tidegate.Kind, user string) *term {
	t := c.check(n)
	if t != nil && t.kind != kind {
		return c.fault(t.at, "%s needs a %s, and %s is a %s", user, kind, t.described(c.schema), t.kind)
	}
	return t
}

// choice marks the terms that stand for ?: between conditions.
const choice = "?:"

// choose is c ? x : y. Between conditions it is (c and x) or (not c and y).
func (c *checker) choose(n *ast.ConditionalNode) *term {
	test, x, y := c.condition(n.Cond), c.check(n.Exp1), c.check(n.Exp2)
	if test == nil || x == nil || y == nil {
		return nil
	}
	at := test.at
	if x.kind != y.kind {
		return c.fault(at, "the two sides of ?: are a %s and a %s: both must be of one type", x.kind, y.kind)
	}
	if !x.op.condition() && !y.op.condition() {
		return c.node(&term{op: opChoose, kind: x.kind, at: at, args: []*term{test, x, y}})
	}
	truth := func(op op, args ...*term) *term {
		return c.node(&term{op: op, kind: tidegate.KindBool, at: at, text: choice, args: args})
	}
	return truth(opOr, truth(opAnd, test, asCondition(x)), truth(opAnd, truth(opNot, test), asCondition(y)))
}

// described names a term for a message.
func (t *term) described(schema *tidegate.Schema) string {
	switch {
	case t.op == opVar:
		return schema.At(t.index).Name
	case t.constant() && t.kind == tidegate.KindText:
		return fmt.Sprintf("%q", t.text)
	case t.constant() && t.kind == tidegate.KindBool:
		return fmt.Sprint(t.num == 1)
	case t.constant():
		return fmt.Sprint(t.num)
	case t.op.condition() || t.op == opTruth:
		return "a condition"
	case t.op == opForeign:
		return t.foreign.name
	}
	return "the result of " + t.op.String()
}
