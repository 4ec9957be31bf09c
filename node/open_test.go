package node

import (
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

var unsound = map[string]string{"rules/rules.yaml": "rules:\n  - id: x\n    when: count_1 > 3\n    then: {outcome: decline, reason: X}\n"}

// A new directory needs a sound configuration, and is not left half made.
func TestUnsoundConfigurationAtFirst(t *testing.T) {
	r := brokenRig(t, t.TempDir(), files(unsound))
	_, err := r.tryOpen()
	wantCode(t, err, tidegate.CodeConfig)
	for _, part := range []string{"rules/rules.yaml:3", "count_1"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %s", err, part)
		}
	}
	r.options.Files = files()
	r.open()
	defer func() { _ = r.Node.Close() }()
	r.decide(r.tx("a", "anna", 100))
}

// Where an older configuration is recorded, that goes on deciding; why the new
// one doesn't is told.
func TestUnsoundConfigurationLater(t *testing.T) {
	r := newRig(t, files(otherRules))
	r.decide(r.tx("a", "anna", 100))
	for _, again := range []func() error{r.Node.Close, func() error { r.off(); return nil }} {
		if err := again(); err != nil {
			t.Fatal(err)
		}
		r.options.Files = files(unsound)
		activation, err := r.tryOpen()
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, activation, tidegate.CodeConfig)
		if set := r.Rules(); set.Generation != 1 || len(set.Rules) != 1 || !r.Status().Ready {
			t.Errorf("decides with %+v", set)
		}
		r.wantFeature("customer", "anna", "count_1h", 1)
	}
	r.decide(r.tx("b", "anna", 100))
	if d := r.decide(r.tx("c", "anna", 100)).Decision; d.Outcome != tidegate.Challenge {
		t.Errorf("decided %+v", d)
	}
	r.activate(files())
	if set := r.Rules(); set.Generation != 2 || len(set.Rules) != 3 {
		t.Errorf("decides with %+v", set)
	}
}

// Two nodes on one directory: the second refuses and says who has it.
func TestTwoNodesOnOneDirectory(t *testing.T) {
	r := newRig(t, files())
	second := brokenRig(t, r.options.Dir, files())
	second.disk = r.disk
	_, err := second.tryOpen()
	wantCode(t, err, tidegate.CodeConflict)
	if !strings.Contains(err.Error(), "in use by process") || !strings.Contains(err.Error(), "2026-03-02T12:00:00Z") {
		t.Errorf("%q does not say by whom", err)
	}
	r.decide(r.tx("a", "anna", 100))
	if err := r.Node.Close(); err != nil {
		t.Fatal(err)
	}
	second.open()
	second.wantFeature("customer", "anna", "count_1h", 1)
	if err := second.Node.Close(); err != nil {
		t.Fatal(err)
	}
	r.open()
}

// A state and a journal that do not belong together are refused.
func TestStateOfAnotherJournal(t *testing.T) {
	a, b := newRig(t, files()), newRig(t, files())
	for i, r := range []*rig{a, b} {
		for range 3 + i {
			r.decide(r.tx(strings.Repeat("t", i+1), "anna", 100))
		}
		r.save()
		r.off()
	}
	swap := func(name string) {
		path := a.options.Dir + "/" + name
		if err := a.disk.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		copyTree(t, b.disk, b.options.Dir+"/"+name, a.disk, path)
	}
	swap("journal")
	_, err := a.tryOpen()
	wantCode(t, err, tidegate.CodeCorrupt)
	swap("state")
	a.open()
	if got := a.Status().Last; got != 2 {
		t.Errorf("the last record is %d", got)
	}
}

// A state that is ahead of its journal, as after a bad restore, is refused,
// and so is a journal without its beginning and without state.
func TestStateAheadOfItsJournal(t *testing.T) {
	r := newRig(t, files(), func(o *Options) { o.SegmentBytes, o.Retention = 4<<10, 0 })
	early := newDisk(t, r.options.Dir)
	r.off()
	copyTree(t, r.disk, r.options.Dir, early, r.options.Dir)
	r.open()
	for i := range 40 {
		r.decide(r.tx(strings.Repeat("t", i+1), "anna", 100))
	}
	r.pass(time.Second)
	r.save()
	r.save()
	if r.journal.First() == 1 {
		t.Fatal("nothing was dropped")
	}
	r.off()
	dir := r.options.Dir
	late := r.disk

	r.disk = newDisk(t, dir)
	copyTree(t, late, dir, r.disk, dir)
	if err := r.disk.RemoveAll(dir + "/state"); err != nil {
		t.Fatal(err)
	}
	_, err := r.tryOpen()
	wantCode(t, err, tidegate.CodeCorrupt)

	r.disk = early
	if err := r.disk.RemoveAll(dir + "/state"); err != nil {
		t.Fatal(err)
	}
	copyTree(t, late, dir+"/state", r.disk, dir+"/state")
	_, err = r.tryOpen()
	wantCode(t, err, tidegate.CodeCorrupt)
	r.disk = late
	r.open()
}
