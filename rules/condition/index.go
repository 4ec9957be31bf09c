package condition

import (
	"math"
	"math/bits"
	"slices"

	"github.com/tidegate/tidegate"
)

// The index answers, for all clauses together, everything that looks at one
// variable and compares it with constants. The constants cut the variable's
// values into classes within which no answer changes. For each class there is
// a row of bits, one per clause: could the clause still hold? An event needs
// one row per variable, and the clauses left are the rows' intersection.
// (Lakshman and Stiliadis, "High-speed policy-based packet forwarding using
// efficient multi-dimensional range matching", SIGCOMM 1998.)

// numericIndex is the index of a number, or of a bool as 0 and 1.
type numericIndex struct {
	variable int32
	cuts     []float64 // ascending; class k+1 is from cuts[k-1] up to below cuts[k], class 0 is missing
	rows     []uint64
}

// textIndex is the index of a text.
type textIndex struct {
	variable int32
	classes  map[string]int32 // from 2 on; 1 is any other text, 0 is missing
	rows     []uint64
}

// maxRows bounds the memory of one variable's rows, in words of 8 bytes.
const maxRows = 1 << 20

const (
	classMissing = 0
	classFirst   = 1
)

// class finds the class of a value.
func (x *numericIndex) class(v float64) int {
	if v != v {
		return classMissing
	}
	low, n := 0, len(x.cuts)
	for n > 8 {
		half := n / 2
		if v >= x.cuts[low+half] {
			low += half
		}
		n -= half
	}
	above := 0
	for _, cut := range x.cuts[low : low+n] {
		one := 0 // adding it saves a branch that nothing can predict
		if v >= cut {
			one = 1
		}
		above += one
	}
	return classFirst + low + above
}

func (x *textIndex) class(f *tidegate.Facts) int {
	if f.Missing(int(x.variable)) {
		return classMissing
	}
	if k, ok := x.classes[f.Text[x.variable]]; ok {
		return int(k)
	}
	return classFirst
}

// Evaluate returns the active conditions that hold, ascending. The slice is
// valid until the next call.
func (m *Machine) Evaluate(in Input) []int32 {
	m.begin(in)
	p := m.program
	alive := m.alive
	copy(alive, p.initial)
	for i := range p.numeric {
		x := &p.numeric[i]
		intersect(alive, x.rows, x.class(in.Facts.Num[x.variable]))
	}
	for i := range p.textual {
		x := &p.textual[i]
		intersect(alive, x.rows, x.class(in.Facts))
	}
	m.held = m.held[:0]
	last := int32(-1)
	for w, word := range alive {
		for ; word != 0; word &= word - 1 {
			c := &p.clauses[w<<6+bits.TrailingZeros64(word)]
			if c.condition != last && m.all(c.rest) {
				last = c.condition
				m.held = append(m.held, last)
			}
		}
	}
	return m.held
}

func (m *Machine) all(conjuncts []int32) bool {
	for _, i := range conjuncts {
		if !m.holds(i) {
			return false
		}
	}
	return true
}

func intersect(alive, rows []uint64, class int) {
	row := rows[class*len(alive):][:len(alive)]
	for w := range alive {
		alive[w] &= row[w]
	}
}

// buildIndex moves conjuncts from the clauses' rest into rows.
func (p *Program) buildIndex(schema *tidegate.Schema) {
	p.initial = make([]uint64, p.words)
	bySubject := make([][]int32, schema.Len()) // clauses
	for i, c := range p.clauses {
		p.initial[i>>6] |= 1 << (i & 63)
		for _, conjunct := range c.rest {
			s := p.subject(conjunct)
			if s >= 0 && (len(bySubject[s]) == 0 || bySubject[s][len(bySubject[s])-1] != int32(i)) {
				bySubject[s] = append(bySubject[s], int32(i))
			}
		}
	}
	for variable, clauses := range bySubject {
		if len(clauses) > 0 {
			p.indexVariable(schema, variable, clauses)
		}
	}
}

// indexVariable tabulates the conjuncts about one variable: it evaluates them
// for one value of each class.
func (p *Program) indexVariable(schema *tidegate.Schema, variable int, clauses []int32) {
	type about struct{ clause, conjunct int32 }
	var conjuncts []about
	var found constants
	for _, c := range clauses {
		for _, i := range p.clauses[c].rest {
			if p.subject(i) == variable {
				conjuncts = append(conjuncts, about{c, i})
				p.constantsIn(i, &found)
			}
		}
	}
	kind := schema.At(variable).Kind
	found.finish(kind)
	values := classValues(kind, &found)
	if len(values)*p.words > maxRows {
		return // stays in the rest
	}
	rows := make([]uint64, 0, len(values)*p.words)
	m := p.NewMachine()
	in := Input{Facts: tidegate.NewFacts(schema.Len())}
	for _, v := range values {
		in.Facts.SetMissing(variable)
		if v.present {
			in.Facts.Num[variable], in.Facts.Text[variable] = v.num, v.text
		}
		row := slices.Clone(p.initial)
		m.begin(in)
		for _, x := range conjuncts {
			if !m.holds(x.conjunct) {
				row[x.clause>>6] &^= 1 << (x.clause & 63)
			}
		}
		rows = append(rows, row...)
	}
	for _, c := range clauses {
		rest := &p.clauses[c].rest
		*rest = slices.DeleteFunc(slices.Clone(*rest), func(i int32) bool { return p.subject(i) == variable })
	}
	if kind != tidegate.KindText {
		p.numeric = append(p.numeric, numericIndex{int32(variable), found.nums, rows})
		return
	}
	classes := make(map[string]int32, len(values))
	for k, v := range values[classFirst+1:] {
		classes[v.text] = int32(k + classFirst + 1)
	}
	p.textual = append(p.textual, textIndex{int32(variable), classes, rows})
}

// classValue stands for all values of its class.
type classValue struct {
	present bool
	num     float64
	text    string
}

// classValues lists a value for each class, in the order of the classes.
func classValues(kind tidegate.Kind, found *constants) []classValue {
	values := []classValue{{}}
	if kind != tidegate.KindText {
		values = append(values, classValue{present: true, num: math.Nextafter(found.nums[0], math.Inf(-1))})
		for _, cut := range found.nums {
			values = append(values, classValue{present: true, num: cut})
		}
		return values
	}
	longest := ""
	for _, s := range found.texts {
		if len(s) > len(longest) {
			longest = s
		}
	}
	values = append(values, classValue{present: true, text: longest + "."}) // equal to none
	for _, s := range found.texts {
		values = append(values, classValue{present: true, text: s})
	}
	return values
}

// finish sorts what was collected. An index needs at least one cut.
func (c *constants) finish(kind tidegate.Kind) {
	if len(c.nums) == 0 && kind != tidegate.KindText {
		c.nums = append(c.nums, 0)
	}
	slices.Sort(c.nums)
	slices.Sort(c.texts)
	c.nums, c.texts = slices.Compact(c.nums), slices.Compact(c.texts)
}

// subject is the variable that a condition looks at, if it looks at one only
// and compares it with nothing but constants; otherwise -1.
func (p *Program) subject(i int32) int {
	n := &p.nodes[i]
	switch n.op {
	case opNot:
		return p.subject(n.a)
	case opAnd, opOr:
		a, b := p.subject(n.a), p.subject(n.b)
		if a != b {
			return -1
		}
		return a
	case opHolds, opMissing, opInSet:
		return p.compared(n.a)
	case opEqual, opUnequal:
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		if n.kind == tidegate.KindText {
			return -1
		}
	default:
		return -1
	}
	if p.nodes[n.b].op != opConst {
		return -1
	}
	return p.compared(n.a)
}

// compared is the variable of x or of x ?? constant.
func (p *Program) compared(i int32) int {
	n := &p.nodes[i]
	if n.op == opCoalesce && p.nodes[n.b].op == opConst {
		n = &p.nodes[n.a]
	}
	if n.op == opVar {
		return int(n.a)
	}
	return -1
}

// constantsIn collects what a condition with a subject compares it with:
// texts, and for numbers the cuts between which it does not change.
func (p *Program) constantsIn(i int32, to *constants) {
	n := &p.nodes[i]
	switch n.op {
	case opNot:
		p.constantsIn(n.a, to)
	case opAnd, opOr:
		p.constantsIn(n.a, to)
		p.constantsIn(n.b, to)
	case opHolds:
		to.cut(opEqual, 1)
	case opInSet:
		for _, v := range n.set.nums {
			to.cut(opEqual, v)
		}
		to.texts = append(to.texts, n.set.texts...)
	case opMissing:
	default:
		if c := &p.nodes[n.b]; c.kind == tidegate.KindText {
			to.texts = append(to.texts, c.text)
		} else {
			to.cut(n.op, c.num)
		}
	}
}

// cut adds the values from which on a comparison with v may turn out
// differently than just below.
func (c *constants) cut(op op, v float64) {
	v += 0 // -0 is 0
	if op != opGreater && op != opLessEqual {
		c.nums = append(c.nums, v)
	}
	if op != opGreaterEqual && op != opLess {
		c.nums = append(c.nums, math.Nextafter(v, math.Inf(1)))
	}
}
