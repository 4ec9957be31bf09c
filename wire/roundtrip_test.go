package wire_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// sameBits compares floats bit for bit, so that no NaN and no -0 is lost.
var sameBits = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
}

var (
	texts   = rapid.OneOf(rapid.Just(""), rapid.StringN(0, 12, -1), rapid.StringN(100, 300, -1))
	lists   = rapid.SliceOfN(texts, 0, 4)
	instant = rapid.Map(rapid.Int64(), func(v int64) tidegate.Millis { return tidegate.Millis(v) })
	anyTime = rapid.Map(rapid.Int64Range(-1<<60, 1<<60), func(v int64) tidegate.Millis { return tidegate.Millis(v) })
	numbers = rapid.OneOf(
		rapid.Float64(),
		rapid.Map(rapid.Int64(), func(v int64) float64 { return float64(v) }),
		rapid.Map(rapid.Int64Range(-1e6, 1e12), func(v int64) float64 { return float64(v) / 100 }),
		rapid.Map(rapid.Uint64(), math.Float64frombits),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1 << 52, 1<<53 + 2, 1e300, 0.1}),
	)
	kinds    = rapid.SampledFrom([]tidegate.Kind{tidegate.KindNumber, tidegate.KindText, tidegate.KindBool})
	outcomes = rapid.SampledFrom([]tidegate.Outcome{tidegate.Approve, tidegate.Review, tidegate.Challenge, tidegate.Decline})
	tristate = rapid.SampledFrom([]tidegate.Tristate{tidegate.Absent, tidegate.False, tidegate.True})
	amounts  = rapid.Custom(func(t *rapid.T) tidegate.Money {
		c, _ := tidegate.ParseCurrency(rapid.SampledFrom([]string{"EUR", "JPY", "KWD", "ZWG"}).Draw(t, "currency"))
		return tidegate.Money{Minor: rapid.Int64().Draw(t, "minor"), Currency: c}
	})
	evidence = rapid.Custom(func(t *rapid.T) tidegate.Evidence {
		e := tidegate.Evidence{Name: texts.Draw(t, "name"), Kind: kinds.Draw(t, "kind"), Num: numbers.Draw(t, "num")}
		if e.Kind == tidegate.KindText {
			e.Text = texts.Draw(t, "text")
		}
		return e
	})
	reasons = rapid.Custom(func(t *rapid.T) tidegate.Reason {
		return tidegate.Reason{Code: tidegate.ReasonCode(texts.Draw(t, "code")), Text: texts.Draw(t, "text")}
	})
)

var events = rapid.Custom(func(t *rapid.T) *tidegate.Event {
	ev := &tidegate.Event{
		ID: texts.Draw(t, "id"), Time: instant.Draw(t, "time"), Source: texts.Draw(t, "source"), PartitionKey: texts.Draw(t, "partition key"),
		Type:          rapid.SampledFrom([]string{"", tidegate.TypeTransaction, tidegate.TypeOutcome, "login"}).Draw(t, "type"),
		Tenant:        rapid.SampledFrom([]string{"", tidegate.DefaultTenant, "acme"}).Draw(t, "tenant"),
		SchemaVersion: texts.Draw(t, "schema version"), CorrelationID: texts.Draw(t, "correlation"), TraceID: texts.Draw(t, "trace"),
		CardPresent: tristate.Draw(t, "card present"), Recurring: tristate.Draw(t, "recurring"), Warnings: lists.Draw(t, "warnings"),
	}
	for f := range ev.Text {
		ev.Text[f] = texts.Draw(t, tidegate.Field(f).String())
	}
	if ev.HasAmount = rapid.Bool().Draw(t, "has amount"); ev.HasAmount {
		ev.Amount = amounts.Draw(t, "amount")
	}
	if ev.HasBase = rapid.Bool().Draw(t, "has base"); ev.HasBase {
		ev.Base = amounts.Draw(t, "base")
	}
	if ev.HasLocation = rapid.Bool().Draw(t, "has location"); ev.HasLocation {
		ev.Lat, ev.Lon = numbers.Draw(t, "lat"), numbers.Draw(t, "lon")
	}
	ev.Incumbent.Outcome = texts.Draw(t, "incumbent")
	if ev.Incumbent.HasScore = rapid.Bool().Draw(t, "has score"); ev.Incumbent.HasScore {
		ev.Incumbent.Score = numbers.Draw(t, "score")
	}
	for _, e := range rapid.SliceOfN(evidence, 0, 5).Draw(t, "attributes") {
		ev.Attributes = append(ev.Attributes, tidegate.Attribute(e))
	}
	return ev
})

var alerts = rapid.Custom(func(t *rapid.T) tidegate.Alert {
	a := tidegate.Alert{
		ID: texts.Draw(t, "id"), TransactionID: texts.Draw(t, "transaction"), CustomerID: texts.Draw(t, "customer"), CardLastFour: texts.Draw(t, "card"),
		MerchantID: texts.Draw(t, "merchant"), Outcome: outcomes.Draw(t, "outcome"),
		Severity: rapid.SampledFrom([]tidegate.Severity{tidegate.Low, tidegate.Medium, tidegate.High, tidegate.Critical}).Draw(t, "severity"),
		RuleID:   texts.Draw(t, "rule"), RuleVersion: texts.Draw(t, "version"), Reason: reasons.Draw(t, "reason"),
		Evidence: rapid.SliceOfN(evidence, 0, 4).Draw(t, "evidence"), EventIDs: lists.Draw(t, "events"),
		SuppressedCount: rapid.Int64().Draw(t, "suppressed"), SuppressedAmount: rapid.Int64().Draw(t, "suppressed amount"), EventTime: instant.Draw(t, "time"),
		HasBase: rapid.Bool().Draw(t, "has base"), Base: amounts.Draw(t, "base"),
	}
	if a.HasAmount = rapid.Bool().Draw(t, "has amount"); a.HasAmount {
		a.Amount = amounts.Draw(t, "amount")
	}
	return a
})

var decisions = rapid.Custom(func(t *rapid.T) *tidegate.Decision {
	return &tidegate.Decision{
		Sequence: rapid.Uint64().Draw(t, "sequence"), Generation: rapid.Uint32().Draw(t, "generation"),
		TransactionID: texts.Draw(t, "transaction"), CustomerID: texts.Draw(t, "customer"),
		Outcome: outcomes.Draw(t, "outcome"), WouldBe: outcomes.Draw(t, "would be"), ResponseCode: texts.Draw(t, "response"), Score: numbers.Draw(t, "score"),
		Reasons: rapid.SliceOfN(reasons, 0, 3).Draw(t, "reasons"),
		Rules: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) tidegate.FiredRule {
			return tidegate.FiredRule{
				ID: texts.Draw(t, "id"), Mode: texts.Draw(t, "mode"), Outcome: outcomes.Draw(t, "outcome"), Score: numbers.Draw(t, "score"),
				Alert: rapid.SampledFrom([]tidegate.Alerted{tidegate.NoAlert, tidegate.Sent, tidegate.Suppressed}).Draw(t, "alert"),
			}
		}), 0, 3).Draw(t, "rules"),
		Models: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) tidegate.ModelScore {
			return tidegate.ModelScore{
				Name: texts.Draw(t, "name"), Version: texts.Draw(t, "version"), Role: texts.Draw(t, "role"), Score: numbers.Draw(t, "score"),
				Fallback: rapid.Bool().Draw(t, "fallback"),
			}
		}), 0, 3).Draw(t, "models"),
		Patterns: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) tidegate.PatternMatch {
			return tidegate.PatternMatch{Name: texts.Draw(t, "name"), EventIDs: lists.Draw(t, "events")}
		}), 0, 3).Draw(t, "patterns"),
		Degraded: lists.Draw(t, "degraded"), Warnings: lists.Draw(t, "warnings"),
		EventTime: anyTime.Draw(t, "event time"), ArrivalTime: anyTime.Draw(t, "arrival"),
		Alerts: rapid.SliceOfN(alerts, 0, 2).Draw(t, "alerts"),
	}
})

var labels = rapid.Custom(func(t *rapid.T) *tidegate.Label {
	return &tidegate.Label{
		ID: texts.Draw(t, "id"), Tenant: texts.Draw(t, "tenant"), TransactionID: texts.Draw(t, "transaction"), Fraud: rapid.Bool().Draw(t, "fraud"),
		Kind: texts.Draw(t, "kind"), ReasonCode: texts.Draw(t, "reason"), OccurredAt: instant.Draw(t, "occurred"), ReportedAt: instant.Draw(t, "reported"),
		Source: texts.Draw(t, "source"),
	}
})

// roundTrip says whether what encode wrote is read as the same, whatever is
// before and after it, and in every prefix is an error.
func roundTrip[T any](t *rapid.T, v *T, encode func([]byte, *T) []byte, decode func([]byte, *T) ([]byte, error), used *T) {
	t.Helper()
	const before, after = "before", "after"
	b := encode([]byte(before), v)
	if string(b[:len(before)]) != before {
		t.Fatal("what was before is lost")
	}
	record := b[len(before):]
	rest, err := decode(append(record[:len(record):len(record)], after...), used)
	if err != nil || string(rest) != after {
		t.Fatalf("rest %q, %v", rest, err)
	}
	if diff := cmp.Diff(v, used, sameBits); diff != "" {
		t.Fatal(diff)
	}
	cut := rapid.IntRange(0, len(record)-1).Draw(t, "cut")
	if _, err := decode(record[:cut], used); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
		t.Fatalf("cut at %d of %d: %v", cut, len(record), err)
	}
}

func TestEventRoundTrip(t *testing.T) {
	var used tidegate.Event // decoded into again and again
	rapid.Check(t, func(t *rapid.T) {
		roundTrip(t, events.Draw(t, "event"), wire.AppendEventBinary, wire.DecodeEventBinary, &used)
	})
}

func TestDecisionRoundTrip(t *testing.T) {
	var used tidegate.Decision
	rapid.Check(t, func(t *rapid.T) {
		d := decisions.Draw(t, "decision")
		kept := *d
		d.Versions, d.Retry, d.DecidedInUS = tidegate.Versions{Engine: "not kept"}, true, 740
		encode := func(dst []byte, _ *tidegate.Decision) []byte { return wire.AppendDecisionBinary(dst, d) }
		roundTrip(t, &kept, encode, wire.DecodeDecisionBinary, &used)
	})
}

func TestLabelRoundTrip(t *testing.T) {
	var used tidegate.Label
	rapid.Check(t, func(t *rapid.T) {
		roundTrip(t, labels.Draw(t, "label"), wire.AppendLabelBinary, wire.DecodeLabelBinary, &used)
	})
}

func TestFactsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.SliceOfN(evidence, 0, 80).Draw(t, "row")
		kinds := make([]tidegate.Kind, len(row))
		facts, back := tidegate.NewFacts(len(row)), tidegate.NewFacts(len(row))
		for i, e := range row {
			kinds[i] = e.Kind
			switch {
			case e.Kind != tidegate.KindText:
				facts.SetNumber(i, e.Num)
			case !math.IsNaN(e.Num):
				facts.SetText(i, e.Text)
			}
			back.SetText(i, "left over")
		}
		b := wire.AppendFacts(nil, facts.Num, facts.Text, kinds)
		rest, err := wire.DecodeFacts(append(b, '!'), back.Num, back.Text, kinds)
		if err != nil || string(rest) != "!" {
			t.Fatalf("rest %q, %v", rest, err)
		}
		if diff := cmp.Diff(facts, back, sameBits); diff != "" {
			t.Fatal(diff)
		}
		longer := append(kinds, tidegate.KindNumber)
		if _, err := wire.DecodeFacts(b, make([]float64, len(longer)), make([]string, len(longer)), longer); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
			t.Fatalf("a row of another schema: %v", err)
		}
	})
}

func TestFloatsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := numbers.Draw(t, "number")
		back, err := wire.ReadFloat(wire.AppendFloat(nil, v))
		if err != nil || math.Float64bits(back) != math.Float64bits(v) {
			t.Fatalf("%v (%x) became %v (%x), %v", v, math.Float64bits(v), back, math.Float64bits(back), err)
		}
	})
}

func TestPlacesRoundTrip(t *testing.T) {
	for n := range 20 {
		var want []int
		for p := n - 1; p >= 0; p -= 3 {
			want = append(want, p)
		}
		b := wire.AppendPlaces([]byte("before"), want, n)[len("before"):]
		got, rest, err := wire.DecodePlaces(append(b, '!'), nil, n)
		slices.Sort(want)
		if err != nil || string(rest) != "!" || !slices.Equal(got, want) {
			t.Errorf("%v of %d became %v, rest %q, error %v", want, n, got, rest, err)
		}
		if _, _, err := wire.DecodePlaces(b, nil, n+1); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
			t.Errorf("a set for %d was taken for %d: %v", n, n+1, err)
		}
	}
}
