package condition

import (
	"regexp"

	"github.com/tidegate/tidegate"
)

// op is what a term does. The conditions come last: see [op.condition].
type op uint8

const (
	opConst    op = iota // num or text
	opVar                // the variable at index
	opChoose             // args[0] ? args[1] : args[2]
	opCoalesce           // args[0] ?? args[1]

	opAdd
	opSub
	opMul
	opDiv
	opMod
	opPow
	opMin
	opMax
	opNeg
	opAbs
	opCeil
	opFloor
	opRound
	opLen
	opJoin
	opUpper
	opLower
	opTruth   // a condition as a value, 0 or 1
	opForeign // what the VM of expr computes

	opHolds // a value of kind bool as a condition
	opEqual
	opUnequal
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opInSet // in a set of constants
	opContains
	opStartsWith
	opEndsWith
	opMatches
	opInList
	opMissing
	opNot
	opAnd
	opOr
)

var opNames = [...]string{
	opConst: "constant", opVar: "variable", opChoose: "?:", opCoalesce: "??", opAdd: "+", opSub: "-", opMul: "*",
	opDiv: "/", opMod: "%", opPow: "**", opMin: "min", opMax: "max", opNeg: "-", opAbs: "abs", opCeil: "ceil",
	opFloor: "floor", opRound: "round", opLen: "len", opJoin: "+", opUpper: "upper", opLower: "lower", opTruth: "truth",
	opForeign: "foreign", opHolds: "holds", opEqual: "==", opUnequal: "!=", opLess: "<", opLessEqual: "<=",
	opGreater: ">", opGreaterEqual: ">=", opInSet: "in", opContains: "contains", opStartsWith: "startsWith",
	opEndsWith: "endsWith", opMatches: "matches", opInList: "in_list", opMissing: "missing", opNot: "not",
	opAnd: "and", opOr: "or",
}

func (o op) String() string { return opNames[o] }

// condition tells a condition, which holds or does not, from a value, which
// can be missing.
func (o op) condition() bool { return o >= opHolds }

// compares tells the conditions that are false when an operand is missing.
func (o op) compares() bool { return o >= opHolds && o <= opInList }

// term is a checked expression. Terms are immutable and may be shared (let).
type term struct {
	op   op
	kind tidegate.Kind // of a value; a condition is KindBool
	at   int           // place in the source, in characters
	args []*term
	size int // terms in the written-out tree

	num     float64
	text    string
	index   int
	set     *constants
	pattern *regexp.Regexp
	list    List
	foreign *foreign
}

// constants is the right side of "in [...]": sorted, without duplicates.
type constants struct {
	nums  []float64
	texts []string
}

func (t *term) constant() bool { return t.op == opConst }

// varset is a set of variables, a bit for each place of the schema.
type varset []uint64

func (s varset) has(i int) bool { return i>>6 < len(s) && s[i>>6]&(1<<(i&63)) != 0 }

func (s varset) with(i int) varset {
	out := make(varset, max(len(s), i>>6+1))
	copy(out, s)
	out[i>>6] |= 1 << (i & 63)
	return out
}

func (s varset) union(o varset) varset {
	if len(s) < len(o) {
		s, o = o, s
	}
	if len(o) == 0 {
		return s
	}
	out := append(varset(nil), s...)
	for i, w := range o {
		out[i] |= w
	}
	return out
}

func (s varset) intersect(o varset) varset {
	out := append(varset(nil), s[:min(len(s), len(o))]...)
	for i := range out {
		out[i] &= o[i]
	}
	return out
}
