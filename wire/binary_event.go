package wire

import (
	"github.com/tidegate/tidegate"
)

const eventVersion = 1

// What an event record has, as bits of its first number. They and the numbers
// of tidegate.Field are part of the format: new ones go to the end.
const (
	hasID     = 1 << iota // unless it is the transaction's id
	hasType               // unless it is a transaction
	hasTenant             // unless it is the default
	hasSource
	hasPartitionKey
	hasSchemaVersion
	hasCorrelationID
	hasTraceID
	hasAmount
	hasBase
	hasLocation
	cardPresentTrue
	cardPresentFalse
	recurringTrue
	recurringFalse
	hasIncumbent
	hasAttributes
	hasWarnings
	endOfFlags
)

// AppendEventBinary appends an event in the journal's form, everything of it.
func AppendEventBinary(dst []byte, ev *tidegate.Event) []byte {
	dst, body := beginRecord(dst, eventVersion)
	flags := eventFlags(ev)
	var texts uint64
	for f := range ev.Text {
		if ev.Text[f] != "" {
			texts |= 1 << f
		}
	}
	dst = appendUint(dst, flags)
	dst = appendUint(dst, texts)
	dst = appendInt(dst, int64(ev.Time))
	for set := texts; set != 0; {
		dst = appendString(dst, ev.Text[nextBit(&set)])
	}
	for set := flags & (1<<8 - 1); set != 0; {
		dst = appendString(dst, *envelopeText(ev, nextBit(&set)))
	}
	if flags&hasAmount != 0 {
		dst = appendMoneyBinary(dst, ev.Amount)
	}
	if flags&hasBase != 0 {
		dst = appendMoneyBinary(dst, ev.Base)
	}
	if flags&hasLocation != 0 {
		dst = appendFloat(appendFloat(dst, ev.Lat), ev.Lon)
	}
	if flags&hasIncumbent != 0 {
		dst = appendString(dst, ev.Incumbent.Outcome)
		if ev.Incumbent.HasScore {
			dst = appendFloat(append(dst, 1), ev.Incumbent.Score)
		} else {
			dst = append(dst, 0)
		}
	}
	if flags&hasAttributes != 0 {
		dst = appendUint(dst, uint64(len(ev.Attributes)))
		for i := range ev.Attributes {
			a := &ev.Attributes[i]
			dst = appendNamedValue(dst, a.Name, a.Kind, a.Num, a.Text)
		}
	}
	if flags&hasWarnings != 0 {
		dst = appendStrings(dst, ev.Warnings)
	}
	return endRecord(dst, body)
}

func eventFlags(ev *tidegate.Event) uint64 {
	var flags uint64
	set := func(flag uint64, has bool) {
		if has {
			flags |= flag
		}
	}
	set(hasID, ev.ID != ev.Text[tidegate.TransactionID])
	set(hasType, ev.Type != tidegate.TypeTransaction)
	set(hasTenant, ev.Tenant != tidegate.DefaultTenant)
	set(hasSource, ev.Source != "")
	set(hasPartitionKey, ev.PartitionKey != "")
	set(hasSchemaVersion, ev.SchemaVersion != "")
	set(hasCorrelationID, ev.CorrelationID != "")
	set(hasTraceID, ev.TraceID != "")
	set(hasAmount, ev.HasAmount)
	set(hasBase, ev.HasBase)
	set(hasLocation, ev.HasLocation)
	set(cardPresentTrue, ev.CardPresent == tidegate.True)
	set(cardPresentFalse, ev.CardPresent == tidegate.False)
	set(recurringTrue, ev.Recurring == tidegate.True)
	set(recurringFalse, ev.Recurring == tidegate.False)
	set(hasIncumbent, ev.Incumbent != tidegate.Incumbent{})
	set(hasAttributes, len(ev.Attributes) > 0)
	set(hasWarnings, len(ev.Warnings) > 0)
	return flags
}

// envelopeText is the text that the flag of this bit stands for.
func envelopeText(ev *tidegate.Event, bit int) *string {
	switch 1 << bit {
	case hasID:
		return &ev.ID
	case hasType:
		return &ev.Type
	case hasTenant:
		return &ev.Tenant
	case hasSource:
		return &ev.Source
	case hasPartitionKey:
		return &ev.PartitionKey
	case hasSchemaVersion:
		return &ev.SchemaVersion
	case hasCorrelationID:
		return &ev.CorrelationID
	}
	return &ev.TraceID
}

// DecodeEventBinary reads the event that b begins with into ev, whose slices
// it reuses, and returns what follows it. An error is a *[tidegate.Error] of
// [tidegate.CodeCorrupt].
func DecodeEventBinary(b []byte, ev *tidegate.Event) (rest []byte, err error) {
	*ev = tidegate.Event{Attributes: ev.Attributes[:0], Warnings: ev.Warnings[:0]}
	r, rest, err := openRecord(b, eventVersion)
	if err != nil {
		return nil, err
	}
	flags, texts := r.uint(), r.uint()
	if flags >= endOfFlags || texts >= 1<<tidegate.NumText {
		return nil, corrupt("an event has members that are not known")
	}
	ev.Time = tidegate.Millis(r.int())
	for set := texts; set != 0; {
		ev.Text[nextBit(&set)] = r.string()
	}
	ev.ID, ev.Type, ev.Tenant = ev.Text[tidegate.TransactionID], tidegate.TypeTransaction, tidegate.DefaultTenant
	for set := flags & (1<<8 - 1); set != 0; {
		*envelopeText(ev, nextBit(&set)) = r.string()
	}
	if ev.HasAmount = flags&hasAmount != 0; ev.HasAmount {
		ev.Amount = r.money()
	}
	if ev.HasBase = flags&hasBase != 0; ev.HasBase {
		ev.Base = r.money()
	}
	if ev.HasLocation = flags&hasLocation != 0; ev.HasLocation {
		ev.Lat, ev.Lon = r.float(), r.float()
	}
	ev.CardPresent = tristate(flags, cardPresentTrue, cardPresentFalse)
	ev.Recurring = tristate(flags, recurringTrue, recurringFalse)
	if flags&hasIncumbent != 0 {
		ev.Incumbent.Outcome = r.string()
		if ev.Incumbent.HasScore = r.enum(2) == 1; ev.Incumbent.HasScore {
			ev.Incumbent.Score = r.float()
		}
	}
	if flags&hasAttributes != 0 {
		for n := r.count(); n > 0 && r.err == nil; n-- {
			var a tidegate.Attribute
			a.Name, a.Kind, a.Num, a.Text = r.namedValue()
			ev.Attributes = append(ev.Attributes, a)
		}
	}
	if flags&hasWarnings != 0 {
		ev.Warnings = r.strings(ev.Warnings)
	}
	return rest, r.done()
}

func tristate(flags, isTrue, isFalse uint64) tidegate.Tristate {
	switch {
	case flags&isTrue != 0:
		return tidegate.True
	case flags&isFalse != 0:
		return tidegate.False
	}
	return tidegate.Absent
}

func appendNamedValue(dst []byte, name string, kind tidegate.Kind, num float64, text string) []byte {
	dst = append(appendString(dst, name), byte(kind))
	dst = appendFloat(dst, num)
	if kind == tidegate.KindText {
		dst = appendString(dst, text)
	}
	return dst
}

func (r *reader) namedValue() (name string, kind tidegate.Kind, num float64, text string) {
	name = r.string()
	kind = tidegate.Kind(r.enum(int(tidegate.KindBool) + 1))
	num = r.float()
	if kind == tidegate.KindText {
		text = r.string()
	}
	return name, kind, num, text
}
