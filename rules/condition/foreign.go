package condition

import (
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/tidegate/tidegate"
)

// foreign is a part of a condition that expr's VM computes: functions on
// lists, and the rarer functions on texts. Its inputs are terms that our own
// evaluator computes; when one is missing, or the VM fails, it is missing.
type foreign struct {
	name    string // the function, for messages
	source  string
	program *vm.Program
	inputs  []*term
	names   []string // of the inputs, in the VM
}

type yield uint8

const (
	yieldsValue yield = iota + 1
	yieldsList
)

// foreignFunctions are the functions of expr that conditions may use. None
// reads a clock, none is random, and none grows its input without bound.
var foreignFunctions = map[string]yield{
	"trim": yieldsValue, "trimPrefix": yieldsValue, "trimSuffix": yieldsValue, "replace": yieldsValue,
	"indexOf": yieldsValue, "lastIndexOf": yieldsValue, "join": yieldsValue, "int": yieldsValue, "float": yieldsValue, "string": yieldsValue,
	"all": yieldsValue, "any": yieldsValue, "none": yieldsValue, "one": yieldsValue, "count": yieldsValue, "sum": yieldsValue,
	"mean": yieldsValue, "median": yieldsValue, "find": yieldsValue, "first": yieldsValue, "last": yieldsValue,
	"split": yieldsList, "filter": yieldsList, "map": yieldsList, "uniq": yieldsList, "sort": yieldsList, "reverse": yieldsList,
	// Of single values these are our own; of lists they are expr's.
	"len": yieldsValue, "min": yieldsValue, "max": yieldsValue,
}

// vmMemory bounds what one evaluation may allocate, in expr's units.
const vmMemory = 10_000

// foreign gives a node to expr's VM.
func (c *checker) foreign(n ast.Node) *term {
	f := &foreign{name: "this"}
	if b, ok := n.(*ast.BuiltinNode); ok {
		f.name = b.Name
	}
	h := &holes{checker: c, foreign: f, env: map[string]any{}}
	before := len(c.faults)
	n = h.fill(n, true)
	if len(c.faults) > before {
		return nil
	}
	kind, err := f.compile(n, h.env)
	if err != nil {
		var e *file.Error
		if errors.As(err, &e) {
			return c.fault(place(n), "%s", e.Message)
		}
		return c.fault(place(n), "%s", err)
	}
	return c.node(&term{op: opForeign, kind: kind, at: place(n), foreign: f, args: f.inputs})
}

// compile prints the node and compiles it as expr always does.
func (f *foreign) compile(n ast.Node, env map[string]any) (kind tidegate.Kind, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("this cannot be compiled")
		}
	}()
	f.source = n.String()
	f.program, err = expr.Compile(f.source, expr.Env(env))
	if err != nil {
		return 0, err
	}
	switch t := f.program.Node().Type(); t.Kind() {
	case reflect.Bool:
		return tidegate.KindBool, nil
	case reflect.String:
		return tidegate.KindText, nil
	case reflect.Int, reflect.Float64:
		return tidegate.KindNumber, nil
	case reflect.Slice, reflect.Array:
		return 0, fmt.Errorf("%s yields a list: a number, a text or a bool is needed here", f.name)
	}
	return 0, fmt.Errorf("the type of %s cannot be told: wrap it in int, float or string", f.name)
}

// run computes the value from inputs that are all present.
func (f *foreign) run(machine *vm.VM, env map[string]any) (num float64, text string, ok bool) {
	machine.MemoryBudget = vmMemory
	out, err := machine.Run(f.program, env)
	if err != nil {
		return math.NaN(), "", false
	}
	switch v := out.(type) {
	case float64:
		return v, "", v == v
	case int:
		return float64(v), "", true
	case bool:
		if v {
			return 1, "", true
		}
		return 0, "", true
	case string:
		return 0, v, true
	}
	return math.NaN(), "", false
}

// holes replaces the parts that we compute ourselves by inputs.
type holes struct {
	*checker
	foreign *foreign
	env     map[string]any
}

func (h *holes) fill(n ast.Node, root bool) ast.Node {
	if !h.descend(n) {
		return n
	}
	defer func() { h.depth-- }()
	if !root && !pointed(n, 0) && h.own(n) {
		return h.input(n)
	}
	switch n := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.BoolNode, *ast.PointerNode:
	case *ast.UnaryNode:
		n.Node = h.fill(n.Node, false)
	case *ast.BinaryNode:
		n.Left, n.Right = h.fill(n.Left, false), h.fill(n.Right, false)
	case *ast.ConditionalNode:
		n.Cond, n.Exp1, n.Exp2 = h.fill(n.Cond, false), h.fill(n.Exp1, false), h.fill(n.Exp2, false)
	case *ast.PredicateNode:
		n.Node = h.fill(n.Node, false)
	case *ast.ArrayNode:
		h.all(n.Nodes)
	case *ast.BuiltinNode:
		if foreignFunctions[n.Name] == 0 && !known(n.Name) {
			h.fault(place(n), "the function %s is not available in conditions", n.Name)
			return n
		}
		h.all(n.Arguments)
	case *ast.SliceNode:
		n.Node = h.fill(n.Node, false)
		if n.From != nil {
			n.From = h.fill(n.From, false)
		}
		if n.To != nil {
			n.To = h.fill(n.To, false)
		}
	case *ast.MemberNode:
		if _, isName := n.Property.(*ast.StringNode); isName || n.Method || n.Optional {
			h.fault(place(n), "values have no members")
			return n
		}
		n.Node, n.Property = h.fill(n.Node, false), h.fill(n.Property, false)
	case *ast.CallNode:
		h.fault(place(n), "this function cannot be used inside of %s", h.foreign.name)
	default:
		h.fault(place(n), "this is not supported inside of %s", h.foreign.name)
	}
	return n
}

func (h *holes) all(nodes []ast.Node) {
	for i := range nodes {
		nodes[i] = h.fill(nodes[i], false)
	}
}

func known(name string) bool {
	_, isNumeric := numeric[name]
	_, isText := textual[name]
	return isNumeric || isText
}

// own tells whether our own evaluator computes the node's value. Constants
// stay where they are, so that expr can fold them.
func (h *holes) own(n ast.Node) bool {
	if _, ok := h.spelled(n); ok {
		return true
	}
	switch n := n.(type) {
	case *ast.IdentifierNode, *ast.CallNode, *ast.UnaryNode, *ast.ConditionalNode:
		return true
	case *ast.BinaryNode:
		return n.Operator != ".."
	case *ast.MemberNode:
		_, ok := dotted(n)
		return ok
	case *ast.BuiltinNode:
		return known(n.Name) && !listArgument(n)
	}
	return false
}

// pointed tells whether a node refers to the element of a predicate.
func pointed(n ast.Node, depth int) bool {
	if n == nil || depth > maxDepth {
		return false
	}
	found := false
	visit := visitor(func(n ast.Node) {
		if _, ok := n.(*ast.PointerNode); ok {
			found = true
		}
	})
	ast.Walk(&n, visit)
	return found
}

type visitor func(ast.Node)

func (v visitor) Visit(n *ast.Node) { v(*n) }

func (h *holes) input(n ast.Node) ast.Node {
	t := h.value(n)
	if t == nil {
		return n
	}
	name := fmt.Sprintf("p%d", len(h.foreign.inputs))
	h.foreign.inputs, h.foreign.names = append(h.foreign.inputs, t), append(h.foreign.names, name)
	switch t.kind {
	case tidegate.KindNumber:
		h.env[name] = 0.0
	case tidegate.KindText:
		h.env[name] = ""
	case tidegate.KindBool:
		h.env[name] = false
	}
	in := &ast.IdentifierNode{Value: name}
	in.SetLocation(n.Location())
	return in
}
