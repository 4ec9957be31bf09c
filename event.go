package tidegate

import (
	"math"
	"time"
)

// Millis is an instant of event time: milliseconds since 1970-01-01T00:00:00Z.
type Millis int64

// MillisOf converts t, cutting below the millisecond.
func MillisOf(t time.Time) Millis { return Millis(t.UnixMilli()) }

func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// String is the instant in RFC 3339 with milliseconds, in UTC.
func (m Millis) String() string { return m.Time().Format("2006-01-02T15:04:05.000Z07:00") }

// Event types with a meaning of their own. Any other type is free.
const (
	TypeTransaction = "transaction.initiated" // asks for a decision
	TypeOutcome     = "transaction.outcome"
	TypeCaptured    = "transaction.captured"
	TypeReversed    = "transaction.reversed"
	TypeRefunded    = "transaction.refunded"
	TypeLabel       = "label"
)

// DefaultTenant is the tenant of everything that is not told otherwise.
const DefaultTenant = "default"

// Tristate is an optional boolean; the zero value is absent.
type Tristate uint8

const (
	Absent Tristate = iota
	False
	True
)

// Event is one thing that happened: the envelope and the typed members of
// its payload. A transaction is an event of type [TypeTransaction].
// The zero value of every payload member means that it is absent.
type Event struct {
	ID            string
	Type          string
	Tenant        string
	Time          Millis // when it happened, by the sender
	Source        string
	PartitionKey  string
	SchemaVersion string
	CorrelationID string
	TraceID       string

	Text        [NumText]string // by [Field]; "" is absent
	Amount      Money
	HasAmount   bool
	Base        Money // Amount in the base currency; set by scoring from the rates
	HasBase     bool
	HasLocation bool
	Lat, Lon    float64 // degrees, if HasLocation
	CardPresent Tristate
	Recurring   Tristate
	Incumbent   Incumbent
	Attributes  []Attribute // sorted by name
	Warnings    []string    // what the decoder left out, by name
}

// Incumbent is what the system that Tidegate runs beside answered.
type Incumbent struct {
	Outcome  string
	Score    float64
	HasScore bool
}

// Attribute is a free member of the payload's "attributes".
type Attribute struct {
	Name string
	Kind Kind
	Num  float64 // numbers, and booleans as 0 and 1
	Text string
}

// Attribute finds a free attribute by name.
func (e *Event) Attribute(name string) (Attribute, bool) {
	for i := range e.Attributes {
		if e.Attributes[i].Name == name {
			return e.Attributes[i], true
		}
	}
	return Attribute{}, false
}

// TextOf returns a field of kind text; "" is absent.
func (e *Event) TextOf(f Field) string {
	switch {
	case f < NumText:
		return e.Text[f]
	case f == Currency && e.HasAmount:
		return e.Amount.Currency.String()
	case f == FieldEventType:
		return e.Type
	}
	return ""
}

// NumberOf returns a field of kind number or bool (as 0 and 1); NaN is absent.
func (e *Event) NumberOf(f Field) float64 {
	switch f {
	case Amount:
		if e.HasAmount {
			return e.Amount.Major()
		}
	case BaseAmount:
		if e.HasBase {
			return e.Base.Major()
		}
	case Latitude:
		if e.HasLocation {
			return e.Lat
		}
	case Longitude:
		if e.HasLocation {
			return e.Lon
		}
	case CardPresent:
		return e.CardPresent.number()
	case Recurring:
		return e.Recurring.number()
	case FieldHour:
		return float64(floorMod(floorDiv(int64(e.Time), 3_600_000), 24))
	case FieldWeekday:
		// 1970-01-01 was a Thursday.
		return float64(floorMod(floorDiv(int64(e.Time), 86_400_000)+4, 7))
	}
	return math.NaN()
}

func (t Tristate) number() float64 {
	if t == Absent {
		return math.NaN()
	}
	return float64(t - False)
}

func floorDiv(a, b int64) int64 { return (a - floorMod(a, b)) / b }

func floorMod(a, b int64) int64 { return ((a % b) + b) % b }
