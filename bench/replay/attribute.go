package replay

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// attributePrefix begins the names of free attributes among a mapping's fields.
const attributePrefix = "attributes."

// attributeSetter reads a free attribute as its declaration has it. A text
// tells no kind, so one that is not declared is refused.
func (m *Mapping) attributeSetter(name string) setter {
	return func(e *tidegate.Event, text string) error {
		kind, declared := m.Attributes[name]
		a := tidegate.Attribute{Name: name, Kind: kind}
		switch {
		case !declared:
			return fmt.Errorf("is not declared: say in attributes.yaml whether it is a number, a text or a bool")
		case kind == tidegate.KindText:
			a.Text = text
		case kind == tidegate.KindBool:
			is, err := strconv.ParseBool(text)
			if err != nil {
				return fmt.Errorf("%s is neither true nor false", shown(text))
			}
			if is {
				a.Num = 1
			}
		default:
			v, err := strconv.ParseFloat(text, 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%s is not a number", shown(text))
			}
			a.Num = v
		}
		return wire.SetAttribute(e, a, wire.Options{PANKey: m.PANKey, Attributes: m.Attributes, Computed: m.Computed})
	}
}
