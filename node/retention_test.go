package node

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

// Journal that is older than the retention goes once a checkpoint holds it and
// its readers have passed; what needs it is told that it is gone.
func TestRetention(t *testing.T) {
	published := uint64(0)
	r := newRig(t, files(), func(o *Options) {
		o.SegmentBytes, o.Retention = 4<<10, 24*time.Hour
		o.ReadersAt = func() uint64 { return published }
	})
	merchant := text(tidegate.MerchantID, "shop")
	for i := range 40 {
		r.decide(r.tx(fmt.Sprint("t", i), "anna", 100, merchant))
	}
	r.save()
	r.pass(23 * time.Hour)
	r.decide(r.tx("u", "anna", 100, merchant))
	r.save()
	if r.journal.First() != 1 {
		t.Fatal("dropped too early")
	}
	r.pass(2 * time.Hour)
	r.save()
	if r.journal.First() != 1 {
		t.Fatal("dropped before its readers had it")
	}
	published = r.journal.Last()
	r.save()
	first := r.journal.First()
	if first < 20 {
		t.Fatalf("the journal begins with record %d", first)
	}
	before := r.knowledge(map[string][]string{"customer": {"anna"}, "merchant": {"shop"}})
	r.crash(rng(1))
	if after := r.knowledge(map[string][]string{"customer": {"anna"}, "merchant": {"shop"}}); after != before {
		t.Errorf("features are\n%s\nwere\n%s", after, before)
	}
	r.wantFeature("customer", "anna", "avg_7d", 1)

	_, _, err := r.Decision(background, tidegate.DefaultTenant, "t0")
	wantCode(t, err, tidegate.CodeNotFound)
	if again := r.decide(r.tx("u", "anna", 100, merchant)); !again.Decision.Retry {
		t.Error("an answer that is kept was not repeated")
	}
	if again := r.decide(r.tx("t0", "anna", 300, merchant)); again.Decision.Retry {
		t.Error("an answer that is gone was repeated")
	}
	// What speaks of a transaction that is gone speaks of an unknown one.
	r.label(r.fraud("l", "t1"))
	r.tell(r.event("c", tidegate.TypeCaptured, "", text(tidegate.TransactionID, "t1")))
	r.wantFeature("merchant", "shop", "captures_7d", 0)
	if d := r.decide(r.tx("f", "anna", 100, follows("t1"))).Decision; len(d.Warnings) != 1 {
		t.Errorf("followed %+v", d)
	}
	r.crash(rng(2))
	r.wantFeature("merchant", "shop", "captures_7d", 0)
	r.activate(files(otherFeatures)) // from what is kept
	if got := r.current.Load().Backfilled; got != first {
		t.Errorf("backfilled from %d, the journal begins with %d", got, first)
	}
}

// The journal stays as it is while a checkpoint does not hold the last
// activation: a recovery would fill its histories from the same records.
func TestRetentionWaitsForActivations(t *testing.T) {
	r := newRig(t, files(), func(o *Options) { o.SegmentBytes, o.Retention = 4<<10, time.Hour })
	history(r, 0, 120)
	at := position{Journal: r.JournalUUID(), Sequence: r.journal.Last(), Activation: r.current.Load().Activation}
	r.activate(files(otherFeatures))
	if err := r.retain(at); err != nil || r.journal.First() != 1 {
		t.Fatalf("the journal begins with record %d, error %v", r.journal.First(), err)
	}
	before := r.knowledge(everybody)
	r.crash(rng(1))
	if after := r.knowledge(everybody); after != before {
		t.Errorf("features are\n%s\nwere\n%s", after, before)
	}
	r.save()
	r.save() // the one before holds it too
	if r.journal.First() == 1 {
		t.Error("nothing was dropped")
	}
	r.crash(rng(2))
	if after := r.knowledge(everybody); after != before {
		t.Errorf("features are\n%s\nwere\n%s", after, before)
	}
}
