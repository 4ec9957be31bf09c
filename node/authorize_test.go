package node

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tidegate/tidegate"
)

// same compares an answer with the first one to the same transaction.
func same(t fatal, first, again *Answer) {
	t.Helper()
	want := first.Decision
	want.Retry = true
	if diff := cmp.Diff(want, again.Decision, cmpopts.EquateEmpty(), cmpopts.EquateNaNs(), cmpopts.IgnoreFields(tidegate.Decision{}, "DecidedInUS")); diff != "" {
		t.Fatalf("the retry of %s got another answer:\n%s", want.TransactionID, diff)
	}
	if diff := cmp.Diff(first.Features, again.Features, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
		t.Fatalf("the retry of %s got other features:\n%s", want.TransactionID, diff)
	}
}

// A retry is told by what is paid, by whom and where; it gets the first
// answer, now, after a restart, and after a crash, and leaves no record. The
// same id with something else is a conflict.
func TestRetryAndConflict(t *testing.T) {
	r := newRig(t, files())
	merchant := text(tidegate.MerchantID, "m")
	first := r.decide(r.tx("a", "anna", 60_000, merchant))
	if d := first.Decision; d.Outcome != tidegate.Review || d.Retry || len(d.Alerts) != 1 || d.Sequence != 2 {
		t.Fatalf("decided %+v", d)
	}
	for _, again := range []func(){func() {}, r.restart, func() { r.crash(rng(1)) }, r.save, func() { r.crash(rng(2)) }} {
		again()
		r.pass(time.Second)
		retry := r.tx("a", "anna", 60_000, merchant, text(tidegate.Channel, "ecom"))
		retry.ID = "another envelope"
		same(t, first, r.decide(retry))
		for name, conflict := range map[string]*tidegate.Event{
			"amount":   r.tx("a", "anna", 60_001, merchant),
			"customer": r.tx("a", "bert", 60_000, merchant),
			"merchant": r.tx("a", "anna", 60_000, text(tidegate.MerchantID, "n")),
			"card":     r.tx("a", "anna", 60_000, merchant, text(tidegate.CardID, "k")),
			"account":  r.tx("a", "anna", 60_000, merchant, text(tidegate.AccountID, "k")),
			"currency": r.tx("a", "anna", 60_000, merchant, func(e *tidegate.Event) { e.Amount.Currency, _ = tidegate.ParseCurrency("USD") }),
		} {
			_, err := r.Authorize(background, conflict, false)
			if tidegate.CodeOf(err) != tidegate.CodeConflict {
				t.Errorf("another %s: %v", name, err)
			}
		}
		if other := r.tx("a", "anna", 60_001, merchant); true {
			other.Tenant = "elsewhere"
			if a, err := r.Authorize(background, other, false); err != nil || a.Decision.CustomerID != "anna" {
				t.Errorf("the same id of another tenant: %v", err)
			}
		}
	}
	if got := r.kinds(); got[KindDecision] != 2 || got[KindActivation] != 1 {
		t.Errorf("the journal holds %v", got)
	}
	r.wantFeature("customer", "anna", "count_1h", 1)
}

// An id is forgotten some time after it came, and so is an answer that
// retention has taken away: the transaction is decided anew.
func TestForgottenIDs(t *testing.T) {
	r := newRig(t, files(), func(o *Options) { o.IDs = time.Hour })
	first := r.decide(r.tx("a", "anna", 100))
	r.pass(59 * time.Minute)
	same(t, first, r.decide(r.tx("a", "anna", 100)))
	r.pass(time.Minute)
	r.decide(r.tx("b", "bert", 100)) // time is that of the last record
	if again := r.decide(r.tx("a", "anna", 200)); again.Decision.Retry {
		t.Error("an old id is still known")
	}
}

// Requests of one customer that come at the same moment are decided one after
// the other, each with those before it in its features.
func TestConcurrentRequestsSeeEachOther(t *testing.T) {
	const n = 40
	r := newRig(t, files())
	seen := make([]float64, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			a, err := r.Authorize(background, r.tx(fmt.Sprint("t", i), "anna", 100), true)
			if err != nil {
				t.Error(err)
				return
			}
			seen[i] = a.Features.Num[0]
			if fired := len(a.Decision.Rules) > 0; fired != (seen[i] > 3) {
				t.Errorf("with %v payments, fired is %v", seen[i], fired)
			}
		})
	}
	wait.Wait()
	found := map[float64]bool{}
	for _, v := range seen {
		found[v] = true
	}
	for i := range n {
		if !found[float64(i+1)] {
			t.Fatalf("nobody saw %d payments: %v", i+1, seen)
		}
	}
}

// Many requests with one id at the same moment are one decision.
func TestConcurrentRetries(t *testing.T) {
	const n = 20
	r := newRig(t, files())
	var mu sync.Mutex
	var firsts, retries []*Answer
	var wait sync.WaitGroup
	for range n {
		wait.Go(func() {
			a, err := r.Authorize(background, r.tx("a", "anna", 100), true)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if a.Decision.Retry {
				retries = append(retries, a)
			} else {
				firsts = append(firsts, a)
			}
		})
	}
	wait.Wait()
	if len(firsts) != 1 || len(retries) != n-1 {
		t.Fatalf("%d first answers, %d retries", len(firsts), len(retries))
	}
	for _, a := range retries {
		same(t, firsts[0], a)
	}
}
