package features

import (
	"sort"
	"strconv"
	"strings"
)

// operand says what an aggregate function is applied to.
type operand uint8

const (
	withoutOperand operand = iota
	ofANumber
	ofAnything
)

type function struct {
	name       string
	operand    operand
	unbounded  bool // may stand without a window
	othersOnly bool // looks at the other events, never at the current one
}

var functions = map[string]function{}

func init() {
	for _, f := range []function{
		{name: "count"},
		{name: "sum", operand: ofANumber},
		{name: "avg", operand: ofANumber},
		{name: "min", operand: ofANumber},
		{name: "max", operand: ofANumber},
		{name: "stddev", operand: ofANumber},
		{name: "median", operand: ofANumber},
		{name: "quantile", operand: ofANumber},
		{name: "ratio", operand: ofANumber, othersOnly: true},
		{name: "zscore", operand: ofANumber, othersOnly: true},
		{name: "count_distinct", operand: ofAnything},
		{name: "first", operand: ofAnything},
		{name: "last", operand: ofAnything},
		{name: "first_seen", othersOnly: true},
		{name: "time_since_last", unbounded: true, othersOnly: true},
	} {
		functions[f.name] = f
	}
}

func functionNames() []string {
	names := make([]string, 0, len(functions))
	for name := range functions {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// parseAggregate reads "count", "sum(amount)" or "quantile(amount, 0.9)". The
// message is empty when it succeeds.
func parseAggregate(text string) (a Aggregate, message string) {
	name, rest, hasArguments := strings.Cut(strings.TrimSpace(text), "(")
	a.Func = strings.TrimSpace(name)
	f, known := functions[a.Func]
	if !known {
		return a, "unknown aggregate " + strconv.Quote(a.Func) + suggest(a.Func, functionNames())
	}
	var arguments []string
	if hasArguments {
		inner, ok := strings.CutSuffix(strings.TrimSpace(rest), ")")
		if !ok || strings.ContainsAny(inner, "()") {
			return a, "aggregate " + strconv.Quote(text) + ": write it as " + usage(f)
		}
		if inner = strings.TrimSpace(inner); inner != "" {
			arguments = strings.Split(inner, ",")
		}
	}
	want := 1
	switch {
	case f.operand == withoutOperand:
		want = 0
	case a.Func == "quantile":
		want = 2
	}
	if len(arguments) != want {
		return a, "aggregate " + strconv.Quote(text) + ": write it as " + usage(f)
	}
	if want > 0 {
		a.Of = strings.TrimSpace(arguments[0])
	}
	if a.Func == "quantile" {
		q, err := strconv.ParseFloat(strings.TrimSpace(arguments[1]), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return a, "the quantile is a number from 0 to 1, as in quantile(" + a.Of + ", 0.9)"
		}
		a.Q = q
	}
	return a, ""
}

func usage(f function) string {
	switch {
	case f.operand == withoutOperand:
		return f.name
	case f.name == "quantile":
		return "quantile(amount, 0.9)"
	case f.operand == ofANumber:
		return f.name + "(amount)"
	}
	return f.name + "(merchant_id)"
}
