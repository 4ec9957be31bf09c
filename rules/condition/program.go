package condition

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tidegate/tidegate"
)

// node is a term as it is evaluated: flat, and each only once in a program,
// however many conditions contain it.
type node struct {
	op      op
	kind    tidegate.Kind // of the operands of a comparison, else of the value
	memo    int32         // slot that keeps the result for the rest of the event, or -1
	a, b, c int32         // arguments; for a variable, a is its index
	num     float64
	text    string
	set     *constants
	pattern *regexp.Regexp
	list    List
	foreign *foreignNode
}

type foreignNode struct {
	*foreign
	inputs []int32
	kinds  []tidegate.Kind
}

// Program is a set of conditions compiled together. It is immutable and may
// be shared; each goroutine needs its own [Machine].
type Program struct {
	nodes      []node
	memos      int
	foreigns   bool
	roots      []int32
	variables  [][]int
	references []int

	clauses []clause
	words   int // of a bit set of clauses
	initial []uint64
	numeric []numericIndex
	textual []textIndex
}

// Len is the number of conditions.
func (p *Program) Len() int { return len(p.roots) }

// Variables returns the variables that a condition looks at, in the order of
// their first mention; the caller must not change them.
func (p *Program) Variables(condition int) []int { return p.variables[condition] }

// References returns all variables that the active conditions look at, in
// the order of the schema.
func (p *Program) References() []int { return p.references }

// lowering turns terms into nodes and finds those that exist already.
type lowering struct {
	nodes []node
	known map[nodeKey]int32
	terms map[*term]int32
}

// nodeKey says which nodes are the same.
type nodeKey struct {
	op      op
	kind    tidegate.Kind
	a, b, c int32
	num     float64 // constants are never NaN
	text    string
	extra   string
}

func (l *lowering) lower(t *term) int32 {
	if i, ok := l.terms[t]; ok {
		return i
	}
	n := node{op: t.op, kind: t.kind, memo: -1, num: t.num, text: t.text, set: t.set, pattern: t.pattern, list: t.list}
	key := nodeKey{}
	if t.op == opVar {
		n.a = int32(t.index)
	}
	args := [3]int32{n.a, 0, 0}
	if t.op == opForeign {
		n.foreign = &foreignNode{foreign: t.foreign}
		key.extra = t.foreign.source
		for _, a := range t.args {
			i := l.lower(a)
			n.foreign.inputs = append(n.foreign.inputs, i)
			n.foreign.kinds = append(n.foreign.kinds, a.kind)
			key.extra += " " + strconv.Itoa(int(i))
		}
	} else {
		for i, a := range t.args {
			args[i] = l.lower(a)
		}
	}
	n.a, n.b, n.c = args[0], args[1], args[2]
	if t.op.condition() && len(t.args) > 0 && t.op != opAnd && t.op != opOr && t.op != opNot {
		n.kind = t.args[0].kind
	}
	if t.op == opNot || t.op == opAnd || t.op == opOr {
		n.text = "" // how it was written
	}
	l.canonical(&n)
	if t.set != nil {
		key.extra = t.set.String()
	}
	key.op, key.kind, key.a, key.b, key.c, key.num, key.text = n.op, n.kind, n.a, n.b, n.c, n.num, n.text
	i, ok := l.known[key]
	if !ok {
		i = int32(len(l.nodes))
		l.nodes = append(l.nodes, n)
		l.known[key] = i
	}
	l.terms[t] = i
	return i
}

// canonical writes what means the same in the same way: constants stand on
// the right, and the order of operands that may be swapped is fixed.
func (l *lowering) canonical(n *node) {
	constantLeft := func() bool { return l.nodes[n.a].op == opConst && l.nodes[n.b].op != opConst }
	switch n.op {
	case opEqual, opUnequal:
		if constantLeft() || (l.nodes[n.b].op != opConst && n.a > n.b) {
			n.a, n.b = n.b, n.a
		}
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		if constantLeft() {
			n.a, n.b = n.b, n.a
			n.op = swapped[n.op]
		}
	case opAdd, opMul, opMin, opMax:
		if n.a > n.b {
			n.a, n.b = n.b, n.a
		}
	}
}

var swapped = map[op]op{opLess: opGreater, opLessEqual: opGreaterEqual, opGreater: opLess, opGreaterEqual: opLessEqual}

func (s *constants) String() string {
	var b strings.Builder
	for _, v := range s.nums {
		b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		b.WriteByte(' ')
	}
	for _, v := range s.texts {
		b.WriteString(strconv.Quote(v))
		b.WriteByte(' ')
	}
	return b.String()
}

// children calls f for each argument of a node.
func (n *node) children(f func(int32)) {
	switch {
	case n.op == opConst || n.op == opVar:
		return
	case n.foreign != nil:
		for _, i := range n.foreign.inputs {
			f(i)
		}
		return
	}
	f(n.a)
	if n.op.binary() {
		f(n.b)
	}
	if n.op == opChoose {
		f(n.b)
		f(n.c)
	}
}

func (o op) binary() bool {
	switch o {
	case opCoalesce, opAdd, opSub, opMul, opDiv, opMod, opPow, opMin, opMax, opJoin, opEqual, opUnequal, opLess, opLessEqual,
		opGreater, opGreaterEqual, opContains, opStartsWith, opEndsWith, opMatches, opAnd, opOr:
		return true
	}
	return false
}

// Foreign names the first function of a condition that expr's VM computes, or
// is "".
func (p *Program) Foreign(condition int) string { return p.foreignIn(p.roots[condition]) }

func (p *Program) foreignIn(i int32) (name string) {
	n := &p.nodes[i]
	if n.foreign != nil {
		return n.foreign.name
	}
	n.children(func(child int32) {
		if name == "" {
			name = p.foreignIn(child)
		}
	})
	return name
}
