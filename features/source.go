package features

import (
	"math"

	"github.com/tidegate/tidegate"
)

// source is where a value of an event comes from: a field or a declared attribute.
type source struct {
	field     tidegate.Field
	attribute string // instead of a field
	kind      tidegate.Kind
}

func (s source) name() string {
	if s.attribute != "" {
		return s.attribute
	}
	return s.field.String()
}

// text is "" where the event has none.
func (s source) text(ev *tidegate.Event) string {
	if s.attribute != "" {
		for i := range ev.Attributes {
			if a := &ev.Attributes[i]; a.Name == s.attribute && a.Kind == tidegate.KindText {
				return a.Text
			}
		}
		return ""
	}
	return ev.TextOf(s.field)
}

// number is NaN where the event has none.
func (s source) number(ev *tidegate.Event) float64 {
	if s.attribute != "" {
		for i := range ev.Attributes {
			if a := &ev.Attributes[i]; a.Name == s.attribute && a.Kind == s.kind {
				return a.Num
			}
		}
		return math.NaN()
	}
	return ev.NumberOf(s.field)
}

// alwaysPresent tells the fields that every event has.
func (s source) alwaysPresent() bool {
	if s.attribute != "" {
		return false
	}
	switch s.field {
	case tidegate.FieldEventType, tidegate.FieldHour, tidegate.FieldWeekday:
		return true
	}
	return false
}

// vocabulary is what names in definitions can mean.
type vocabulary struct {
	attributes map[string]tidegate.Kind
	base       tidegate.CurrencyCode
}

// lookup finds a field or a declared attribute. A field goes first: what a
// caller sends can't shadow it.
func (v *vocabulary) lookup(name string) (source, bool) {
	if f, ok := tidegate.FieldByName(name); ok {
		return source{field: f, kind: f.Kind()}, true
	}
	if k, ok := v.attributes[name]; ok {
		return source{attribute: name, kind: k}, true
	}
	return source{}, false
}

func (v *vocabulary) names(extra ...string) []string {
	names := extra
	for f := tidegate.Field(0); f < tidegate.NumFields; f++ {
		names = append(names, f.String())
	}
	for name := range v.attributes {
		names = append(names, name)
	}
	return names
}

// baseAmount is an event's amount in the base currency: as scoring converted
// it, or as it is where it needs no conversion.
func (v *vocabulary) baseAmount(ev *tidegate.Event) (tidegate.Money, bool) {
	if ev.HasBase {
		return ev.Base, true
	}
	return ev.Amount, ev.HasAmount && ev.Amount.Currency == v.base
}
