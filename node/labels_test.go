package node

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

func (r *rig) shop(id string) {
	r.Helper()
	r.decide(r.tx(id, "anna", 100, text(tidegate.MerchantID, "shop")))
}

// wantFrauds says what share of the shop's payments is fraud.
func (r *rig) wantFrauds(frauds, of float64) {
	r.Helper()
	r.wantFeature("merchant", "shop", "merchant_fraud_share", frauds/of)
	r.wantFeature("customer", "anna", "frauds_30d", frauds)
}

// A label is idempotent by its id; per source the newest report wins; a
// reversal undoes; what one source says does not undo another's word.
func TestLabels(t *testing.T) {
	r := newRig(t, files())
	for i := range 4 {
		r.shop(fmt.Sprint("t", i))
	}
	r.wantFrauds(0, 4)
	if r.label(r.fraud("l1", "t1")) {
		t.Error("the first is no repetition")
	}
	r.wantFrauds(1, 4)
	again := func(r *rig) {
		r.Helper()
		if !r.label(r.fraud("l1", "t1")) {
			r.Fatal("recorded twice")
		}
	}
	again(r)
	r.restart()
	again(r)
	r.crash(rng(1))
	again(r)
	r.wantFrauds(1, 4)

	other := r.fraud("l1", "t2")
	_, err := r.Label(background, other)
	wantCode(t, err, tidegate.CodeConflict)

	older := r.fraud("l2", "t1")
	older.Fraud, older.ReportedAt = false, older.ReportedAt-1
	r.label(older)
	r.wantFrauds(1, 4) // an older word of the same source
	second := r.fraud("l3", "t1")
	second.Source = "network"
	r.label(second)
	reversal := r.fraud("l4", "t1")
	reversal.Kind = "reversal"
	r.label(reversal)
	r.wantFrauds(1, 4) // the network still says so
	r.pass(time.Second)
	clear := r.fraud("l5", "t1")
	clear.Fraud, clear.Source = false, "network"
	r.label(clear)
	r.wantFrauds(0, 4)
	if got := r.kinds(); got[KindLabel] != 5 {
		t.Errorf("the journal holds %v", got)
	}
	if got := r.redecideAll(); got.Differences != 0 {
		t.Errorf("decided again: %+v", got)
	}
}

// A label without a time of its report has that of its arrival, and may come
// again later.
func TestLabelWithoutTime(t *testing.T) {
	r := newRig(t, files())
	r.shop("t1")
	l := func() *tidegate.Label { l := r.fraud("l1", "t1"); l.ReportedAt = 0; return l }
	r.label(l())
	r.pass(time.Minute)
	for _, again := range []func(){func() {}, r.restart, func() { r.crash(rng(1)) }} {
		again()
		if !r.label(l()) {
			t.Error("recorded twice")
		}
	}
	older := r.fraud("l2", "t1")
	older.Fraud, older.ReportedAt = false, older.ReportedAt-60_001
	r.label(older)
	r.wantFrauds(1, 1)
}

// A label may come before its transaction, with anything in between.
func TestLabelBeforeItsTransaction(t *testing.T) {
	for name, between := range map[string]func(*rig){
		"nothing":     func(*rig) {},
		"restart":     (*rig).restart,
		"crash":       func(r *rig) { r.crash(rng(1)) },
		"checkpoint":  func(r *rig) { r.save(); r.crash(rng(1)) },
		"activation":  func(r *rig) { r.activate(files(otherFeatures)) },
		"the reverse": func(r *rig) { l := r.fraud("l2", "t1"); l.Kind = "reversal"; r.label(l) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, files())
			r.label(r.fraud("l1", "t1"))
			between(r)
			r.shop("t0")
			r.shop("t1")
			want := 1.0
			if name == "the reverse" {
				want = 0
			}
			r.wantFrauds(want, 2)
			if r.known.WaitingFull() || r.kinds()[KindDeadLetter] != 0 {
				t.Error("it still waits")
			}
			if got := r.redecideAll(); got.Differences != 0 {
				t.Errorf("decided again: %+v", got)
			}
		})
	}
}

// After seven days a label whose transaction did not come is a dead letter,
// and is forgotten: a transaction that comes still later is not fraud.
func TestLabelsGiveUp(t *testing.T) {
	r := newRig(t, files())
	r.label(r.fraud("l1", "t1"))
	r.pass(time.Hour)
	r.label(r.fraud("l2", "t2"))
	second := r.fraud("l3", "t2")
	second.Source = "network"
	r.label(second)
	r.pass(7*24*time.Hour - time.Hour)
	r.shop("t0") // time is that of the last record
	r.save()
	if got := r.kinds(); got[KindDeadLetter] != 0 {
		t.Fatalf("given up too early: %v", got)
	}
	r.pass(time.Millisecond)
	r.shop("t00")
	r.save()
	r.save()
	letters := func() (list []DeadLetter) {
		for i, record := range r.records() {
			var found Record
			if err := found.Decode(uint64(i+1), []byte(record)); err != nil {
				t.Fatal(err)
			}
			if found.Kind == KindDeadLetter {
				list = append(list, found.DeadLetter)
			}
		}
		return list
	}
	if got := letters(); len(got) != 1 || got[0].Tenant != tidegate.DefaultTenant || got[0].Reason != "unknown_transaction" || got[0].ID != "l1" || got[0].TransactionID != "t1" || r.Counters().DeadLetters() != 1 {
		t.Fatalf("dead letters %+v", got)
	}
	r.crash(rng(3))
	r.shop("t1")
	r.shop("t2")
	r.wantFeature("merchant", "shop", "merchant_fraud_share", 0.25)
	r.pass(8 * 24 * time.Hour)
	r.shop("t3")
	r.save()
	if got := letters(); len(got) != 1 {
		t.Errorf("dead letters %+v", got)
	}
	if got := r.redecideAll(); got.Differences != 0 {
		t.Errorf("decided again: %+v", got)
	}
}
