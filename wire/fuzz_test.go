package wire_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// What is accepted is kept by the binary form, and hashes the same.
func FuzzDecodeEvent(f *testing.F) {
	f.Add([]byte(aTransaction))
	f.Add([]byte(good))
	f.Add([]byte(with(`"attributes":{"a":1e2,"b":"\ud83d\ude00","c":null},"x":[{"y":[]}],"incumbent":{"outcome":"approve","score":0.5}`)))
	f.Add([]byte(`{"event_type":"login","timestamp":"2026-03-14T15:09:26.5+01:00","payload":{"customer_id":"c","ip_address":"::ffff:1.2.3.4"}}`))
	f.Add([]byte(with(`"cvv":1`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var ev, back tidegate.Event
		if err := wire.DecodeEvent(b, wire.Options{}, &ev); err != nil {
			var e *tidegate.Error
			if !errors.As(err, &e) {
				t.Fatalf("%T", err)
			}
			return
		}
		if !acceptable(b) {
			t.Fatal("accepted, and is no well-formed JSON")
		}
		if _, err := wire.DecodeEventBinary(wire.AppendEventBinary(nil, &ev), &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ev, back, sameBits); diff != "" {
			t.Fatal(diff)
		}
		if wire.ContentHash(&ev) != wire.ContentHash(&back) {
			t.Fatal("another hash")
		}
	})
}

func FuzzWellFormed(f *testing.F) {
	for _, s := range jsonPieces {
		f.Add([]byte(s))
	}
	f.Add([]byte(`{"a":[1,2,{"b":"\ud83d\ude00 é"}],"c":-1.5e-7}`))
	f.Fuzz(func(t *testing.T, b []byte) { sameVerdict(t, b) })
}

func FuzzDecodeLabel(f *testing.F) {
	f.Add([]byte(`{"label_id":"l","transaction_id":"t","fraud":true,"kind":"analyst","reported_at":1}`))
	f.Add([]byte(`{"event_type":"label","timestamp":5,"payload":{"label_id":"l","transaction_id":"t","kind":"reversal"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var l, back tidegate.Label
		if _, err := wire.DecodeLabel(b, wire.Options{}, &l); err != nil {
			return
		}
		if _, err := wire.DecodeLabelBinary(wire.AppendLabelBinary(nil, &l), &back); err != nil || l != back {
			t.Fatalf("%+v became %+v, %v", l, back, err)
		}
	})
}

func FuzzDecodeEventBinary(f *testing.F) {
	var ev tidegate.Event
	if err := wire.DecodeEvent([]byte(aTransaction), wire.Options{}, &ev); err != nil {
		f.Fatal(err)
	}
	f.Add(wire.AppendEventBinary(nil, &ev))
	f.Add(wire.AppendEventBinary(nil, &tidegate.Event{Warnings: []string{"w"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var ev, back tidegate.Event
		if _, err := wire.DecodeEventBinary(b, &ev); err != nil {
			if tidegate.CodeOf(err) != tidegate.CodeCorrupt {
				t.Fatal(err)
			}
			return
		}
		if _, err := wire.DecodeEventBinary(wire.AppendEventBinary(nil, &ev), &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ev, back, sameBits); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzDecodeDecisionBinary(f *testing.F) {
	f.Add(wire.AppendDecisionBinary(nil, aDecision()))
	f.Add(wire.AppendDecisionBinary(nil, &tidegate.Decision{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d, back tidegate.Decision
		if _, err := wire.DecodeDecisionBinary(b, &d); err != nil {
			if tidegate.CodeOf(err) != tidegate.CodeCorrupt {
				t.Fatal(err)
			}
			return
		}
		if _, err := wire.DecodeDecisionBinary(wire.AppendDecisionBinary(nil, &d), &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, back, sameBits); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzDecodeFacts(f *testing.F) {
	kinds := []tidegate.Kind{tidegate.KindNumber, tidegate.KindText, tidegate.KindBool, tidegate.KindText}
	f.Add(wire.AppendFacts(nil, []float64{1.5, 0, 1, 0}, []string{"", "DE", "", ""}, kinds))
	f.Fuzz(func(t *testing.T, b []byte) {
		facts, back := tidegate.NewFacts(len(kinds)), tidegate.NewFacts(len(kinds))
		if _, err := wire.DecodeFacts(b, facts.Num, facts.Text, kinds); err != nil {
			return
		}
		if _, err := wire.DecodeFacts(wire.AppendFacts(nil, facts.Num, facts.Text, kinds), back.Num, back.Text, kinds); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(facts, back, sameBits); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzDecodePlaces(f *testing.F) {
	const n = 11
	f.Add(wire.AppendPlaces(nil, []int{0, 7, 8, 10}, n))
	f.Add(wire.AppendPlaces(nil, nil, n))
	f.Fuzz(func(t *testing.T, b []byte) {
		places, rest, err := wire.DecodePlaces(b, nil, n)
		if err != nil {
			return
		}
		again, rest, err := wire.DecodePlaces(append(wire.AppendPlaces(nil, places, n), rest...), nil, n)
		if err != nil || !slices.Equal(places, again) || !slices.IsSorted(again) || len(again) > n {
			t.Fatalf("%v became %v, %d bytes left, error %v", places, again, len(rest), err)
		}
	})
}
