package node

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
)

// TestRecoveryEqualsLive tells two nodes the same: one that is left in peace,
// and one that writes checkpoints, is closed, loses its power at any moment and
// has hardly any memory. They must give the same answers, and in the end have
// the same journal, byte for byte, the same features, bit for bit, and the
// same decisions and alerts.
func TestRecoveryEqualsLive(t *testing.T) {
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		p := newPair(t, fmt.Sprintf("%s/%d", base, n))
		defer p.close()
		t.Repeat(map[string]func(*rapid.T){
			"pay":        p.pay,
			"pay more":   p.pay,
			"retry":      p.retry,
			"follow":     p.follow,
			"event":      p.event,
			"about":      p.about,
			"label":      p.label,
			"activate":   p.activate,
			"time":       p.time,
			"checkpoint": p.checkpoint,
			"restart":    p.restart,
			"crash":      p.crash,
			"burst":      p.burst,
		})
		p.compare(t)
	})
}

type pair struct {
	calm, shaken *rig
	ids          []string                   // of transactions, in order
	sent         map[string]*tidegate.Event // by id
	labels       int
	events       int
}

// configurations to change between.
var configurations = []map[string][]byte{files(), files(otherRules), files(otherFeatures), files(largeOnly), files(otherFeatures, otherRules)}

func newPair(t *rapid.T, dir string) *pair {
	long := func(o *Options) { o.Retention, o.IDs = 10*365*24*time.Hour, 3*24*time.Hour }
	p := &pair{
		calm: brokenRig(t, dir+"-calm", configurations[0], long),
		shaken: brokenRig(t, dir+"-shaken", configurations[0], long, func(o *Options) {
			o.CacheBytes, o.SegmentBytes = 4<<10, 16<<10
		}),
		sent: map[string]*tidegate.Event{},
	}
	p.shaken.now = p.calm.now
	p.shaken.options.Clock = p.calm.options.Clock
	p.calm.open()
	p.shaken.open()
	return p
}

func (p *pair) close() {
	for _, r := range []*rig{p.calm, p.shaken} {
		if r.Node != nil {
			_ = r.Node.Close()
		}
	}
}

// both does something to both nodes, which must tell the same of it.
func (p *pair) both(t *rapid.T, what string, do func(r *rig) string) {
	want, got := do(p.calm), do(p.shaken)
	if want != got {
		t.Fatalf("%s: the calm node says\n%s\nthe shaken one\n%s", what, want, got)
	}
}

func authorize(tx *tidegate.Event) func(r *rig) string {
	return func(r *rig) string {
		copied := *tx // a node notes what it finds in the event
		a, err := r.Authorize(background, &copied, true)
		if err != nil {
			return err.Error()
		}
		a.Decision.DecidedInUS = 0
		return fmt.Sprintf("%+v %x %q", a.Decision, a.Features.Num, a.Features.Text)
	}
}

// draw draws a new transaction.
func (p *pair) draw(t *rapid.T) *tidegate.Event {
	p.calm.pass(time.Duration(rapid.IntRange(0, 600).Draw(t, "seconds")) * time.Second)
	id := fmt.Sprint("t", len(p.ids))
	late := rapid.IntRange(0, 70).Draw(t, "late")
	tx := p.calm.tx(id, drawOf(t, "customer"), int64(rapid.IntRange(0, 90_000).Draw(t, "minor")),
		text(tidegate.MerchantID, drawOf(t, "merchant")), text(tidegate.DeviceFingerprint, drawOf(t, "device")),
		at(p.calm.millis()-tidegate.Millis(late*late)*1000))
	p.ids, p.sent[id] = append(p.ids, id), tx
	return tx
}

func drawOf(t *rapid.T, entity string) string {
	return rapid.SampledFrom(everybody[entity]).Draw(t, entity)
}

// some draws a transaction's id: known, or to come.
func (p *pair) some(t *rapid.T) string {
	return fmt.Sprint("t", rapid.IntRange(0, len(p.ids)+2).Draw(t, "about"))
}

func (p *pair) pay(t *rapid.T) { p.both(t, "pay", authorize(p.draw(t))) }

func (p *pair) follow(t *rapid.T) {
	past := p.some(t)
	tx := p.draw(t)
	tx.Text[tidegate.Follows] = past
	p.both(t, "follow", authorize(tx))
}

func (p *pair) retry(t *rapid.T) {
	if len(p.ids) == 0 {
		return
	}
	tx := *p.sent[rapid.SampledFrom(p.ids).Draw(t, "id")]
	if rapid.IntRange(0, 4).Draw(t, "conflict") == 0 {
		tx.Amount.Minor++
	}
	p.both(t, "retry", authorize(&tx))
}

func (p *pair) tell(t *rapid.T, e *tidegate.Event) {
	p.both(t, "event", func(r *rig) string {
		copied := *e
		repeated, err := r.Event(background, &copied)
		return fmt.Sprint(repeated, err, copied.Text, copied.Warnings)
	})
}

func (p *pair) event(t *rapid.T) {
	p.events++
	id := fmt.Sprint("e", rapid.IntRange(0, p.events).Draw(t, "event"))
	p.tell(t, p.calm.event(id, rapid.SampledFrom([]string{"login_failed", "other"}).Draw(t, "type"), drawOf(t, "customer")))
}

func (p *pair) about(t *rapid.T) {
	p.events++
	kind := rapid.SampledFrom([]string{tidegate.TypeCaptured, tidegate.TypeOutcome, tidegate.TypeReversed}).Draw(t, "type")
	p.tell(t, p.calm.event(fmt.Sprint("a", p.events), kind, "", text(tidegate.TransactionID, p.some(t))))
}

func (p *pair) label(t *rapid.T) {
	p.labels++
	l := p.calm.fraud(fmt.Sprint("l", rapid.IntRange(0, p.labels).Draw(t, "label")), p.some(t))
	l.Fraud = rapid.IntRange(0, 3).Draw(t, "not fraud") > 0
	l.Source = rapid.SampledFrom([]string{"issuer", "network"}).Draw(t, "source")
	l.Kind = rapid.SampledFrom([]string{"chargeback", "customer", "reversal"}).Draw(t, "kind")
	l.ReportedAt -= tidegate.Millis(rapid.IntRange(0, 3).Draw(t, "reported") * 3600_000)
	p.both(t, "label", func(r *rig) string {
		copied := *l
		repeated, err := r.Label(background, &copied)
		return fmt.Sprint(repeated, err)
	})
}

func (p *pair) activate(t *rapid.T) {
	next := rapid.SampledFrom(configurations).Draw(t, "configuration")
	p.both(t, "activate", func(r *rig) string {
		changed, err := r.Activate(next)
		r.options.Files = next
		return fmt.Sprint(changed, err)
	})
}

func (p *pair) time(t *rapid.T) {
	p.calm.pass(time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour)
}

// A checkpoint also gives up labels that have waited too long: that is a
// record, so the calm node does it at the same moments.
func (p *pair) checkpoint(t *rapid.T) {
	p.expire()
	p.shaken.save()
}

func (p *pair) expire() {
	if err := p.calm.expireLabels(); err != nil {
		p.calm.Fatal(err)
	}
}

func (p *pair) restart(t *rapid.T) {
	p.expire()
	p.shaken.restart()
}

func (p *pair) crash(t *rapid.T) {
	p.shaken.crash(rng(rapid.Uint64().Draw(t, "chance")))
}

// burst decides a few transactions without waiting for the disk, and then the
// power goes. The end of them may be lost; who sent them sends them again.
func (p *pair) burst(t *rapid.T) {
	type step struct {
		at int64
		tx *tidegate.Event
	}
	var steps []step
	for range rapid.IntRange(1, 8).Draw(t, "transactions") {
		s := step{tx: p.draw(t)}
		s.at = p.calm.now.Load()
		steps = append(steps, s)
		if out := authorize(s.tx)(p.calm); strings.Contains(out, "error") {
			t.Fatal(out)
		}
		copied := *s.tx
		if err := p.shaken.Import(&copied, &tidegate.Decision{}); err != nil {
			t.Fatal(err)
		}
	}
	p.crash(t)
	for _, s := range steps {
		p.calm.now.Store(s.at)
		copied := *s.tx
		if _, err := p.shaken.Authorize(background, &copied, false); err != nil {
			t.Fatal(err)
		}
	}
}

func (p *pair) compare(t *rapid.T) {
	want, got := p.calm.records(), p.shaken.records()
	if len(want) != len(got) {
		t.Fatalf("the calm node has %d records, the shaken one %d", len(want), len(got))
	}
	for i := range want {
		if want[i] != got[i] {
			t.Fatalf("record %d is\n%q, want\n%q", i+1, got[i], want[i])
		}
	}
	for range 2 {
		if w, g := p.calm.knowledge(everybody), p.shaken.knowledge(everybody); w != g {
			t.Fatalf("features are\n%s\nwant\n%s", g, w)
		}
		p.calm.pass(3 * 24 * time.Hour)
	}
	for _, id := range p.ids {
		p.both(t, id, func(r *rig) string {
			record, values, err := r.Decision(background, tidegate.DefaultTenant, id)
			if err != nil {
				return err.Error()
			}
			return fmt.Sprintf("%+v %x %q", record.Decision, values.Num, values.Text)
		})
	}
	if got := p.shaken.redecideAll(); got.Differences != 0 {
		t.Fatalf("decided again: %+v", got)
	}
}
