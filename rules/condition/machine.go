package condition

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/vm"

	"github.com/tidegate/tidegate"
)

// Input is one event to evaluate conditions over.
type Input struct {
	Facts  *tidegate.Facts
	Tenant string          // whose lists count
	Now    tidegate.Millis // event time, for entries of lists that expire
}

// Machine evaluates one program, one event after the other. It belongs to one
// goroutine at a time.
type Machine struct {
	program *Program
	in      Input
	epoch   uint32 // of the event; memos of other epochs are stale
	stamps  []uint32
	nums    []float64
	texts   []string
	alive   []uint64
	held    []int32
	vm      vm.VM
	env     map[string]any
}

// NewMachine makes the scratch memory that evaluation needs.
func (p *Program) NewMachine() *Machine {
	m := &Machine{
		program: p,
		stamps:  make([]uint32, p.memos),
		nums:    make([]float64, p.memos),
		texts:   make([]string, p.memos),
		alive:   make([]uint64, p.words),
		held:    make([]int32, 0, len(p.roots)),
	}
	if p.foreigns {
		m.env = map[string]any{}
	}
	return m
}

func (m *Machine) begin(in Input) {
	m.in = in
	if m.epoch++; m.epoch == 0 {
		clear(m.stamps)
		m.epoch = 1
	}
}

// Holds evaluates one condition by itself.
func (m *Machine) Holds(condition int, in Input) bool {
	m.begin(in)
	return m.holds(m.program.roots[condition])
}

// number computes a value of kind number, or bool as 0 and 1; NaN is missing.
func (m *Machine) number(i int32) float64 {
	n := &m.program.nodes[i]
	switch n.op {
	case opVar:
		return m.in.Facts.Num[n.a]
	case opConst:
		return n.num
	}
	if n.memo < 0 {
		return m.computeNumber(n)
	}
	if m.stamps[n.memo] != m.epoch {
		m.nums[n.memo] = m.computeNumber(n)
		m.stamps[n.memo] = m.epoch
	}
	return m.nums[n.memo]
}

func (m *Machine) computeNumber(n *node) float64 {
	switch n.op {
	case opChoose:
		if m.holds(n.a) {
			return m.number(n.b)
		}
		return m.number(n.c)
	case opCoalesce:
		if v := m.number(n.a); v == v {
			return v
		}
		return m.number(n.b)
	case opLen:
		if s, ok := m.text(n.a); ok {
			return float64(utf8.RuneCountInString(s))
		}
		return math.NaN()
	case opTruth:
		if m.holds(n.a) {
			return 1
		}
		return 0
	case opForeign:
		v, _, _ := m.foreign(n)
		return v
	}
	if n.op >= opNeg {
		return arithmetic(n.op, m.number(n.a), 0)
	}
	return arithmetic(n.op, m.number(n.a), m.number(n.b))
}

// arithmetic computes an operation on numbers. What has no finite value is
// missing, and so is everything computed from it.
func arithmetic(op op, a, b float64) float64 {
	v := math.NaN()
	if a != a || b != b {
		return v // Pow(NaN, 0) would be 1
	}
	switch op {
	case opAdd:
		v = a + b
	case opSub:
		v = a - b
	case opMul:
		v = a * b
	case opDiv:
		v = a / b
	case opMod:
		v = math.Mod(a, b)
	case opPow:
		v = math.Pow(a, b)
	case opMin:
		v = min(a, b)
	case opMax:
		v = max(a, b)
	case opNeg:
		v = -a
	case opAbs:
		v = math.Abs(a)
	case opCeil:
		v = math.Ceil(a)
	case opFloor:
		v = math.Floor(a)
	case opRound:
		v = math.Round(a)
	}
	if v-v != 0 {
		return math.NaN()
	}
	return v
}

// text computes a value of kind text; false is missing.
func (m *Machine) text(i int32) (string, bool) {
	n := &m.program.nodes[i]
	switch n.op {
	case opVar:
		return m.in.Facts.Text[n.a], !m.in.Facts.Missing(int(n.a))
	case opConst:
		return n.text, true
	}
	if n.memo < 0 {
		return m.computeText(n)
	}
	if m.stamps[n.memo] != m.epoch {
		s, ok := m.computeText(n)
		m.texts[n.memo], m.nums[n.memo] = s, math.NaN()
		if ok {
			m.nums[n.memo] = 0
		}
		m.stamps[n.memo] = m.epoch
	}
	return m.texts[n.memo], m.nums[n.memo] == 0
}

func (m *Machine) computeText(n *node) (string, bool) {
	switch n.op {
	case opChoose:
		if m.holds(n.a) {
			return m.text(n.b)
		}
		return m.text(n.c)
	case opCoalesce:
		if s, ok := m.text(n.a); ok {
			return s, true
		}
		return m.text(n.b)
	case opForeign:
		_, s, ok := m.foreign(n)
		return s, ok
	}
	s, ok := m.text(n.a)
	if !ok {
		return "", false
	}
	switch n.op {
	case opJoin:
		t, ok := m.text(n.b)
		return s + t, ok
	case opUpper:
		return strings.ToUpper(s), true
	}
	return strings.ToLower(s), true
}

// holds evaluates a condition.
func (m *Machine) holds(i int32) bool {
	n := &m.program.nodes[i]
	if n.memo < 0 {
		return m.decide(n)
	}
	if m.stamps[n.memo] != m.epoch {
		m.nums[n.memo] = 0
		if m.decide(n) {
			m.nums[n.memo] = 1
		}
		m.stamps[n.memo] = m.epoch
	}
	return m.nums[n.memo] == 1
}

func (m *Machine) decide(n *node) bool {
	switch n.op {
	case opAnd:
		return m.holds(n.a) && m.holds(n.b)
	case opOr:
		return m.holds(n.a) || m.holds(n.b)
	case opNot:
		return !m.holds(n.a)
	case opHolds:
		return m.number(n.a) == 1
	case opMissing:
		if n.kind == tidegate.KindText {
			_, ok := m.text(n.a)
			return !ok
		}
		v := m.number(n.a)
		return v != v
	case opInSet:
		if n.kind == tidegate.KindText {
			s, ok := m.text(n.a)
			return ok && within(n.set.texts, s)
		}
		return within(n.set.nums, m.number(n.a))
	case opInList:
		s, ok := m.text(n.a)
		return ok && n.list.Contains(m.in.Tenant, s, m.in.Now)
	}
	if n.kind == tidegate.KindText {
		return m.compareTexts(n)
	}
	a, b := m.number(n.a), m.number(n.b)
	switch n.op {
	case opEqual:
		return a == b
	case opUnequal:
		return a < b || a > b // not a != b, which holds for NaN
	case opLess:
		return a < b
	case opLessEqual:
		return a <= b
	case opGreater:
		return a > b
	}
	return a >= b
}

func within[T float64 | string](sorted []T, v T) bool {
	_, found := slices.BinarySearch(sorted, v)
	return found
}

func (m *Machine) compareTexts(n *node) bool {
	a, ok := m.text(n.a)
	if !ok {
		return false
	}
	if n.op == opMatches {
		return n.pattern.MatchString(a)
	}
	b, ok := m.text(n.b)
	if !ok {
		return false
	}
	switch n.op {
	case opEqual:
		return a == b
	case opUnequal:
		return a != b
	case opLess:
		return a < b
	case opLessEqual:
		return a <= b
	case opGreater:
		return a > b
	case opGreaterEqual:
		return a >= b
	case opContains:
		return strings.Contains(a, b)
	case opStartsWith:
		return strings.HasPrefix(a, b)
	}
	return strings.HasSuffix(a, b)
}

// foreign runs expr's VM. Inputs are evaluated first: they may be foreign
// themselves, and there is one VM.
func (m *Machine) foreign(n *node) (float64, string, bool) {
	f := n.foreign
	values := make([]any, len(f.inputs))
	for k, i := range f.inputs {
		if f.kinds[k] == tidegate.KindText {
			s, ok := m.text(i)
			if !ok {
				return math.NaN(), "", false
			}
			values[k] = s
			continue
		}
		v := m.number(i)
		if v != v {
			return math.NaN(), "", false
		}
		if values[k] = v; f.kinds[k] == tidegate.KindBool {
			values[k] = v == 1
		}
	}
	for k, v := range values {
		m.env[f.names[k]] = v
	}
	return f.run(&m.vm, m.env)
}
