package features

import (
	"math"
	"sort"
	"strconv"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/exprsyntax"
)

// An expression of a definition (where, value) is parsed with expr-lang's
// grammar and compiled to closures over the event, which allocate nothing.
//
// A missing operand makes a comparison false, != and in too; arithmetic with
// it is missing. Negating a comparison whose operand can be missing would turn
// that into true, so it is refused unless the operand is guarded by
// missing(x) or x ?? default.

// scope is what an expression looks at.
type scope struct {
	event   *tidegate.Event
	outcome string // "" before the decision, or where there is none
	fraud   bool
}

type (
	numberFunc func(*scope) float64        // NaN is missing; bools are 0 and 1
	textFunc   func(*scope) (string, bool) // false is missing
	testFunc   func(*scope) bool
)

// expression is a compiled one: number, text or test by its kind.
type expression struct {
	kind     tidegate.Kind
	number   numberFunc // kind number, and bool that can be missing
	text     textFunc
	test     testFunc // bool that can't be missing
	constant any      // float64, string or bool of a literal
	optional bool     // the value itself can be missing
	hidden   []string // names whose absence a comparison inside turned into false
	name     string   // of a plain name
}

// expressionError is a fault at a place in an expression's text.
type expressionError struct {
	from    int // rune
	message string
}

func (e *expressionError) Error() string { return e.message }

// compiler compiles one expression.
type compiler struct {
	*vocabulary
	ownAmount    bool            // amount means the event's own currency
	guarded      map[string]bool // names asked for with missing()
	usesOutcome  bool
	usesFraud    bool
	money        [3]bool // the amounts it asks for, by kind
	historyNames bool    // outcome and fraud are known here
}

// compile parses and checks text.
func (c *compiler) compile(text string) (expression, *expressionError) {
	if len(text) > 10_000 {
		return expression{}, &expressionError{0, "the expression is longer than 10000 bytes"}
	}
	tree, err := parser.Parse(text)
	if err != nil {
		fault := &expressionError{message: err.Error()}
		if e, ok := err.(*file.Error); ok {
			fault.from, fault.message = e.From, exprsyntax.Message(e.Message)
		}
		return expression{}, fault
	}
	c.guarded = map[string]bool{}
	ast.Find(tree.Node, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallNode); ok && len(call.Arguments) == 1 {
			if callee, ok := call.Callee.(*ast.IdentifierNode); ok && callee.Value == "missing" {
				if id, ok := call.Arguments[0].(*ast.IdentifierNode); ok {
					c.guarded[id.Value] = true
				}
			}
		}
		return false
	})
	return c.node(tree.Node)
}

// compileTest compiles a condition.
func (c *compiler) compileTest(text string) (testFunc, *expressionError) {
	e, err := c.compile(text)
	if err != nil {
		return nil, err
	}
	if e.kind != tidegate.KindBool {
		return nil, &expressionError{0, "the condition is a " + e.kind.String() + "; write a comparison, as amount > 100"}
	}
	return e.asTest(), nil
}

// asTest is a bool whose absence counts as false.
func (e *expression) asTest() testFunc {
	if e.test != nil {
		return e.test
	}
	number := e.number
	return func(s *scope) bool { return number(s) == 1 }
}

// asNumber is a bool as 0, 1 or missing.
func (e *expression) asNumber() numberFunc {
	if e.number != nil {
		return e.number
	}
	test := e.test
	return func(s *scope) float64 {
		if test(s) {
			return 1
		}
		return 0
	}
}

func fault(n ast.Node, message string) *expressionError {
	return &expressionError{n.Location().From, message}
}

func (c *compiler) node(n ast.Node) (expression, *expressionError) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return numberConstant(float64(n.Value)), nil
	case *ast.FloatNode:
		return numberConstant(n.Value), nil
	case *ast.StringNode:
		v := n.Value
		return expression{kind: tidegate.KindText, constant: v, text: func(*scope) (string, bool) { return v, true }}, nil
	case *ast.BoolNode:
		v := n.Value
		return expression{kind: tidegate.KindBool, constant: v, test: func(*scope) bool { return v }}, nil
	case *ast.IdentifierNode:
		return c.identifier(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			return c.call(n, callee.Value, n.Arguments)
		}
	case *ast.BuiltinNode:
		return c.call(n, n.Name, n.Arguments)
	}
	return expression{}, fault(n, "this is not supported here: comparisons, and, or, not, in, arithmetic, ?:, ?? and missing() are")
}

func numberConstant(v float64) expression {
	return expression{kind: tidegate.KindNumber, constant: v, number: func(*scope) float64 { return v }}
}

func (c *compiler) identifier(n *ast.IdentifierNode) (expression, *expressionError) {
	switch {
	case n.Value == "outcome" && c.historyNames:
		c.usesOutcome = true
		return expression{kind: tidegate.KindText, name: n.Value, optional: true,
			text: func(s *scope) (string, bool) { return s.outcome, s.outcome != "" }}, nil
	case n.Value == "fraud" && c.historyNames:
		c.usesFraud = true
		return expression{kind: tidegate.KindBool, name: n.Value, test: func(s *scope) bool { return s.fraud }}, nil
	}
	src, ok := c.lookup(n.Value)
	if !ok {
		known := c.names()
		if c.historyNames {
			known = c.names("outcome", "fraud")
		}
		sort.Strings(known)
		return expression{}, fault(n, "unknown name "+strconv.Quote(n.Value)+suggest(n.Value, known))
	}
	e := expression{kind: src.kind, name: n.Value, optional: !src.alwaysPresent()}
	if src.attribute == "" {
		c.money[moneyOf(src.field, c.ownAmount)] = true
	}
	switch {
	case src.kind == tidegate.KindText:
		e.text = func(s *scope) (string, bool) { v := src.text(s.event); return v, v != "" }
	case src.field == tidegate.Amount && src.attribute == "" && !c.ownAmount:
		v := c.vocabulary
		e.number = func(s *scope) float64 {
			if m, ok := v.baseAmount(s.event); ok {
				return m.Major()
			}
			return math.NaN()
		}
	default:
		e.number = func(s *scope) float64 { return src.number(s.event) }
	}
	return e, nil
}

func (c *compiler) unary(n *ast.UnaryNode) (expression, *expressionError) {
	// "x not in list" comes as not (x in list); a missing x is in no list and outside of none.
	if in, ok := n.Node.(*ast.BinaryNode); ok && n.Operator == "not" && negatable[in.Operator] {
		return c.comparison(in, true)
	}
	x, err := c.node(n.Node)
	if err != nil {
		return x, err
	}
	switch n.Operator {
	case "-", "+":
		if x.kind != tidegate.KindNumber {
			return x, fault(n, n.Operator+" needs a number, this is a "+x.kind.String())
		}
		if v, ok := x.constant.(float64); ok && n.Operator == "-" {
			return numberConstant(-v), nil
		}
		number := x.number
		if n.Operator == "-" {
			x.number = func(s *scope) float64 { return -number(s) }
		}
		x.name = ""
		return x, nil
	}
	if x.kind != tidegate.KindBool {
		return x, fault(n, "not needs a condition, this is a "+x.kind.String())
	}
	if x.optional && !c.guarded[x.name] {
		return x, fault(n, "not "+x.name+" is true where "+x.name+" is missing: write "+x.name+" == false, or not ("+x.name+" ?? false)")
	}
	for _, name := range x.hidden {
		if !c.guarded[name] {
			return x, fault(n, "the negated comparison is true where "+name+" is missing: turn the comparison around, or guard it with missing("+
				name+") or "+name+" ?? ...")
		}
	}
	test := x.asTest()
	return expression{kind: tidegate.KindBool, test: func(s *scope) bool { return !test(s) }, hidden: x.hidden}, nil
}

func (c *compiler) conditional(n *ast.ConditionalNode) (expression, *expressionError) {
	cond, err := c.node(n.Cond)
	if err != nil {
		return cond, err
	}
	a, err := c.node(n.Exp1)
	if err != nil {
		return a, err
	}
	b, err := c.node(n.Exp2)
	if err != nil {
		return b, err
	}
	if cond.kind != tidegate.KindBool {
		return cond, fault(n.Cond, "the condition before ? is a "+cond.kind.String())
	}
	if a.kind != b.kind {
		return a, fault(n.Exp2, "one branch is a "+a.kind.String()+", the other a "+b.kind.String())
	}
	test := cond.asTest()
	e := expression{kind: a.kind, optional: a.optional || b.optional, hidden: append(append(cond.hidden, a.hidden...), b.hidden...)}
	if cond.optional {
		e.hidden = append(e.hidden, cond.name)
	}
	if a.kind == tidegate.KindText {
		e.text = func(s *scope) (string, bool) {
			if test(s) {
				return a.text(s)
			}
			return b.text(s)
		}
		return e, nil
	}
	yes, no := a.asNumber(), b.asNumber()
	e.number = func(s *scope) float64 {
		if test(s) {
			return yes(s)
		}
		return no(s)
	}
	return e, nil
}

func (c *compiler) call(n ast.Node, name string, args []ast.Node) (expression, *expressionError) {
	if name != "missing" && rounding[name] == nil {
		return expression{}, fault(n, "unknown function "+strconv.Quote(name)+suggest(name, []string{"missing", "abs", "floor", "ceil", "round"}))
	}
	if len(args) != 1 {
		return expression{}, fault(n, name+" takes one argument")
	}
	x, err := c.node(args[0])
	if err != nil {
		return x, err
	}
	if name == "missing" {
		switch {
		case x.text != nil:
			return expression{kind: tidegate.KindBool, test: func(s *scope) bool { _, ok := x.text(s); return !ok }}, nil
		case x.number != nil:
			return expression{kind: tidegate.KindBool, test: func(s *scope) bool { return math.IsNaN(x.number(s)) }}, nil
		}
		return x, fault(n, "this is never missing")
	}
	if x.kind != tidegate.KindNumber {
		return x, fault(args[0], name+" needs a number, this is a "+x.kind.String())
	}
	number, f := x.number, rounding[name]
	return expression{kind: tidegate.KindNumber, optional: x.optional, hidden: x.hidden, number: func(s *scope) float64 { return f(number(s)) }}, nil
}

var rounding = map[string]func(float64) float64{"abs": math.Abs, "floor": math.Floor, "ceil": math.Ceil, "round": math.Round}
