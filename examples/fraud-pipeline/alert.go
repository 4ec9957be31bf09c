package main

import (
	"strconv"

	"github.com/tidegate/tidegate/stream"
)

// Type is what an alert is about.
type Type string

const (
	Velocity Type = "VELOCITY"
	Travel   Type = "IMPOSSIBLE_TRAVEL"
	Anomaly  Type = "AMOUNT_ANOMALY"
)

// Alert tells that a customer's transactions look like fraud.
type Alert struct {
	Type     Type
	Customer string
	Time     stream.Millis

	Window stream.Span // of VELOCITY, with how many transactions are in it
	Count  int64

	EventID         string // of the others
	PreviousEventID string // of IMPOSSIBLE_TRAVEL
	Elapsed         stream.Millis
	Kilometers      float64

	Cents        int64 // of AMOUNT_ANOMALY
	HistoryCount int
	HistorySum   int64
}

// Key is what an alert is sent once for in five minutes.
func (a Alert) Key() string { return a.Customer + "|" + string(a.Type) }

// appendAlert writes an alert as a line of JSON. Ids come from JSON strings
// that were checked to need no escaping.
func appendAlert(b []byte, a *Alert) ([]byte, error) {
	b = append(b, `{"ts":`...)
	b = strconv.AppendInt(b, int64(a.Time), 10)
	b = append(b, `,"customer_id":"`...)
	b = append(b, a.Customer...)
	b = append(b, `","type":"`...)
	b = append(b, a.Type...)
	b = append(b, '"')
	number := func(name string, v int64) {
		b = append(append(append(b, `,"`...), name...), `":`...)
		b = strconv.AppendInt(b, v, 10)
	}
	text := func(name, v string) {
		b = append(append(append(b, `,"`...), name...), `":"`...)
		b = append(append(b, v...), '"')
	}
	switch a.Type {
	case Velocity:
		number("window_start", int64(a.Window.Start))
		number("window_end", int64(a.Window.End))
		number("count", a.Count)
	case Travel:
		text("event_id", a.EventID)
		text("previous_event_id", a.PreviousEventID)
		number("elapsed_ms", int64(a.Elapsed))
		b = append(b, `,"distance_km":`...)
		b = strconv.AppendFloat(b, a.Kilometers, 'f', 3, 64)
	case Anomaly:
		text("event_id", a.EventID)
		number("amount_cents", a.Cents)
		number("history_count", int64(a.HistoryCount))
		number("history_sum_cents", a.HistorySum)
	}
	return append(b, "}\n"...), nil
}
