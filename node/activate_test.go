package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
)

// history tells a node of some days of three customers, two shops and four
// devices: payments, late ones, follow-ups, captures, logins and labels.
func history(r *rig, from, to int) {
	r.Helper()
	chance := rng(7)
	for i := range to {
		customer, shop, device := fmt.Sprint("c", chance.IntN(3)), fmt.Sprint("m", chance.IntN(2)), fmt.Sprint("d", chance.IntN(4))
		minor, late, kind, other := int64(100+chance.IntN(70_000)), chance.IntN(60), chance.IntN(12), chance.IntN(i+1)
		if i < from {
			continue
		}
		r.pass(17 * time.Minute)
		with := []func(*tidegate.Event){
			text(tidegate.MerchantID, shop), text(tidegate.DeviceFingerprint, device),
			at(r.millis() - tidegate.Millis(late*late)*1000),
		}
		id, past := fmt.Sprint("t", i), fmt.Sprint("t", other)
		switch kind {
		case 0:
			r.tell(r.event(id, "login_failed", customer))
		case 1:
			r.tell(r.event(id, tidegate.TypeCaptured, "", text(tidegate.TransactionID, past)))
		case 2:
			l := r.fraud(id, past)
			l.Fraud = late%3 > 0
			r.label(l)
		case 3:
			r.decide(r.tx(id, customer, minor, append(with, follows(past))...))
		default:
			r.decide(r.tx(id, customer, minor, with...))
		}
	}
}

// everybody is who the history speaks of.
var everybody = map[string][]string{
	"customer": {"c0", "c1", "c2"}, "merchant": {"m0", "m1"}, "device": {"d0", "d1", "d2", "d3"},
}

// A node whose features change has the same values afterwards as one that had
// them from the start.
func TestBackfilledFeatures(t *testing.T) {
	want := newRig(t, files(otherFeatures))
	history(want, 0, 400)
	for name, change := range map[string]func(*rig){
		"once":               func(r *rig) { r.activate(files(otherFeatures)) },
		"crash before":       func(r *rig) { r.crash(rng(1)); r.activate(files(otherFeatures)) },
		"crash after":        func(r *rig) { r.activate(files(otherFeatures)); r.crash(rng(1)) },
		"checkpoint, change": func(r *rig) { r.save(); r.activate(files(otherFeatures)); r.crash(rng(1)) },
		"change, checkpoint": func(r *rig) { r.activate(files(otherFeatures)); r.save(); r.crash(rng(1)) },
		"restart":            func(r *rig) { r.activate(files(otherFeatures)); r.restart() },
		"cut short": func(r *rig) {
			changed, err := r.ActivateContext(&soonOver{Context: background, left: 2}, files(otherFeatures))
			if changed || !errors.Is(err, context.Canceled) || r.current.Load().Generation != 1 {
				r.Errorf("changed %v, %v", changed, err)
			}
			r.activate(files(otherFeatures))
		},
		"by the start": func(r *rig) { r.options.Files = files(otherFeatures); r.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, files())
			history(r, 0, 300)
			change(r)
			history(r, 300, 400)
			sameKnowledge(t, want, r)
			if got := r.redecideAll(); got.Differences != 0 || got.Activations != 2 {
				t.Errorf("decided again: %+v", got)
			}
		})
	}
}

func sameKnowledge(t fatal, want, got *rig) {
	t.Helper()
	if w, g := want.knowledge(everybody), got.knowledge(everybody); w != g {
		t.Fatalf("features are\n%s\nwant\n%s", g, w)
	}
}

// Features that are left and come back later know what happened while they
// were away, once: also when checkpoints and crashes fall in between.
func TestFeaturesComeBack(t *testing.T) {
	want := newRig(t, files())
	history(want, 0, 400)
	for name, between := range map[string]func(*rig){
		"nothing":             func(*rig) {},
		"restart":             (*rig).restart,
		"crash":               func(r *rig) { r.crash(rng(1)) },
		"checkpoint":          (*rig).save,
		"checkpoint, crash":   func(r *rig) { r.save(); r.crash(rng(2)) },
		"checkpoints, crash":  func(r *rig) { r.save(); r.save(); r.save(); r.crash(rng(3)) },
		"crash, checkpoint":   func(r *rig) { r.crash(rng(4)); r.save() },
		"restart, checkpoint": func(r *rig) { r.restart(); r.save(); r.crash(rng(5)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, files(), func(o *Options) { o.CacheBytes = 4 << 10 })
			for i, f := range []map[string][]byte{files(otherFeatures), files(), files(otherFeatures), files()} {
				history(r, i*80, (i+1)*80)
				between(r)
				r.activate(f)
				between(r)
			}
			history(r, 320, 400)
			sameKnowledge(t, want, r)
			if got := r.redecideAll(); got.Differences != 0 || got.Activations != 5 {
				t.Errorf("decided again: %+v", got)
			}
			// What was left does not stay on the disk.
			for range 6 {
				r.save()
			}
			if got, want := rows(r), rows(want)+4; got != want { // 4 more activations are kept
				t.Errorf("the state has %d rows, want %d", got, want)
			}
		})
	}
}

func rows(r *rig) (n int) {
	r.Helper()
	r.save()
	if err := r.backend.Scan(nil, nil, func(_, _ []byte) bool { n++; return true }); err != nil {
		r.Fatal(err)
	}
	return n
}

// A backfill that was cut short, with a part of its work in a checkpoint,
// leaves nothing that the next one would count again.
func TestBackfillCutShort(t *testing.T) {
	want := newRig(t, files(otherFeatures))
	history(want, 0, 300)
	for name, then := range map[string]func(*rig){
		"again":              func(*rig) {},
		"checkpoint, again":  (*rig).save,
		"crash, start again": func(r *rig) { r.save(); r.options.Files = files(otherFeatures); r.crash(rng(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, files())
			history(r, 0, 300)
			scorer, err := scoring.Compile(files(otherFeatures))
			if err != nil {
				t.Fatal(err)
			}
			r.lock()
			b, err := r.newBackfill(&active{scorer: scorer})
			r.release()
			if err == nil {
				err = b.run(background, r.journal.Last()-1, true)
			}
			if err != nil {
				t.Fatal(err)
			}
			then(r)
			r.activate(files(otherFeatures))
			sameKnowledge(t, want, r)
			r.save()
			r.crash(rng(2))
			sameKnowledge(t, want, r)
		})
	}
}

// A change of features while payments, labels and checkpoints go on: nothing
// is lost, nothing counts twice, and the journal decides again the same.
func TestActivationUnderLoad(t *testing.T) {
	r := newRig(t, files(), func(o *Options) { o.CacheBytes = 16 << 10 })
	history(r, 0, 300)
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprint("w", worker, "-", i)
				tx := r.tx(id, fmt.Sprint("c", i%3), int64(100+i), text(tidegate.MerchantID, fmt.Sprint("m", worker%2)), text(tidegate.DeviceFingerprint, fmt.Sprint("d", i%4)))
				if _, err := r.Authorize(background, tx, false); err != nil {
					t.Error(err)
					return
				}
				if i%4 == 0 { // of now, of long ago, of what comes next
					for k, about := range []string{id, fmt.Sprint("t", i%300), fmt.Sprint("w", worker, "-", i+3)} {
						if _, err := r.Label(background, r.fraud(fmt.Sprint(id, "-", k), about)); err != nil {
							t.Error(err)
							return
						}
					}
				}
			}
		})
	}
	wait.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := r.checkpoint(background); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for i := range 8 {
		r.activate([]map[string][]byte{files(otherFeatures), files(otherRules), files()}[i%3])
	}
	close(stop)
	wait.Wait()
	if got := r.redecideAll(); got.Differences != 0 || got.Activations != 9 {
		t.Errorf("decided again: %+v", got)
	}
	before := r.knowledge(everybody)
	r.crash(rng(1))
	if after := r.knowledge(everybody); after != before {
		t.Errorf("after a crash features are\n%s\nwere\n%s", after, before)
	}
	fresh := replayed(t, r)
	if want := fresh.knowledge(everybody); want != before {
		t.Errorf("features are\n%s\na fresh replay has\n%s", before, want)
	}
}

// replayed is a node that has only the journal and the contents of another:
// its state is made from the first record on.
func replayed(t testing.TB, of *rig) *rig {
	t.Helper()
	r := brokenRig(t, t.TempDir(), of.options.Files)
	r.now, r.options.Clock = of.now, of.options.Clock
	r.disk = newDisk(t, r.options.Dir)
	copyTree(t, of.disk, of.options.Dir, r.disk, r.options.Dir)
	if err := r.disk.RemoveAll(r.options.Dir + "/state"); err != nil {
		t.Fatal(err)
	}
	r.open()
	t.Cleanup(func() { _ = r.Node.Close() })
	if r.recovery.Checkpoint != 0 || r.recovery.Applied != r.journal.Last() {
		t.Fatalf("recovered with %+v", r.recovery)
	}
	return r
}

// An activation that changes nothing is none, and an unsound one changes nothing.
func TestActivationsThatAreNone(t *testing.T) {
	r := newRig(t, files())
	if changed, err := r.Activate(files()); changed || err != nil {
		t.Errorf("the same again: %v, %v", changed, err)
	}
	broken := files(map[string]string{"rules/rules.yaml": "rules:\n  - id: x\n    when: count_1 > 3\n    then: {outcome: decline, reason: X}\n"})
	changed, err := r.Activate(broken)
	if wantCode(t, err, tidegate.CodeConfig); changed {
		t.Error("an unsound configuration decides")
	}
	if got := r.kinds(); got[KindActivation] != 1 || r.Rules().Generation != 1 {
		t.Errorf("the journal holds %v", got)
	}
	r.decide(r.tx("a", "anna", 100))
}

// What a backfill forgets by the time is forgotten by that of the record before
// the activation, also when it is done again: a recovery finds the same history.
func TestBackfillIsRecovered(t *testing.T) {
	r := newRig(t, files())
	device := text(tidegate.DeviceFingerprint, "d")
	r.decide(r.tx("a", "anna", 100, device))
	r.pass(30 * time.Hour)
	r.decide(r.tx("b", "anna", 100, device))
	r.pass(20 * time.Hour) // the first would be forgotten now, without the second
	r.activate(files(otherFeatures))
	known := func() string {
		v, err := r.Features(tidegate.DefaultTenant, "device", "d", r.millis())
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(v.Num, v.Warming)
	}
	before := known()
	r.crash(rng(1))
	if after := known(); after != before {
		t.Errorf("%s, before the crash %s", after, before)
	}
	r.decide(r.tx("c", "anna", 100, device))
	if got := r.redecideAll(); got.Differences != 0 {
		t.Errorf("decided again: %+v", got)
	}
}

// A configuration that was sound to the version that recorded it, and is not to
// this one, is told from one that somebody saved just now.
func TestRecordedConfigurationIsRefused(t *testing.T) {
	r := newRig(t, files())
	r.decide(r.tx("a", "anna", 100))
	hashes := map[string]string{}
	for name, content := range files(map[string]string{"policy.yaml": "version: \"1\"\ndeadline: never\n"}) {
		hash, err := r.blobs.Put(content)
		if err != nil {
			t.Fatal(err)
		}
		hashes[name] = hash
	}
	if _, err := r.switchTo(background, &active{Activation: Activation{Files: hashes}, scorer: r.scorer}); err != nil {
		t.Fatal(err)
	}
	if err := r.Node.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := r.tryOpen()
	if tidegate.CodeOf(err) != tidegate.CodeConfig || !strings.Contains(err.Error(), "under the version that took it") || !strings.Contains(err.Error(), "policy.yaml:2") {
		t.Error(err)
	}
}

// soonOver is a context that is over after it was looked at a few times.
type soonOver struct {
	context.Context
	left int
}

func (c *soonOver) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}
