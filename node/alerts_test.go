package node

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

// One alert of a customer and rule in five minutes; the next one tells how
// many were not sent and what they amount to. It holds across restarts.
func TestAlertsAreDeduplicated(t *testing.T) {
	for name, between := range map[string]func(*rig){
		"nothing":    func(*rig) {},
		"restart":    (*rig).restart,
		"crash":      func(r *rig) { r.crash(rng(1)) },
		"checkpoint": func(r *rig) { r.save(); r.crash(rng(1)) },
		"activation": func(r *rig) { r.activate(files(otherFeatures, largeOnly)); r.activate(files(largeOnly)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, files(largeOnly))
			n := 0
			pay := func(customer string, euros int64) tidegate.Decision {
				n++
				r.pass(time.Minute)
				between(r)
				return r.decide(r.tx(fmt.Sprint("t", n), customer, euros*100)).Decision
			}
			first := pay("anna", 600)
			if len(first.Alerts) != 1 || first.Rules[0].Alert != tidegate.Sent || first.Alerts[0].SuppressedCount != 0 {
				t.Fatalf("the first: %+v", first)
			}
			for i := range int64(4) {
				if d := pay("anna", 700+i); len(d.Alerts) != 0 || d.Rules[0].Alert != tidegate.Suppressed || d.Outcome != tidegate.Review {
					t.Fatalf("within five minutes: %+v", d)
				}
			}
			if d := pay("bert", 600); len(d.Alerts) != 1 {
				t.Errorf("another customer: %+v", d)
			}
			next := pay("anna", 900)
			if len(next.Alerts) != 1 || next.Alerts[0].SuppressedCount != 4 || next.Alerts[0].SuppressedAmount != 2806_00 {
				t.Fatalf("after five minutes: %+v", next.Alerts)
			}
			if next.Alerts[0].ID == first.Alerts[0].ID {
				t.Error("two alerts have one id")
			}
			if got := r.redecideAll(); got.Differences != 0 {
				t.Errorf("decided again: %+v", got)
			}
		})
	}
}

var largeOnly = map[string]string{"rules/rules.yaml": `
rules:
  - id: large
    when: tx.base_amount > 500
    then: {outcome: review, score: 100, reason: LARGE, severity: low, alert: true}
`}

// Whoever reads alerts sees those that are durable, from where they left off.
func TestReadingAlerts(t *testing.T) {
	r := newRig(t, files())
	large := func(i int) tidegate.Alert {
		return r.decide(r.tx(fmt.Sprint("t", i), fmt.Sprint("c", i), 60_000)).Decision.Alerts[0]
	}
	a, b := large(0), large(1)
	reader := r.Alerts(0)
	defer reader.Close()
	next := func(reader *AlertReader) AlertItem {
		t.Helper()
		item, err := reader.Next(background)
		if err != nil {
			t.Fatal(err)
		}
		return item
	}
	if x, y := next(reader), next(reader); x.Alert.ID != a.ID || y.Alert.ID != b.ID || y.Sequence != 3 {
		t.Errorf("read %+v, %+v", x, y)
	}
	fromNow := r.Alerts(FromNow)
	defer fromNow.Close()
	goOn := r.faults.stopJournal()
	go func() { _, _ = r.Authorize(background, r.tx("t2", "c2", 60_000), false) }()
	short, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	if item, err := reader.Next(short); err == nil {
		t.Errorf("read %+v before it is durable", item)
	}
	goOn()
	if x, y := next(reader), next(fromNow); x.Alert.TransactionID != "t2" || y.Alert.TransactionID != "t2" {
		t.Errorf("read %+v, %+v", x, y)
	}
	r.restart()
	recent := func() []AlertItem { return r.RecentAlerts(tidegate.DefaultTenant, 2) }
	for len(recent()) < 2 || recent()[0].Alert.TransactionID != "t2" {
		time.Sleep(time.Millisecond)
	}
	if list := r.RecentAlerts("elsewhere", 10); len(list) != 0 {
		t.Errorf("another tenant sees %+v", list)
	}
}

// A tenant with many alerts takes nothing from another's list.
func TestRecentAlerts(t *testing.T) {
	var n Node
	n.recent.put(AlertItem{Sequence: 1, Tenant: "quiet"})
	for i := range 2*recentAlerts + 7 {
		n.recent.put(AlertItem{Sequence: uint64(2 + i), Tenant: "loud"})
		for at, item := range n.RecentAlerts("loud", 3) {
			if want := uint64(2 + i - at); item.Sequence != want {
				t.Fatalf("item %d of %d is %d, want %d", at, i, item.Sequence, want)
			}
		}
	}
	if list := n.RecentAlerts("quiet", 10); len(list) != 1 || list[0].Sequence != 1 {
		t.Error(list)
	}
	if list := n.RecentAlerts("loud", 10*recentAlerts); len(list) != recentAlerts {
		t.Error(len(list))
	}
}
