package patterns

import (
	"sort"

	"github.com/tidegate/tidegate"
)

// column is something that an event has: a field, a declared attribute, or
// its time.
type column struct {
	name      string // as in a condition: amount, attributes.city, time
	kind      tidegate.Kind
	field     tidegate.Field
	attribute string // its name, for a free attribute
	time      bool
}

// value is what a column holds, as in [tidegate.Facts].
type value struct {
	num  float64 // NaN: missing
	text string
}

var missing = value{num: nan}

// of reads the column of an event.
func (c *column) of(e *tidegate.Event) value {
	switch {
	case c.time:
		return value{num: float64(e.Time) / 1000}
	case c.attribute != "":
		a, ok := e.Attribute(c.attribute)
		if !ok || a.Kind != c.kind {
			return missing
		}
		if c.kind == tidegate.KindText {
			return value{text: a.Text}
		}
		return value{num: a.Num}
	case c.kind != tidegate.KindText:
		return value{num: e.NumberOf(c.field)}
	}
	if text := e.TextOf(c.field); text != "" {
		return value{text: text}
	}
	return missing
}

// language is what conditions can say of an event.
type language struct {
	columns   []column
	variables []tidegate.Variable
	column    []int // of each variable
}

// newLanguage lists the names: tx.amount and amount, tx.attributes.city and
// attributes.city, type for event_type, and time.
func newLanguage(attributes map[string]tidegate.Kind) *language {
	l := &language{}
	for f := range tidegate.NumFields {
		c := column{name: f.String(), kind: f.Kind(), field: f}
		if f == tidegate.FieldEventType {
			l.add(c, c.name, "type", "tx."+c.name)
			continue
		}
		l.add(c, c.name, "tx."+c.name)
	}
	l.add(column{name: "time", kind: tidegate.KindNumber, time: true}, "time")
	names := make([]string, 0, len(attributes))
	for name := range attributes {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		c := column{name: "attributes." + name, kind: attributes[name], attribute: name}
		l.add(c, c.name, "tx."+c.name)
	}
	return l
}

func (l *language) add(c column, names ...string) {
	for _, name := range names {
		l.variables = append(l.variables, tidegate.Variable{Name: name, Kind: c.kind, Optional: !c.present()})
		l.column = append(l.column, len(l.columns))
	}
	l.columns = append(l.columns, c)
}

// present tells a column that every event has.
func (c *column) present() bool {
	return c.time || c.attribute == "" && (c.field == tidegate.FieldEventType || c.field == tidegate.FieldHour || c.field == tidegate.FieldWeekday)
}

// key finds the field that a pattern's key names.
func key(name string) (tidegate.Field, bool) {
	f, ok := tidegate.FieldByName(name)
	return f, ok && f < tidegate.NumText && f != tidegate.TransactionID
}
