package node

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

// An event feeds features and gets no decision; its id counts once, also
// after a restart.
func TestEvents(t *testing.T) {
	r := newRig(t, files())
	for range 2 {
		if repeated := r.tell(r.event("e1", "login_failed", "anna")); repeated != (r.feature("customer", "anna", "logins_1h") == 1 && r.kinds()[KindEvent] == 1 && repeated) {
			t.Fatal("told twice")
		}
	}
	r.wantFeature("customer", "anna", "logins_1h", 1)
	for _, again := range []func(){r.restart, func() { r.crash(rng(1)) }} {
		again()
		if !r.tell(r.event("e1", "login_failed", "anna")) {
			t.Error("a repeated id was recorded again")
		}
		for _, other := range []*tidegate.Event{r.event("e1", "login", "anna"), r.event("e1", "login_failed", "bob")} {
			_, err := r.Event(background, other)
			wantCode(t, err, tidegate.CodeConflict)
		}
	}
	// Without an id every event is one of its own.
	r.tell(r.event("", "login_failed", "anna"))
	r.tell(r.event("", "login_failed", "anna"))
	r.wantFeature("customer", "anna", "logins_1h", 3)
	if a := r.decide(r.tx("a", "anna", 100)); a.Features.Num[7] != 3 || a.Features.Variables[7].Name != "logins_1h" {
		t.Errorf("the decision saw %v", a.Features)
	}
	r.pass(time.Hour)
	r.wantFeature("customer", "anna", "logins_1h", 0)
}

// An event about a transaction has that one's keys: what was paid where feeds
// the merchant's features although the capture names only the transaction.
// The past transaction is found whatever configuration decided it, also after
// a restart.
func TestEventsAreCompletedFromThePast(t *testing.T) {
	r := newRig(t, files())
	r.decide(r.tx("a", "anna", 100, text(tidegate.MerchantID, "shop")))
	r.activate(files(otherRules))
	capture := func(id, transaction string) *tidegate.Event {
		return r.event(id, tidegate.TypeCaptured, "", text(tidegate.TransactionID, transaction))
	}
	r.tell(capture("c1", "a"))
	r.wantFeature("merchant", "shop", "captures_7d", 1)
	r.restart() // the first configuration is known from the checkpoint alone
	r.tell(capture("c2", "a"))
	if !r.tell(capture("c2", "a")) { // which says less than what was recorded
		t.Error("a repeated event was recorded again")
	}
	_, err := r.Event(background, capture("c2", "nobody"))
	wantCode(t, err, tidegate.CodeConflict)
	r.wantFeature("merchant", "shop", "captures_7d", 2)
	r.crash(rng(1))
	r.tell(capture("c3", "a"))
	r.wantFeature("merchant", "shop", "captures_7d", 3)

	unknown := capture("c4", "nobody")
	r.tell(unknown)
	if !slices.Contains(unknown.Warnings, "transaction_id: unknown transaction") {
		t.Errorf("warned of %q", unknown.Warnings)
	}
	if got := r.redecideAll(); got.Differences != 0 || got.Decisions != 1 {
		t.Errorf("decided again: %+v", got)
	}
}

// An outcome that the event itself states is not overwritten by the past.
func TestOutcomeKeepsWhatItSays(t *testing.T) {
	r := newRig(t, files())
	r.decide(r.tx("a", "anna", 100, text(tidegate.MerchantID, "shop"), text(tidegate.Channel, "ecom")))
	e := r.event("o", tidegate.TypeOutcome, "", text(tidegate.TransactionID, "a"), text(tidegate.Final, "declined"), text(tidegate.Channel, "pos"))
	r.tell(e)
	got := [...]string{e.Text[tidegate.CustomerID], e.Text[tidegate.MerchantID], e.Text[tidegate.Final], e.Text[tidegate.Channel]}
	if want := [...]string{"anna", "shop", "declined", "pos"}; got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

// Events older than their customer's newest go to their place in time.
func TestLateEvents(t *testing.T) {
	r := newRig(t, files())
	r.decide(r.tx("a", "anna", 100))
	late := r.tx("b", "anna", 200, at(r.millis()-30*60_000))
	if d := r.decide(late).Decision; d.Reasons[0].Code != tidegate.ReasonClockRegression {
		t.Errorf("a late event: %+v", d.Reasons)
	}
	r.wantFeature("customer", "anna", "count_1h", 2)
	r.wantFeature("customer", "anna", "sum_24h", 3)
	r.pass(31 * time.Minute)
	r.wantFeature("customer", "anna", "count_1h", 1)
	slightly := r.tx("c", "anna", 200, at(tidegate.MillisOf(noon)-2000))
	if d := r.decide(slightly).Decision; len(d.Reasons) != 0 {
		t.Errorf("two seconds before another: %+v", d.Reasons)
	}
}

// Amounts of other currencies count in the base currency; one without a rate
// is decided, says so, and does not count.
func TestCurrencies(t *testing.T) {
	r := newRig(t, files())
	in := func(code string) func(*tidegate.Event) {
		return func(e *tidegate.Event) { e.Amount.Currency, _ = tidegate.ParseCurrency(code) }
	}
	r.decide(r.tx("a", "anna", 1000, in("USD")))
	r.wantFeature("customer", "anna", "sum_24h", 9)
	d := r.decide(r.tx("b", "anna", 1000, in("CHF"))).Decision
	if !slices.Equal(d.Degraded, []string{"rates.CHF"}) {
		t.Errorf("degraded is %q", d.Degraded)
	}
	r.wantFeature("customer", "anna", "sum_24h", 9)
	r.wantFeature("customer", "anna", "count_1h", 2)
	r.wantFeature("customer", "bert", "avg_7d", math.NaN())
}
