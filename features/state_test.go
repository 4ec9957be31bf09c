package features_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/stream/state"
)

// bench is a state with an event maker, for tests that tell a story.
type story struct {
	t   *testing.T
	st  *features.State
	set *features.Set
	n   int
}

func tell(t *testing.T, yaml string) *story {
	eur, _ := tidegate.ParseCurrency("EUR")
	set := compile(t, yaml, features.Options{Base: eur})
	st, err := features.NewState(set, state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	return &story{t: t, st: st, set: set}
}

// event makes a payment of customer c at a second, with further fields.
func (s *story) event(second int64, amount string, fields ...string) *tidegate.Event {
	eur, _ := tidegate.ParseCurrency("EUR")
	m, err := tidegate.ParseAmount(amount, eur)
	if err != nil {
		s.t.Fatal(err)
	}
	s.n++
	ev := &tidegate.Event{Type: tidegate.TypeTransaction, Time: tidegate.Millis(second * 1000), Amount: m, HasAmount: true}
	ev.Text[tidegate.TransactionID] = fmt.Sprint("t", s.n)
	ev.Text[tidegate.CustomerID] = "c"
	for _, f := range fields {
		name, v, _ := strings.Cut(f, "=")
		field, ok := tidegate.FieldByName(name)
		if !ok {
			s.t.Fatal(name)
		}
		ev.Text[field] = v
	}
	return ev
}

func (s *story) observe(ev, first *tidegate.Event) string {
	facts := tidegate.NewFacts(len(s.set.Variables()))
	var err error
	if first != nil {
		err = s.st.ObserveFollowUp(ev, first, facts, 0)
	} else {
		err = s.st.Observe(ev, facts, 0)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return show(facts.Num, facts.Text)
}

func show(numbers []float64, texts []string) string {
	var out []string
	for i, v := range numbers {
		switch {
		case math.IsNaN(v):
			out = append(out, "-")
		case texts[i] != "":
			out = append(out, texts[i])
		default:
			out = append(out, fmt.Sprint(v))
		}
	}
	return strings.Join(out, " ")
}

func (s *story) apply(ev *tidegate.Event, effect features.Effect) {
	if err := s.st.Apply(ev, effect); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) want(what, got, want string) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

func outcome(o tidegate.Outcome) features.Effect {
	return features.Effect{Outcome: o, HasOutcome: true}
}

// TestFollowUp: a payment that is tried again after a challenge does not count
// twice; what it adds to the amount does, and its outcome.
func TestFollowUp(t *testing.T) {
	s := tell(t, `
features:
  - {name: n, key: customer_id, aggregate: count, window: 1h}
  - {name: total, key: customer_id, aggregate: sum(amount), window: 1h}
  - {name: large, key: customer_id, aggregate: count, window: 1h, where: amount > 50}
  - {name: challenges, key: customer_id, aggregate: count, window: 1h, where: outcome == "challenge"}
  - {name: declines, key: customer_id, aggregate: count, window: 1h, where: outcome == "decline"}
  - {name: since, key: customer_id, aggregate: time_since_last}
`)
	s.apply(s.event(0, "10"), outcome(tidegate.Approve))
	first := s.event(100, "40")
	s.want("first try", s.observe(first, nil), "2 50 0 0 0 100")
	s.apply(first, outcome(tidegate.Challenge))

	again := s.event(130, "60")
	s.want("second try, in place of the first", s.observe(again, first), "2 70 1 0 0 130")
	effect := outcome(tidegate.Decline)
	effect.Follows = first
	s.apply(again, effect)
	s.want("next payment", s.observe(s.event(200, "1"), nil), "3 71 1 1 1 100")

	smaller := s.event(140, "5")
	effect.Follows = first
	s.apply(smaller, effect)
	s.want("a smaller amount takes nothing away", s.observe(s.event(200, "1"), nil), "3 71 1 1 1 100")
}

func TestLabels(t *testing.T) {
	s := tell(t, `
features:
  - {name: share, key: terminal_id, aggregate: avg(fraud), window: 1h}
  - {name: frauds, key: terminal_id, aggregate: sum(fraud), window: 1h}
  - {name: lost, key: terminal_id, aggregate: sum(amount), window: 1h, where: fraud}
  - {name: late_share, key: terminal_id, aggregate: avg(fraud), window: 1h, delay: 1h, default: 0}
`)
	a, b := s.event(0, "10", "terminal_id=x"), s.event(0, "20", "terminal_id=x")
	s.apply(a, features.Effect{})
	s.apply(b, features.Effect{})
	next := func(second int64) string { return s.observe(s.event(second, "1", "terminal_id=x"), nil) }
	s.want("no label", next(2), "0 0 0 0")
	for range 2 { // repeating changes nothing
		if err := s.st.ApplyLabel(b, true); err != nil {
			t.Fatal(err)
		}
	}
	s.want("one of three is fraud", next(2), "0.3333333333333333 1 20 0")
	s.want("an hour later", next(3602), "0 0 0 0.5")
	if err := s.st.ApplyLabel(b, false); err != nil {
		t.Fatal(err)
	}
	s.want("taken back", next(2), "0 0 0 0")
	if err := s.st.ApplyLabel(s.event(50, "10", "terminal_id=x"), true); err != nil {
		t.Fatal(err)
	}
	s.want("an unknown transaction", next(2), "0 0 0 0")
}

func TestKeysAndTenants(t *testing.T) {
	s := tell(t, `
features:
  - {name: n, key: customer_id, aggregate: count, window: 1h}
  - {name: devices, key: customer_id, aggregate: count_distinct(device_fingerprint), window: 1h}
  - {name: by_device, key: device_fingerprint, aggregate: count, window: 1h}
  - {name: pair, key: [customer_id, device_fingerprint], aggregate: count, window: 1h}
  - {name: logins, key: customer_id, aggregate: count, window: 1h, events: [login]}
`)
	s.want("without a device", s.observe(s.event(0, "1"), nil), "1 0 - - 0")
	s.apply(s.event(0, "1"), features.Effect{})
	s.apply(s.event(1, "1", "device_fingerprint=d"), features.Effect{})
	login := s.event(2, "1", "device_fingerprint=d")
	login.Type = "login"
	s.want("a login counts as one", s.observe(login, nil), "2 1 1 1 1")
	s.apply(login, features.Effect{})
	s.want("with a device", s.observe(s.event(3, "1", "device_fingerprint=d"), nil), "3 1 2 2 1")
	other := s.event(3, "1", "device_fingerprint=d")
	other.Tenant = "other"
	s.want("of another tenant", s.observe(other, nil), "1 1 1 1 0")
	named := s.event(3, "1", "device_fingerprint=d")
	named.Tenant = tidegate.DefaultTenant
	s.want("of the default tenant by name", s.observe(named, nil), "3 1 2 2 1")
}

// TestOwnCurrency: amounts add up in the base currency, or per currency where
// the key holds it.
func TestOwnCurrency(t *testing.T) {
	s := tell(t, `
features:
  - {name: total, key: customer_id, aggregate: sum(amount), window: 1h}
  - {name: own, key: [customer_id, currency], aggregate: sum(amount), window: 1h}
`)
	jpy, _ := tidegate.ParseCurrency("JPY")
	yen := func() *tidegate.Event {
		ev := s.event(1, "6.10")
		ev.Base, ev.HasBase = ev.Amount, true
		ev.Amount = tidegate.Money{Minor: 1000, Currency: jpy}
		return ev
	}
	s.apply(s.event(0, "10"), features.Effect{})
	s.want("yen", s.observe(yen(), nil), "16.1 1000")
	s.apply(yen(), features.Effect{})
	s.want("more yen", s.observe(yen(), nil), "22.2 2000")
	s.want("euros", s.observe(s.event(2, "5"), nil), "21.1 15")
	unknown := yen()
	unknown.HasBase = false
	s.want("without a rate", s.observe(unknown, nil), "16.1 2000")
}

func TestTravelByCountry(t *testing.T) {
	s := tell(t, "features:\n  - {name: travel, key: customer_id, kind: travel, by: country}\n  - {name: exact, key: customer_id, kind: travel}\n")
	s.apply(s.event(0, "1", "merchant_country=FR"), features.Effect{})
	ev := s.event(7200, "1", "merchant_country=GB")
	got := s.observe(ev, nil)
	var km, seconds, kmh float64
	if _, err := fmt.Sscan(got, &km, &seconds, &kmh); err != nil || math.Abs(km-343) > 10 || seconds != 7200 || kmh != km/2 {
		t.Errorf("from Paris to London in two hours: %s", got)
	}
	if !strings.HasSuffix(got, " - - -") {
		t.Errorf("there are no coordinates: %s", got)
	}
	ev.HasLocation, ev.Lat, ev.Lon = true, 48.8667, 2.3333
	s.want("to where it was", s.observe(ev, nil), "0 7200 0 - - -")
	s.want("nowhere", s.observe(s.event(7200, "1", "merchant_country=XX"), nil), "- - - - - -")
}

func TestWarmingAndQuery(t *testing.T) {
	s := tell(t, `
features:
  - {name: n_1h, key: customer_id, aggregate: count, window: 1h}
  - {name: n_1d, key: customer_id, aggregate: count, window: 1d}
  - {name: last_channel, key: customer_id, aggregate: last(channel), window: 1d}
  - {name: pair, key: [customer_id, merchant_id], aggregate: count, window: 1d}
  - {name: by_merchant, key: merchant_id, aggregate: count, window: 1h}
`)
	ev := s.event(0, "1", "channel=pos")
	s.observe(ev, nil)
	if got := s.st.Warming(nil); !slices.Equal(got, []int{0, 1, 2, 3}) {
		t.Errorf("at the first event %v are warming", got)
	}
	s.apply(ev, features.Effect{})
	s.observe(s.event(3600, "1"), nil)
	if got := s.st.Warming(nil); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("after an hour %v are warming", got)
	}
	values, err := s.st.Query("customer_id", "c", "", 1800_000)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range values {
		got = append(got, fmt.Sprint(v.Variable.Name, " ", show([]float64{v.Number}, []string{v.Text}), " ", v.Warming))
	}
	want := []string{"n_1h 1 true", "n_1d 1 true", "last_channel pos true", "pair - true"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if values, err := s.st.Query("customer_id", "nobody", "", 1800_000); err != nil || values[0].Number != 0 || !math.IsNaN(values[3].Number) {
		t.Errorf("of nobody: %v, %v", values, err)
	}
	if values, err := s.st.Query("card_id", "c", "", 0); err != nil || values != nil {
		t.Errorf("of a key without features: %v, %v", values, err)
	}
}

// TestReusedEvent: an event that was overwritten after it was observed is
// looked up anew.
func TestReusedEvent(t *testing.T) {
	s := tell(t, "features:\n  - {name: n, key: customer_id, aggregate: count, window: 1h}\n")
	ev := s.event(0, "1")
	s.observe(ev, nil)
	*ev = *s.event(1, "1", "customer_id=other")
	s.apply(ev, features.Effect{})
	s.want("the first customer", s.observe(s.event(2, "1"), nil), "1")
	s.want("the other", s.observe(s.event(2, "1", "customer_id=other"), nil), "2")
}

// TestSteadyStateAllocatesNothing: a customer's events come and go.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	s := tell(t, sixAggregates()+distinctAndMedian+`
  - {name: pair, key: [customer_id, merchant_id], aggregate: count, window: 30d}
  - {name: seen, key: [customer_id, merchant_id], aggregate: first_seen, window: 30d}
  - {name: since, key: customer_id, aggregate: time_since_last}
  - {name: channel_before, key: customer_id, aggregate: last(channel), window: 30d}
  - {name: declines, key: customer_id, aggregate: count, window: 1h, where: outcome == "decline" and amount > 5}
`)
	facts := tidegate.NewFacts(len(s.set.Variables()))
	events := make([]*tidegate.Event, 16)
	for i := range events {
		events[i] = s.event(0, "12.50", fmt.Sprint("merchant_id=m", i), "channel=pos")
	}
	i := int64(0)
	step := func() {
		ev := events[i%16]
		ev.Time = tidegate.Millis(i) * 60_000
		i++
		if err := s.st.Observe(ev, facts, 0); err != nil {
			t.Fatal(err)
		}
		s.apply(ev, outcome(tidegate.Decline))
	}
	for range 20_000 {
		step()
	}
	// Sealing a block takes some, once in 64 events.
	if n := testing.AllocsPerRun(640, step); n >= 1 {
		t.Errorf("%v allocations an event", n)
	}
}
