package wire

import (
	"strconv"

	"github.com/tidegate/tidegate"
)

// SetAttribute gives an event an attribute that came otherwise than as JSON,
// say in a column of a file, and holds it to what members of "attributes" are
// held to. It takes the place of one of that name.
func SetAttribute(e *tidegate.Event, a tidegate.Attribute, opts Options) error {
	fail := func(code tidegate.Code, why string) error { return tidegate.FieldErrorf(code, a.Name, "%s", why) }
	switch sensitiveName(a.Name) {
	case tidegate.CodeSensitive:
		return fail(tidegate.CodeSensitive, "security codes, PINs and track data are not accepted: leave them out")
	case tidegate.CodePAN:
		return fail(tidegate.CodePAN, whyNoPAN)
	}
	switch want, declared := opts.Attributes[a.Name]; {
	case opts.Computed != nil && opts.Computed(a.Name):
		return fail(tidegate.CodeInvalid, "is the name of a feature: it is computed here, and can't be sent")
	case declared && want != a.Kind:
		return fail(tidegate.CodeInvalid, "is declared as "+want.String()+" and sent as "+a.Kind.String())
	case a.Kind == tidegate.KindText:
		if err := CheckText(a.Name, &a.Text, opts.PANKey); err != nil {
			return err
		}
	case a.Kind == tidegate.KindNumber && isCardNumberJSON(strconv.FormatFloat(a.Num, 'f', -1, 64), a.Num):
		return fail(tidegate.CodePAN, whyNoPAN)
	}
	for i := range e.Attributes {
		if e.Attributes[i].Name == a.Name {
			e.Attributes[i] = a
			return nil
		}
	}
	if len(e.Attributes) == MaxAttributes {
		return fail(tidegate.CodeTooLarge, "more than "+strconv.Itoa(MaxAttributes)+" attributes")
	}
	e.Attributes = insertByName(e.Attributes, a)
	return nil
}
