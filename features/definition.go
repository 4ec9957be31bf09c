package features

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tidegate/tidegate"
)

// Definition is one feature as declared in a file.
type Definition struct {
	Name           string
	Kind           string // "" or "travel"
	Key            []string
	Aggregate      Aggregate
	Window         tidegate.Millis // 0: unbounded
	Delay          tidegate.Millis
	Where          string
	Events         []string // event types that count; empty: transactions
	ExcludeCurrent bool
	Default        float64 // stands for a missing number, if HasDefault
	HasDefault     bool
	By             string // travel: "country" falls back to the country's point
	Value          string // an expression over the current event alone
	Description    string
	Unit           string

	File   string
	places map[string]place // where its members stand; "" is the definition itself
}

// Aggregate is a function over the events of a window, as "sum(amount)" or
// "quantile(amount, 0.9)".
type Aggregate struct {
	Func string
	Of   string  // the field, or "" where the function takes none
	Q    float64 // quantile only
}

func (a Aggregate) String() string {
	switch {
	case a.Func == "quantile":
		return fmt.Sprintf("quantile(%s, %s)", a.Of, strconv.FormatFloat(a.Q, 'g', -1, 64))
	case a.Of != "":
		return a.Func + "(" + a.Of + ")"
	}
	return a.Func
}

// String is the definition in one line: equal lines compute equal values.
func (d Definition) String() string {
	var b strings.Builder
	switch {
	case d.Value != "":
		b.WriteString(d.Value)
	case d.Kind != "":
		b.WriteString(d.Kind)
	default:
		b.WriteString(d.Aggregate.String())
	}
	if len(d.Key) > 0 {
		b.WriteString(" per " + strings.Join(d.Key, ", "))
	}
	if d.By != "" {
		b.WriteString(" by " + d.By)
	}
	if d.Window > 0 {
		b.WriteString(" over " + formatDuration(d.Window))
	}
	if d.Delay > 0 {
		b.WriteString(" delayed " + formatDuration(d.Delay))
	}
	if d.Where != "" {
		b.WriteString(" where " + d.Where)
	}
	if len(d.Events) > 0 {
		b.WriteString(" of " + strings.Join(d.Events, ", "))
	}
	if d.ExcludeCurrent {
		b.WriteString(" without the current event")
	}
	if d.HasDefault {
		b.WriteString(" else " + strconv.FormatFloat(d.Default, 'g', -1, 64))
	}
	return b.String()
}

// formatDuration writes a duration in its largest whole unit.
func formatDuration(m tidegate.Millis) string {
	for _, u := range []struct {
		name string
		size tidegate.Millis
	}{{"d", 86_400_000}, {"h", 3_600_000}, {"m", 60_000}, {"s", 1000}} {
		if m%u.size == 0 {
			return strconv.FormatInt(int64(m/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(m), 10) + "ms"
}

type place struct{ line, column int }

// errorf is an error at a member of the definition, or at the definition
// where it has no such member.
func (d *Definition) errorf(member, format string, args ...any) *tidegate.Error {
	at, ok := d.places[member]
	if !ok {
		at = d.places[""]
	}
	e := tidegate.FileErrorf(d.File, at.line, at.column, format, args...)
	if d.Name != "" {
		e.Message = "feature " + strconv.Quote(d.Name) + ": " + e.Message
	}
	return e
}
