package condition

import (
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/tidegate/tidegate/internal/nearest"
)

// spelled is the name of a variable that is written like a call, as
// sum(small.amount) or last(login).ip_address. A schema may have such names;
// of a function that no variable is written with, this knows nothing.
func (c *checker) spelled(n ast.Node) (name string, ok bool) {
	if m, isMember := n.(*ast.MemberNode); isMember {
		if _, ok := dotted(n); ok {
			return "", false
		}
		property, isName := m.Property.(*ast.StringNode)
		if !isName || m.Optional || m.Method {
			return "", false
		}
		owner, ok := c.spelled(m.Node)
		return owner + "." + property.Value, ok
	}
	function, argument := oneName(n)
	if argument == "" || !c.callable(function) {
		return "", false
	}
	return function + "(" + argument + ")", true
}

// spelledName is name for what is written like a call: if there is no such
// variable, others of that form come closest.
func (c *checker) spelledName(name string, at int) *term {
	if _, ok := c.schema.Index(name); ok {
		return c.name(name, at)
	}
	var calls []string
	for _, v := range c.schema.Variables() {
		if strings.Contains(v.Name, "(") {
			calls = append(calls, v.Name)
		}
	}
	return c.fault(at, "unknown name %q%s", name, nearest.DidYouMean(name, calls))
}

// oneName takes f(a.b) apart.
func oneName(n ast.Node) (function, argument string) {
	var arguments []ast.Node
	switch n := n.(type) {
	case *ast.BuiltinNode:
		function, arguments = n.Name, n.Arguments
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			function, arguments = callee.Value, n.Arguments
		}
	}
	if len(arguments) != 1 {
		return "", ""
	}
	argument, _ = dotted(arguments[0])
	return function, argument
}

// callable tells whether a variable of the schema is written as a call of f.
func (c *checker) callable(f string) bool {
	if c.calls == nil {
		c.calls = map[string]bool{}
		for _, v := range c.schema.Variables() {
			if function, _, ok := strings.Cut(v.Name, "("); ok {
				c.calls[function] = true
			}
		}
	}
	return c.calls[f]
}
