package node

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
)

// sequences are patterns over the events that the tests of recovery make.
var sequences = map[string]string{
	"patterns/sequences.yaml": `
patterns:
  - id: guessed
    key: customer_id
    within: 6h
    after_match: skip_past_last_event
    then: {outcome: challenge, score: 70, reason: GUESSED, severity: medium, alert: true}
    stages:
      - {begin: failed, where: 'type == "login_failed"', times: 1..2}
      - {followed_by: paid, where: 'type == "transaction.initiated" and base_amount > 100'}
  - id: rising
    key: customer_id
    within: 12h
    stages:
      - {begin: low, where: 'type == "transaction.initiated" and base_amount > 50'}
      - {followed_by: high, where: 'type == "transaction.initiated" and base_amount > low.base_amount', times: 2, consecutive: true}
  - id: shared
    key: device_fingerprint
    within: 24h
    after_match: skip_to_next
    then: {score: 20, reason: SHARED}
    stages:
      - {begin: one, where: 'type == "transaction.initiated"'}
      - {followed_by: two, where: 'customer_id != one.customer_id'}
      - {followed_by: three, where: 'customer_id != one.customer_id and customer_id != two.customer_id'}
  - id: captured
    key: merchant_id
    within: 48h
    then: {reason: CAPTURED, severity: low, alert: true}
    stages:
      - {begin: paid, where: 'type == "transaction.initiated"'}
      - {next: again, where: 'type == "transaction.initiated"'}
      - {followed_by: taken, where: 'type == "transaction.captured"'}
`,
	"rules/rules.yaml": `
rules:
  - id: stage
    when: pattern.rising.stage >= 1 and count_1h > 1
    then: {outcome: review, score: 30, reason: RISING, severity: low}
  - id: matched
    when: pattern.rising.matched
    then: {outcome: review, score: 60, reason: ROSE, severity: low, alert: true}
`,
}

// otherSequences changes one pattern, and keeps another.
var otherSequences = map[string]string{
	"patterns/sequences.yaml": `
patterns:
  - id: guessed
    key: customer_id
    within: 6h
    after_match: skip_past_last_event
    then: {outcome: challenge, score: 90, reason: GUESSED, severity: high, alert: true}
    stages:
      - {begin: failed, where: 'type == "login_failed"', times: 1..2}
      - {followed_by: paid, where: 'type == "transaction.initiated" and base_amount > 100'}
  - id: rising
    key: customer_id
    within: 6h
    stages:
      - {begin: low, where: 'type == "transaction.initiated" and base_amount > 100'}
      - {followed_by: high, where: 'type == "transaction.initiated" and base_amount > 2 * low.base_amount'}
`,
}

// TestPatternsRecover is TestRecoveryEqualsLive with patterns: partial matches
// must come through restarts, crashes, changes of the patterns and a cache of
// next to nothing, so that both nodes answer the same.
func TestPatternsRecover(t *testing.T) {
	before := configurations
	defer func() { configurations = before }()
	configurations = []map[string][]byte{files(sequences), files(sequences, otherFeatures, map[string]string{"rules/rules.yaml": ""}),
		files(sequences, otherSequences), files()}
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		p := newPair(t, fmt.Sprintf("%s/%d", base, n))
		defer p.close()
		t.Repeat(map[string]func(*rapid.T){
			"pay": p.pay, "pay more": p.pay, "event": p.event, "event again": p.event, "about": p.about, "activate": p.activate,
			"time": p.time, "checkpoint": p.checkpoint, "restart": p.restart, "crash": p.crash, "burst": p.burst, "follow": p.follow,
		})
		p.compare(t)
	})
}

// leftOpen waits for what does not happen.
var leftOpen = map[string]string{
	"patterns/sessions.yaml": `
patterns:
  - id: left_open
    key: customer_id
    within: 1h
    then: {reason: LEFT_OPEN, severity: low, alert: true}
    stages:
      - {begin: login, where: 'type == "login"'}
      - {not_followed_by: logout, where: 'type == "logout"'}
`,
}

// found is what the journal tells of patterns.
func (r *rig) found() (found []string) {
	r.Helper()
	for i, body := range r.records() {
		var record Record
		if err := record.Decode(uint64(i+1), []byte(body)); err != nil {
			r.Fatal(err)
		}
		for _, m := range record.Decision.Patterns {
			found = append(found, fmt.Sprint(m.Name, m.EventIDs))
		}
		for _, a := range record.Decision.Alerts {
			found = append(found, fmt.Sprint(a.RuleID, a.EventIDs, a.CustomerID, " ", a.EventTime.Time().Sub(noon)))
		}
	}
	return found
}

func (r *rig) endWindowsNow() {
	r.Helper()
	for more := true; more; {
		var err error
		if more, err = r.endSomeWindows(); err != nil {
			r.Fatal(err)
		}
	}
}

// TestWindowEnds checks that what does not happen is told, once, when the time
// for it is over, though no event comes.
func TestWindowEnds(t *testing.T) {
	r := newRig(t, files(leftOpen))
	r.tell(r.event("in-anna", "login", "anna"))
	r.tell(r.event("in-bert", "login", "bert"))
	r.pass(30 * time.Minute)
	r.tell(r.event("out-bert", "logout", "bert"))
	r.tell(r.event("in-carl", "login", "carl"))
	r.restart()
	r.pass(32 * time.Minute)
	r.endWindowsNow()
	want := []string{"left_open[in-anna]", "pattern:left_open[in-anna]anna 1h0m0s"}
	if got := r.found(); !slices.Equal(got, want) {
		t.Fatalf("got %q\nwant %q", got, want)
	}
	r.endWindowsNow()
	r.crash(rng(1)) // the record of anna's is applied again, carl's timer is still set
	r.endWindowsNow()
	if got := r.found(); !slices.Equal(got, want) {
		t.Fatalf("after a crash: got %q\nwant %q", got, want)
	}
	r.pass(30 * time.Minute)
	r.endWindowsNow()
	want = append(want, "left_open[in-carl]", "pattern:left_open[in-carl]carl 1h30m0s")
	if got := r.found(); !slices.Equal(got, want) {
		t.Fatalf("got %q\nwant %q", got, want)
	}
	if again := r.redecideAll(); again.Differences != 0 {
		t.Errorf("decided again: %+v", again)
	}
}

// TestWindowEndsBeforeTheNextEvent checks that the key's next event tells it,
// when that comes before the sweep.
func TestWindowEndsBeforeTheNextEvent(t *testing.T) {
	r := newRig(t, files(leftOpen))
	r.tell(r.event("in", "login", "anna"))
	r.pass(2 * time.Hour)
	a := r.decide(r.tx("t", "anna", 100))
	if len(a.Decision.Alerts) != 1 || len(a.Decision.Patterns) != 0 || !slices.Equal(a.Decision.Alerts[0].EventIDs, []string{"in"}) {
		t.Errorf("got %+v", a.Decision)
	}
	r.endWindowsNow()
	if n := r.kinds()[KindWindowEnd]; n != 0 {
		t.Errorf("%d ends of windows are recorded", n)
	}
}

// abandoned reports what runs out of time.
var abandoned = map[string]string{
	"patterns/abandoned.yaml": `
patterns:
  - id: probe
    key: customer_id
    within: 1h
    limit: 2
    on_timeout: {reason: ABANDONED, text: nothing came of it, severity: low, alert: true}
    stages:
      - {begin: small, where: 'type == "transaction.initiated" and base_amount < 5'}
      - {followed_by: large, where: 'type == "transaction.initiated" and base_amount > 500'}
`,
}

// TestTimedOutMatchesAreReported checks that a partial match whose window has
// ended is told, once, by its timer or by the entity's next event, and counted.
func TestTimedOutMatchesAreReported(t *testing.T) {
	r := newRig(t, files(abandoned))
	r.decide(r.tx("a1", "anna", 100))
	r.decide(r.tx("b1", "bert", 100))
	r.pass(61 * time.Minute)
	a := r.decide(r.tx("b2", "bert", 1_000))
	if d := a.Decision; len(d.Alerts) != 1 || d.Alerts[0].RuleID != "pattern:probe:timed_out" || d.Alerts[0].Reason.Code != "ABANDONED" || !slices.Equal(d.Alerts[0].EventIDs, []string{"b1"}) || len(d.Patterns) != 0 || d.Outcome != tidegate.Approve {
		t.Errorf("with the next event: %+v", d)
	}
	r.endWindowsNow()
	r.crash(rng(1))
	r.endWindowsNow()
	want := []string{"pattern:probe:timed_out[b1]bert 1h1m0s", "pattern:probe:timed_out[a1]anna 1h0m0s"}
	if got := r.found(); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if again := r.redecideAll(); again.Differences != 0 {
		t.Errorf("decided again: %+v", again)
	}
}

// TestPatternCounts checks that what is given up is counted by pattern.
func TestPatternCounts(t *testing.T) {
	r := newRig(t, files(abandoned))
	for i := range 5 {
		r.pass(time.Second)
		r.decide(r.tx(fmt.Sprint("s", i), "anna", 100))
	}
	r.decide(r.tx("old", "anna", 100, at(r.millis()-10_000)))
	r.pass(time.Second)
	a := r.decide(r.tx("large", "anna", 100_000))
	if len(a.Decision.Patterns) != 2 {
		t.Errorf("got %+v", a.Decision)
	}
	r.decide(r.tx("s9", "anna", 100))
	r.pass(2 * time.Hour)
	r.endWindowsNow()
	if got, want := r.Counters().Patterns()["probe"], (PatternCounts{Completed: 2, TimedOut: 1, Stale: 1, Dropped: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestEventCompletesPattern checks that an event that asks for no decision can
// alert, in the one record that it has.
func TestEventCompletesPattern(t *testing.T) {
	r := newRig(t, files(sequences))
	r.decide(r.tx("t1", "anna", 100, text(tidegate.MerchantID, "m")))
	r.decide(r.tx("t2", "anna", 100, text(tidegate.MerchantID, "m")))
	records := len(r.records())
	r.tell(r.event("e", tidegate.TypeCaptured, "", text(tidegate.TransactionID, "t1")))
	want := []string{"captured[t1 t2 e]", "pattern:captured[t1 t2 e]anna 0s"}
	if got := r.found(); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := len(r.records()); got != records+1 {
		t.Errorf("%d records, want one", got-records)
	}
	item := r.Alerts(1)
	defer item.Close()
	if a, err := item.Next(background); err != nil || a.Alert.RuleID != "pattern:captured" {
		t.Errorf("got %+v, %v", a, err)
	}
}

// TestPatternDecides checks that a completed pattern acts like a rule, that
// rules see it, and that an unchanged one outlives a reload.
func TestPatternDecides(t *testing.T) {
	r := newRig(t, files(sequences))
	r.tell(r.event("f1", "login_failed", "anna"))
	r.decide(r.tx("t1", "anna", 6_000)) // begins rising
	r.activate(files(sequences, otherSequences))
	r.pass(time.Minute)
	a := r.decide(r.tx("t2", "anna", 20_000))
	if d := a.Decision; d.Outcome != tidegate.Challenge || d.Score != 120 || len(d.Patterns) != 1 || d.Patterns[0].Name != "guessed" ||
		!slices.Equal(d.Patterns[0].EventIDs, []string{"f1", "t2"}) || len(d.Alerts) != 1 || !slices.Equal(d.Alerts[0].EventIDs, []string{"f1", "t2"}) {
		t.Errorf("got %+v", d)
	}
	for i, v := range a.Features.Variables {
		if want := map[string]float64{"pattern.guessed.matched": 1, "pattern.guessed.stage": 0, "pattern.rising.stage": 1}; v.Key != "" && want[v.Name] != 0 && a.Features.Num[i] != want[v.Name] {
			t.Errorf("%s is %v", v.Name, a.Features.Num[i])
		}
	}
}

// TestStaleEvent checks that an event older than its customer's newest is
// offered to nothing, and that the answer says so.
func TestStaleEvent(t *testing.T) {
	r := newRig(t, files(sequences))
	r.tell(r.event("f1", "login_failed", "anna"))
	a := r.decide(r.tx("t1", "anna", 20_000, at(r.millis()-10_000)))
	if d := a.Decision; len(d.Patterns) != 0 || !slices.Contains(d.Warnings, "patterns.guessed.stale") {
		t.Errorf("got %+v", d)
	}
	if a = r.decide(r.tx("t2", "anna", 20_000)); len(a.Decision.Patterns) != 1 {
		t.Errorf("got %+v", a.Decision)
	}
}
