package wire

import (
	"strconv"

	"github.com/tidegate/tidegate"
)

// attributes reads the sender's own members. Whatever they are called, they
// stay in their own namespace.
func (d *eventDecoder) attributes() bool {
	if d.null() {
		return true
	}
	if !d.object() {
		return false
	}
	for name, ok := d.member(); ok; name, ok = d.member() {
		if !d.allowedName(name) || !d.once(name) {
			return false
		}
		switch {
		case name == "" || d.control:
			return d.fail(tidegate.CodeInvalid, "an attribute's name is empty or has control characters")
		case len(name) > MaxID:
			return d.tooLong(MaxID)
		case d.opts.Computed != nil && d.opts.Computed(name):
			return d.fail(tidegate.CodeInvalid, "is the name of a feature: it is computed here, and can't be sent")
		}
		a := tidegate.Attribute{Name: name}
		if d.null() {
			continue
		}
		if d.err != nil || !d.attributeValue(&a) || !d.declared(&a) {
			return false
		}
		if len(d.ev.Attributes) == MaxAttributes {
			return d.failAt(tidegate.CodeTooLarge, d.pointer(d.depth-1), "more than "+strconv.Itoa(MaxAttributes)+" attributes")
		}
		d.ev.Attributes = insertByName(d.ev.Attributes, a)
	}
	return d.err == nil
}

func (d *eventDecoder) attributeValue(a *tidegate.Attribute) bool {
	switch c := d.peek(); {
	case c == '"':
		text, ok := d.string()
		if !ok {
			return false
		}
		if len(text) > MaxText {
			return d.tooLong(MaxText)
		}
		a.Kind = tidegate.KindText
		a.Text, ok = d.withoutPAN(text)
		return ok
	case c == 't' || c == 'f':
		a.Kind = tidegate.KindBool
		if d.boolean() == tidegate.True {
			a.Num = 1
		}
		return d.err == nil
	case c == '-' || c-'0' <= 9:
		v, text, ok := d.float()
		if !ok {
			return false
		}
		a.Kind, a.Num = tidegate.KindNumber, v
		if isCardNumberJSON(text, v) {
			if d.opts.PANKey == nil {
				return d.refusePAN()
			}
			a.Kind, a.Num, a.Text = tidegate.KindText, 0, hashPAN(d.opts.PANKey, text)
		}
		return true
	}
	return d.wrongType("text, a number, true or false")
}

func (d *eventDecoder) declared(a *tidegate.Attribute) bool {
	if want, ok := d.opts.Attributes[a.Name]; ok && want != a.Kind {
		return d.fail(tidegate.CodeInvalid, "is declared as "+want.String()+" and sent as "+a.Kind.String())
	}
	return true
}

func insertByName(list []tidegate.Attribute, a tidegate.Attribute) []tidegate.Attribute {
	list = append(list, a)
	for i := len(list) - 1; i > 0 && list[i].Name < list[i-1].Name; i-- {
		list[i], list[i-1] = list[i-1], list[i]
	}
	return list
}
