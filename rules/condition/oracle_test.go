package condition

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
)

// The oracle draws random conditions as trees that know two things: how they
// are written, and what they mean by definition, in three-valued logic. It
// shares no code with the compiler.

// logic is Kleene's three truth values.
type logic int

const (
	no logic = iota
	unknown
	yes
)

func known01(b bool) logic {
	if b {
		return yes
	}
	return no
}

// cell is a value by definition: nil-able by its flag.
type cell struct {
	present bool
	num     float64
	text    string
}

// drawn is a random expression.
type drawn struct {
	source string
	value  func(f *tidegate.Facts) cell  // of values
	truth  func(f *tidegate.Facts) logic // of conditions
}

var oracleSchema = func() *tidegate.Schema {
	var vars []tidegate.Variable
	for i := range 3 {
		vars = append(vars,
			tidegate.Variable{Name: fmt.Sprintf("n%d", i), Kind: tidegate.KindNumber, Optional: i > 0},
			tidegate.Variable{Name: fmt.Sprintf("tx.t%d", i), Kind: tidegate.KindText, Optional: i > 0},
			tidegate.Variable{Name: fmt.Sprintf("b%d", i), Kind: tidegate.KindBool, Optional: i > 0},
		)
	}
	s, err := tidegate.NewSchema(vars)
	if err != nil {
		panic(err)
	}
	return s
}()

var (
	drawnNumbers = []float64{-2, -1, 0, 0.5, 1, 2, 3, 10}
	drawnTexts   = []string{"", "a", "ab", "b", "AB", "é", "DE"}
)

// drawFacts fills a row; without gaps, nothing is missing.
func drawFacts(t *rapid.T, gaps bool) *tidegate.Facts {
	f := tidegate.NewFacts(oracleSchema.Len())
	for i, v := range oracleSchema.Variables() {
		if gaps && v.Optional && rapid.IntRange(0, 2).Draw(t, v.Name+" missing") == 0 {
			continue
		}
		switch v.Kind {
		case tidegate.KindNumber:
			f.SetNumber(i, rapid.SampledFrom(drawnNumbers).Draw(t, v.Name))
		case tidegate.KindText:
			f.SetText(i, rapid.SampledFrom(drawnTexts).Draw(t, v.Name))
		case tidegate.KindBool:
			f.SetBool(i, rapid.Bool().Draw(t, v.Name))
		}
	}
	return f
}

// drawing holds what the expressions of one test may contain.
type drawing struct {
	*rapid.T
	expr bool // only what expr itself can compute and means the same
}

func (d drawing) pick(n int, label string) int { return rapid.IntRange(0, n-1).Draw(d.T, label) }

func (d drawing) variable(kind tidegate.Kind) drawn {
	i := 3*d.pick(3, "variable") + int(kind)
	return drawn{source: oracleSchema.At(i).Name, value: func(f *tidegate.Facts) cell {
		return cell{!f.Missing(i), f.Num[i], f.Text[i]}
	}}
}

func constantOf(c cell, source string) drawn {
	return drawn{source: source, value: func(*tidegate.Facts) cell { return c }}
}

func numberOf(v float64) cell {
	return cell{present: !math.IsNaN(v) && !math.IsInf(v, 0), num: v}
}

func (d drawing) number(depth int) drawn {
	choices := 10
	if depth <= 0 {
		choices = 3
	}
	switch d.pick(choices, "number") {
	case 0:
		v := rapid.SampledFrom(drawnNumbers).Draw(d.T, "constant")
		if d.expr {
			// expr takes 2 for an int and fails where ints and floats meet in min.
			return constantOf(numberOf(v), fmt.Sprintf("(%.1f)", v))
		}
		return constantOf(numberOf(v), fmt.Sprintf("(%v)", v))
	case 1, 2:
		return d.variable(tidegate.KindNumber)
	case 3, 4:
		return d.arithmetic(depth)
	case 5:
		name := []string{"abs", "ceil", "floor", "round"}[d.pick(4, "function")]
		x := d.number(depth - 1)
		f := map[string]func(float64) float64{"abs": math.Abs, "ceil": math.Ceil, "floor": math.Floor, "round": math.Round}[name]
		return drawn{source: name + "(" + x.source + ")", value: func(r *tidegate.Facts) cell {
			if a := x.value(r); a.present {
				return numberOf(f(a.num))
			}
			return cell{}
		}}
	case 6:
		x := d.text(depth - 1)
		source := "len(" + x.source + ")"
		if d.expr {
			source = "(" + source + " + 0.0)" // an int to expr
		}
		return drawn{source: source, value: func(r *tidegate.Facts) cell {
			if a := x.value(r); a.present {
				return numberOf(float64(utf8.RuneCountInString(a.text)))
			}
			return cell{}
		}}
	case 7:
		if d.expr {
			return d.variable(tidegate.KindNumber)
		}
		return d.coalesce(d.number(depth-1), d.number(depth-1))
	case 8:
		return d.choose(depth, d.number(depth-1), d.number(depth-1))
	}
	x := d.number(depth - 1)
	return drawn{source: "(-(" + x.source + "))", value: func(r *tidegate.Facts) cell {
		a := x.value(r)
		return cell{present: a.present, num: -a.num}
	}}
}

func (d drawing) arithmetic(depth int) drawn {
	ops := map[string]func(a, b float64) float64{
		"+": func(a, b float64) float64 { return a + b }, "-": func(a, b float64) float64 { return a - b },
		"*": func(a, b float64) float64 { return a * b }, "/": func(a, b float64) float64 { return a / b },
		"min": math.Min, "max": math.Max, "%": math.Mod, "**": math.Pow,
	}
	names := []string{"+", "-", "*", "min", "max", "/", "%", "**"}
	if d.expr {
		names = names[:5] // what may divide by zero has its own meaning here
	}
	name := names[d.pick(len(names), "operator")]
	x, y := d.number(depth-1), d.number(depth-1)
	source := fmt.Sprintf("(%s %s %s)", x.source, name, y.source)
	if name == "min" || name == "max" {
		source = fmt.Sprintf("%s(%s, %s)", name, x.source, y.source)
	}
	return drawn{source: source, value: func(r *tidegate.Facts) cell {
		a, b := x.value(r), y.value(r)
		if !a.present || !b.present {
			return cell{}
		}
		return numberOf(ops[name](a.num, b.num))
	}}
}

func (d drawing) coalesce(x, y drawn) drawn {
	return drawn{source: "(" + x.source + " ?? " + y.source + ")", value: func(r *tidegate.Facts) cell {
		if a := x.value(r); a.present {
			return a
		}
		return y.value(r)
	}}
}

// choose is certain only if its test is.
func (d drawing) choose(depth int, x, y drawn) drawn {
	test := d.condition(depth - 1)
	return drawn{source: "(" + test.source + " ? " + x.source + " : " + y.source + ")", value: func(r *tidegate.Facts) cell {
		switch test.truth(r) {
		case yes:
			return x.value(r)
		case no:
			return y.value(r)
		}
		return cell{}
	}}
}

func (d drawing) text(depth int) drawn {
	choices := 7
	if depth <= 0 {
		choices = 3
	}
	switch d.pick(choices, "text") {
	case 0:
		s := rapid.SampledFrom(drawnTexts).Draw(d.T, "constant")
		return constantOf(cell{present: true, text: s}, fmt.Sprintf("%q", s))
	case 1, 2:
		return d.variable(tidegate.KindText)
	case 3:
		x := d.text(depth - 1)
		return drawn{source: "lower(" + x.source + ")", value: func(r *tidegate.Facts) cell {
			a := x.value(r)
			return cell{present: a.present, text: strings.ToLower(a.text)}
		}}
	case 4:
		x, y := d.text(depth-1), d.text(depth-1)
		return drawn{source: "(" + x.source + " + " + y.source + ")", value: func(r *tidegate.Facts) cell {
			a, b := x.value(r), y.value(r)
			return cell{present: a.present && b.present, text: a.text + b.text}
		}}
	case 5:
		x := d.text(depth - 1)
		return drawn{source: "trimPrefix(" + x.source + `, "a")`, value: func(r *tidegate.Facts) cell {
			a := x.value(r)
			return cell{present: a.present, text: strings.TrimPrefix(a.text, "a")}
		}}
	}
	if d.expr {
		return d.variable(tidegate.KindText)
	}
	return d.coalesce(d.text(depth-1), d.text(depth-1))
}

func (d drawing) condition(depth int) drawn {
	choices := 15
	if depth <= 0 {
		choices = 8
	}
	switch d.pick(choices, "condition") {
	case 0:
		return d.comparison(d.variable(tidegate.KindNumber), d.number(0), byNumber)
	case 1, 2:
		return d.comparison(d.number(depth-1), d.number(depth-1), byNumber)
	case 3:
		return d.comparison(d.text(depth-1), d.text(depth-1), byText)
	case 4:
		x := d.variable(tidegate.KindBool)
		return drawn{source: x.source, truth: func(r *tidegate.Facts) logic {
			if a := x.value(r); a.present {
				return known01(a.num == 1)
			}
			return unknown
		}}
	case 5:
		return d.inList(depth)
	case 6:
		if d.expr {
			return d.inList(depth)
		}
		x := []drawn{d.number(depth - 1), d.text(depth - 1), d.variable(tidegate.KindBool)}[d.pick(3, "kind")]
		return drawn{source: "missing(" + x.source + ")", truth: func(r *tidegate.Facts) logic { return known01(!x.value(r).present) }}
	case 7:
		name := []string{"contains", "startsWith", "endsWith"}[d.pick(3, "operator")]
		x, y := d.text(depth-1), d.text(depth-1)
		f := map[string]func(a, b string) bool{"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix}[name]
		return drawn{source: "(" + x.source + " " + name + " " + y.source + ")", truth: func(r *tidegate.Facts) logic {
			a, b := x.value(r), y.value(r)
			if !a.present || !b.present {
				return unknown
			}
			return known01(f(a.text, b.text))
		}}
	case 8, 9:
		x, y := d.condition(depth-1), d.condition(depth-1)
		return drawn{source: "(" + x.source + " and " + y.source + ")", truth: func(r *tidegate.Facts) logic { return min(x.truth(r), y.truth(r)) }}
	case 10:
		x, y := d.condition(depth-1), d.condition(depth-1)
		return drawn{source: "(" + x.source + " or " + y.source + ")", truth: func(r *tidegate.Facts) logic { return max(x.truth(r), y.truth(r)) }}
	case 11:
		x := d.condition(depth - 1)
		return drawn{source: "not (" + x.source + ")", truth: func(r *tidegate.Facts) logic { return yes - x.truth(r) }}
	case 12:
		return d.inRange()
	case 13:
		// The test of a condition against a bool.
		x := d.condition(depth - 1)
		return drawn{source: "(" + x.source + " == false)", truth: func(r *tidegate.Facts) logic { return yes - x.truth(r) }}
	}
	test, x, y := d.condition(depth-1), d.condition(depth-1), d.condition(depth-1)
	return drawn{source: "(" + test.source + " ? " + x.source + " : " + y.source + ")", truth: func(r *tidegate.Facts) logic {
		switch test.truth(r) {
		case yes:
			return x.truth(r)
		case no:
			return y.truth(r)
		}
		return unknown
	}}
}

func byNumber(a, b cell) int { return cmp.Compare(a.num, b.num) }
func byText(a, b cell) int   { return cmp.Compare(a.text, b.text) }

func (d drawing) comparison(x, y drawn, order func(a, b cell) int) drawn {
	names := []string{"==", "!=", "<", "<=", ">", ">="}
	name := names[d.pick(len(names), "comparison")]
	return drawn{source: "(" + x.source + " " + name + " " + y.source + ")", truth: func(r *tidegate.Facts) logic {
		a, b := x.value(r), y.value(r)
		if !a.present || !b.present {
			return unknown
		}
		c := order(a, b)
		return known01(map[string]bool{"==": c == 0, "!=": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[name])
	}}
}

// inRange is drawn from a variable only: expr knows ranges of ints.
func (d drawing) inRange() drawn {
	x := d.variable(tidegate.KindNumber)
	low := d.pick(3, "low")
	high := low + d.pick(9, "width")
	return drawn{source: fmt.Sprintf("(%s in %d..%d)", x.source, low, high), truth: func(r *tidegate.Facts) logic {
		a := x.value(r)
		if !a.present {
			return unknown
		}
		return known01(a.num == math.Trunc(a.num) && a.num >= float64(low) && a.num <= float64(high))
	}}
}

func (d drawing) inList(depth int) drawn {
	x, element := d.number(depth-1), func() drawn { return d.number(depth - 2) }
	same := func(a, b cell) bool { return a.num == b.num }
	if d.pick(2, "kind") == 0 {
		x, element = d.text(depth-1), func() drawn { return d.text(depth - 2) }
		same = func(a, b cell) bool { return a.text == b.text }
	}
	var elements []drawn
	var sources []string
	for range 1 + d.pick(3, "elements") {
		e := element()
		elements, sources = append(elements, e), append(sources, e.source)
	}
	return drawn{source: "(" + x.source + " in [" + strings.Join(sources, ", ") + "])", truth: func(r *tidegate.Facts) logic {
		a, out := x.value(r), no
		for _, e := range elements {
			b := e.value(r)
			one := unknown
			if a.present && b.present {
				one = known01(same(a, b))
			}
			out = max(out, one)
		}
		return out
	}}
}
