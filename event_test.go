package tidegate_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
)

func TestFieldsOfAnEvent(t *testing.T) {
	eur := currencyOf(t, "EUR")
	ev := tidegate.Event{
		Type: tidegate.TypeTransaction, Amount: tidegate.Money{Minor: 1250, Currency: eur}, HasAmount: true,
		HasLocation: true, Lat: 52.5, Lon: 13.4, CardPresent: tidegate.False, Recurring: tidegate.True,
	}
	ev.Text[tidegate.CustomerID] = "cus_1"
	for name, want := range map[string]string{"customer_id": "cus_1", "card_id": "", "currency": "EUR", "event_type": tidegate.TypeTransaction} {
		if f, ok := tidegate.FieldByName(name); !ok || f.Kind() != tidegate.KindText || ev.TextOf(f) != want {
			t.Errorf("%s is %q, want %q", name, ev.TextOf(f), want)
		}
	}
	for name, want := range map[string]float64{
		"amount": 12.5, "base_amount": math.NaN(), "latitude": 52.5, "longitude": 13.4, "card_present": 0, "recurring": 1,
	} {
		f, ok := tidegate.FieldByName(name)
		if got := ev.NumberOf(f); !ok || f.Kind() == tidegate.KindText || got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	var none tidegate.Event
	for f := range tidegate.NumFields {
		switch {
		case f == tidegate.FieldHour || f == tidegate.FieldWeekday: // every event has a time
		case f.Kind() == tidegate.KindText && none.TextOf(f) != "", f.Kind() != tidegate.KindText && !math.IsNaN(none.NumberOf(f)):
			t.Errorf("%s of an empty event is not absent", f)
		}
		if back, ok := tidegate.FieldByName(f.String()); !ok || back != f {
			t.Errorf("%s is found as %d, not %d", f, back, f)
		}
	}
}

// The standard library decides what hour and weekday it is.
func TestHourAndWeekday(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(-1e14, 1e14).Draw(t, "time")).UTC()
		ev := tidegate.Event{Time: tidegate.MillisOf(at)}
		if h := ev.NumberOf(tidegate.FieldHour); h != float64(at.Hour()) {
			t.Errorf("%v: hour %v", at, h)
		}
		if d := ev.NumberOf(tidegate.FieldWeekday); d != float64(at.Weekday()) {
			t.Errorf("%v: weekday %v, want %d", at, d, at.Weekday())
		}
		if back, err := time.Parse(time.RFC3339, ev.Time.String()); at.Year() >= 0 && at.Year() <= 9999 && (err != nil || !back.Equal(at)) {
			t.Errorf("%v is written %v", at, ev.Time)
		}
	})
}

func TestAttribute(t *testing.T) {
	ev := tidegate.Event{Attributes: []tidegate.Attribute{{Name: "a", Num: 1}, {Name: "b", Kind: tidegate.KindText, Text: "x"}}}
	if a, ok := ev.Attribute("b"); !ok || a.Text != "x" {
		t.Errorf("b is %v, %v", a, ok)
	}
	if _, ok := ev.Attribute("c"); ok {
		t.Error("c is not there")
	}
}
