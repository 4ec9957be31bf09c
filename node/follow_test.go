package node

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

func follows(id string) func(*tidegate.Event) { return text(tidegate.Follows, id) }

// A follow-up is decided over the same features and does not count again;
// only what it adds to the amount is added. That holds for chains, and
// whatever happens in between.
func TestFollowUps(t *testing.T) {
	for name, between := range map[string]func(*rig){
		"nothing":    func(*rig) {},
		"restart":    (*rig).restart,
		"crash":      func(r *rig) { r.crash(rng(1)) },
		"checkpoint": func(r *rig) { r.save(); r.crash(rng(1)) },
		"activation": func(r *rig) { r.activate(files(otherRules)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, files())
			r.decide(r.tx("t0", "anna", 1000))
			r.pass(time.Minute)
			r.decide(r.tx("t1", "anna", 10_000))
			between(r)
			a := r.decide(r.tx("t2", "anna", 15_000, follows("t1")))
			if v := a.Features; v.Num[0] != 2 || v.Num[1] != 160 {
				t.Errorf("the follow-up saw %v payments of %v", v.Num[0], v.Num[1])
			}
			r.wantFeature("customer", "anna", "count_1h", 2)
			r.wantFeature("customer", "anna", "sum_24h", 160)
			between(r)
			r.decide(r.tx("t3", "anna", 12_000, follows("t2"))) // less: nothing is taken back
			r.wantFeature("customer", "anna", "sum_24h", 160)
			between(r)
			r.decide(r.tx("t4", "anna", 20_000, follows("t3")))
			r.wantFeature("customer", "anna", "count_1h", 2)
			r.wantFeature("customer", "anna", "sum_24h", 210)
			if got := r.redecideAll(); got.Differences != 0 || got.Decisions != 5 {
				t.Errorf("decided again: %+v", got)
			}
		})
	}
}

// A follow-up of something unknown counts by itself, and says so. When the
// other comes afterwards, it counts too: then, after a recovery, and in
// features that are made from the journal.
func TestFollowsTheUnknown(t *testing.T) {
	r := newRig(t, files())
	d := r.decide(r.tx("t2", "anna", 1000, follows("t1"))).Decision
	if !slices.Contains(d.Warnings, warnUnknownFollows) {
		t.Errorf("warned of %q", d.Warnings)
	}
	r.decide(r.tx("t1", "anna", 500))
	r.wantFeature("customer", "anna", "count_1h", 2)
	r.crash(rng(1))
	r.wantFeature("customer", "anna", "count_1h", 2)
	r.activate(files(otherFeatures))
	r.wantFeature("customer", "anna", "count_1h", 2)
	if got := r.redecideAll(); got.Differences != 0 {
		t.Errorf("decided again: %+v", got)
	}
}

// Nobody escapes being counted by naming what somebody else paid.
func TestFollowsAnotherCustomer(t *testing.T) {
	r := newRig(t, files())
	r.decide(r.tx("t0", "anna", 1000))
	for _, id := range []string{"t1", "t2"} {
		d := r.decide(r.tx(id, "bert", 1000, follows("t0"))).Decision
		if !slices.Contains(d.Warnings, warnOtherFollows) {
			t.Errorf("warned of %q", d.Warnings)
		}
	}
	r.wantFeature("customer", "bert", "count_1h", 2)
	r.wantFeature("customer", "anna", "count_1h", 1)
	r.crash(rng(1))
	r.wantFeature("customer", "bert", "count_1h", 2)
	if got := r.redecideAll(); got.Differences != 0 {
		t.Errorf("decided again: %+v", got)
	}
}

// Chains end: a transaction that follows itself, or too many, counts by itself.
func TestLongChains(t *testing.T) {
	r := newRig(t, files())
	d := r.decide(r.tx("x", "bert", 100, follows("x"))).Decision
	if !slices.Contains(d.Warnings, warnUnknownFollows) {
		t.Errorf("follows itself: %q", d.Warnings)
	}
	r.decide(r.tx("t0", "anna", 100))
	for i := range maxChain + 1 {
		d = r.decide(r.tx(fmt.Sprint("t", i+1), "anna", 100, follows(fmt.Sprint("t", i)))).Decision
	}
	if !slices.Contains(d.Warnings, warnLongChain) {
		t.Errorf("a chain of %d: %q", maxChain+1, d.Warnings)
	}
	r.wantFeature("customer", "anna", "count_1h", 2)
	r.crash(rng(1))
	r.wantFeature("customer", "anna", "count_1h", 2)
	if got := r.redecideAll(); got.Differences != 0 {
		t.Errorf("decided again: %+v", got)
	}
}
