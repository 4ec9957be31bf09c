package features

import (
	"math"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/tidegate/tidegate"
)

// negatable are the operators with a "not" form of their own.
var negatable = map[string]bool{"in": true, "contains": true, "matches": true, "startsWith": true, "endsWith": true}

func (c *compiler) binary(n *ast.BinaryNode) (expression, *expressionError) {
	switch n.Operator {
	case "and", "&&", "or", "||":
		return c.logic(n)
	case "+", "-", "*", "/", "%":
		return c.arithmetic(n)
	case "??":
		return c.coalesce(n)
	case "==", "!=", "<", "<=", ">", ">=", "in", "contains", "matches", "startsWith", "endsWith":
		return c.comparison(n, false)
	}
	return expression{}, fault(n, "operator "+n.Operator+" is not supported here")
}

func (c *compiler) operands(n *ast.BinaryNode) (l, r expression, err *expressionError) {
	if l, err = c.node(n.Left); err == nil {
		r, err = c.node(n.Right)
	}
	return l, r, err
}

func (c *compiler) logic(n *ast.BinaryNode) (expression, *expressionError) {
	l, r, err := c.operands(n)
	if err != nil {
		return l, err
	}
	if l.kind != tidegate.KindBool {
		return l, fault(n.Left, n.Operator+" needs conditions, this is a "+l.kind.String())
	}
	if r.kind != tidegate.KindBool {
		return r, fault(n.Right, n.Operator+" needs conditions, this is a "+r.kind.String())
	}
	e := expression{kind: tidegate.KindBool, hidden: hide(l, r)}
	a, b := l.asTest(), r.asTest()
	if n.Operator == "and" || n.Operator == "&&" {
		e.test = func(s *scope) bool { return a(s) && b(s) }
	} else {
		e.test = func(s *scope) bool { return a(s) || b(s) }
	}
	return e, nil
}

// hide collects the names whose absence the result no longer shows.
func hide(operands ...expression) []string {
	var hidden []string
	for _, x := range operands {
		hidden = append(hidden, x.hidden...)
		if x.optional {
			name := x.name
			if name == "" {
				name = "an operand"
			}
			hidden = append(hidden, name)
		}
	}
	return hidden
}

func (c *compiler) arithmetic(n *ast.BinaryNode) (expression, *expressionError) {
	l, r, err := c.operands(n)
	if err != nil {
		return l, err
	}
	for _, x := range []struct {
		expression
		node ast.Node
	}{{l, n.Left}, {r, n.Right}} {
		if x.kind != tidegate.KindNumber {
			return l, fault(x.node, n.Operator+" needs numbers, this is a "+x.kind.String())
		}
	}
	e := expression{kind: tidegate.KindNumber, optional: l.optional || r.optional, hidden: append(l.hidden, r.hidden...)}
	a, b := l.number, r.number
	switch n.Operator {
	case "+":
		e.number = func(s *scope) float64 { return a(s) + b(s) }
	case "-":
		e.number = func(s *scope) float64 { return a(s) - b(s) }
	case "*":
		// The conversion keeps a compiler from fusing this with an addition,
		// which would round differently on another architecture.
		e.number = func(s *scope) float64 { return float64(a(s) * b(s)) }
	case "/":
		e.optional = true
		e.number = func(s *scope) float64 { return finite(a(s) / b(s)) }
	case "%":
		e.optional = true
		e.number = func(s *scope) float64 { return math.Mod(a(s), b(s)) }
	}
	return e, nil
}

// finite makes a division by zero a missing value.
func finite(v float64) float64 {
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

func (c *compiler) coalesce(n *ast.BinaryNode) (expression, *expressionError) {
	l, r, err := c.operands(n)
	if err != nil {
		return l, err
	}
	if l.kind != r.kind {
		return l, fault(n, "?? needs two values of one type, not "+l.kind.String()+" and "+r.kind.String())
	}
	e := expression{kind: l.kind, optional: r.optional, hidden: append(l.hidden, r.hidden...)}
	if e.optional {
		e.name = r.name
	}
	if l.kind == tidegate.KindText {
		e.text = func(s *scope) (string, bool) {
			if v, ok := l.text(s); ok {
				return v, true
			}
			return r.text(s)
		}
		return e, nil
	}
	a, b := l.asNumber(), r.asNumber()
	e.number = func(s *scope) float64 {
		if v := a(s); !math.IsNaN(v) {
			return v
		}
		return b(s)
	}
	return e, nil
}

func (c *compiler) comparison(n *ast.BinaryNode, negated bool) (expression, *expressionError) {
	l, err := c.node(n.Left)
	if err != nil {
		return l, err
	}
	if n.Operator == "in" {
		return c.membership(n, l, negated)
	}
	r, err := c.node(n.Right)
	if err != nil {
		return r, err
	}
	if l.kind != r.kind {
		return l, fault(n, n.Operator+" compares a "+l.kind.String()+" with a "+r.kind.String())
	}
	if err := c.checkOutcome(l, n.Right, r.constant); err != nil {
		return l, err
	}
	if err := c.checkOutcome(r, n.Left, l.constant); err != nil {
		return l, err
	}
	e := expression{kind: tidegate.KindBool, hidden: hide(l, r)}
	if l.kind == tidegate.KindText {
		compare, err := textComparison(n, r.constant)
		if err != nil {
			return e, err
		}
		e.test = func(s *scope) bool {
			a, okA := l.text(s)
			b, okB := r.text(s)
			return okA && okB && compare(a, b) != negated
		}
		return e, nil
	}
	a, b := l.asNumber(), r.asNumber()
	switch n.Operator {
	case "==":
		e.test = func(s *scope) bool { return a(s) == b(s) }
	case "!=":
		e.test = func(s *scope) bool { x, y := a(s), b(s); return x < y || x > y }
	default:
		if l.kind == tidegate.KindBool {
			return e, fault(n, n.Operator+" does not compare bools")
		}
		switch n.Operator {
		case "<":
			e.test = func(s *scope) bool { return a(s) < b(s) }
		case "<=":
			e.test = func(s *scope) bool { return a(s) <= b(s) }
		case ">":
			e.test = func(s *scope) bool { return a(s) > b(s) }
		case ">=":
			e.test = func(s *scope) bool { return a(s) >= b(s) }
		default:
			return e, fault(n, n.Operator+" needs texts, these are numbers")
		}
	}
	return e, nil
}

func textComparison(n *ast.BinaryNode, right any) (func(a, b string) bool, *expressionError) {
	switch n.Operator {
	case "==":
		return func(a, b string) bool { return a == b }, nil
	case "!=":
		return func(a, b string) bool { return a != b }, nil
	case "contains":
		return strings.Contains, nil
	case "startsWith":
		return strings.HasPrefix, nil
	case "endsWith":
		return strings.HasSuffix, nil
	case "matches":
		pattern, ok := right.(string)
		if !ok {
			return nil, fault(n.Right, "matches needs a regular expression in quotes")
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			return nil, fault(n.Right, err.Error())
		}
		return func(a, _ string) bool { return re.MatchString(a) }, nil
	}
	return nil, fault(n, n.Operator+" does not compare texts")
}

// membership compiles x in [a, b] and x in 1..5.
func (c *compiler) membership(n *ast.BinaryNode, x expression, negated bool) (expression, *expressionError) {
	e := expression{kind: tidegate.KindBool, hidden: hide(x)}
	if span, ok := n.Right.(*ast.BinaryNode); ok && span.Operator == ".." {
		l, r, err := c.operands(span)
		if err != nil {
			return l, err
		}
		from, okFrom := l.constant.(float64)
		to, okTo := r.constant.(float64)
		if !okFrom || !okTo || x.kind != tidegate.KindNumber {
			return x, fault(n, "a range holds whole numbers, as hour in 0..6")
		}
		number := x.number
		e.test = func(s *scope) bool {
			v := number(s)
			return v == v && (v >= from && v <= to && v == math.Floor(v)) != negated
		}
		return e, nil
	}
	list, ok := n.Right.(*ast.ArrayNode)
	if !ok {
		return x, fault(n.Right, `in needs a list in the definition, as channel in ["pos", "atm"]`)
	}
	numbers, texts := map[float64]bool{}, map[string]bool{}
	for _, member := range list.Nodes {
		m, err := c.node(member)
		if err != nil {
			return m, err
		}
		if m.kind != x.kind || m.constant == nil || m.kind == tidegate.KindBool {
			return m, fault(member, "the list holds constants of the type "+x.kind.String())
		}
		if err := c.checkOutcome(x, member, m.constant); err != nil {
			return m, err
		}
		switch v := m.constant.(type) {
		case float64:
			numbers[v] = true
		case string:
			texts[v] = true
		}
	}
	if x.kind == tidegate.KindText {
		e.test = func(s *scope) bool { v, ok := x.text(s); return ok && texts[v] != negated }
	} else {
		number := x.asNumber()
		e.test = func(s *scope) bool { v := number(s); return v == v && numbers[v] != negated }
	}
	return e, nil
}

// checkOutcome refuses a comparison of the outcome with a text that no outcome has.
func (c *compiler) checkOutcome(x expression, at ast.Node, constant any) *expressionError {
	text, ok := constant.(string)
	if !ok || x.name != "outcome" || !c.historyNames {
		return nil
	}
	if _, known := tidegate.ParseOutcome(text); known {
		return nil
	}
	return fault(at, "there is no outcome "+text+suggest(text, []string{"approve", "review", "challenge", "decline"}))
}
