package scoring

import (
	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/rules"
	"github.com/tidegate/tidegate/scoring/patterns"
	"github.com/tidegate/tidegate/stream/state"
)

// advance shows an event to the partial matches of its entities; customer is
// the one of them that alerts are counted for, nil without any.
func (k *Known) advance(set *patterns.Set, e *tidegate.Event, customer *state.Entry[customer]) ([]patterns.Found, error) {
	if err := k.look(set); err != nil {
		return nil, err
	}
	newest := tidegate.Millis(0)
	if customer != nil {
		newest = customer.Value().newest
	}
	field, _ := owner(e)
	return k.patterns.Advance(e, field, newest)
}

// Begin makes the configuration the one whose patterns are looked for, from
// the next event on. A pattern that others had left out starts fresh.
func (s *Scorer) Begin(known *Known) error { return known.look(s.patterns) }

// look opens the partial matches of the configuration that decides. Where
// nobody called [Scorer.Begin], the first event does.

func (k *Known) look(set *patterns.Set) (err error) {
	if k.patterns == nil || k.patterns.Set() != set {
		k.patterns, err = patterns.NewState(set, k.store)
	}
	return err
}

// Recall moves the partial matches on by a transaction or an event that is on
// record, as [Scorer.Decide] and [Scorer.Notice] did when it came.
func (s *Scorer) Recall(e *tidegate.Event, known *Known) error {
	customer, err := known.customerOf(e)
	if err == nil {
		_, err = known.advance(s.patterns, e, customer)
	}
	return err
}

// Notice shows an event that asks for no decision to the partial matches. d
// gets the matches and the alerts; it tells whether there are any.
func (s *Scorer) Notice(e *tidegate.Event, known *Known, d *tidegate.Decision) (tells bool, err error) {
	customer, err := known.customerOf(e)
	if err != nil {
		return false, err
	}
	if s.found, err = known.advance(s.patterns, e, customer); err != nil {
		return false, err
	}
	return s.report(e, customer, d), nil
}

// report is what is said of matches without a decision.
func (s *Scorer) report(e *tidegate.Event, customer *state.Entry[customer], d *tidegate.Decision) (tells bool) {
	d.TransactionID = e.Text[tidegate.TransactionID]
	_, d.CustomerID = owner(e)
	d.EventTime = e.Time
	s.matches(d, func(tidegate.Outcome, ...tidegate.Reason) {})
	s.alertMatches(e, customer, d)
	return len(d.Patterns) > 0 || len(d.Warnings) > 0 || len(d.Rules) > 0
}

// matches puts what the event completes into the decision. A pattern with a
// then acts like a live rule.
func (s *Scorer) matches(d *tidegate.Decision, why func(tidegate.Outcome, ...tidegate.Reason)) {
	for i := range s.found {
		f := &s.found[i]
		p := f.Pattern
		for _, ids := range f.Completed {
			d.Patterns = append(d.Patterns, tidegate.PatternMatch{Name: p.ID, EventIDs: ids})
		}
		if len(f.Completed) > 0 && p.Reports() {
			why(tidegate.Outcome(p.Then.Outcome), p.Reason())
			d.Rules = append(d.Rules, tidegate.FiredRule{ID: ruleOf(p), Mode: modeLive, Outcome: tidegate.Outcome(p.Then.Outcome), Score: p.Then.Score})
		}
		for _, flag := range [...]struct {
			set  bool
			name string
		}{{f.Stale, ".stale"}, {f.Dropped > 0, ".dropped"}, {f.Failed, ".skip_failed"}} {
			if flag.set {
				d.Warnings = append(d.Warnings, "patterns."+p.ID+flag.name)
			}
		}
	}
}

func ruleOf(p *patterns.Pattern) string { return "pattern:" + p.ID }

// timeoutOf is what stands for a pattern's time-outs among the rules.
func timeoutOf(p *patterns.Pattern) string { return ruleOf(p) + ":timed_out" }

// alertMatches alerts for the matches that the skip strategies let through,
// which can be others than those that the event completes, and for the partial
// matches that ran out of time.
func (s *Scorer) alertMatches(e *tidegate.Event, entry *state.Entry[customer], d *tidegate.Decision) {
	for i := range s.found {
		f := &s.found[i]
		p := f.Pattern
		if p.Then.Alert && len(f.Emitted) > 0 {
			s.alertMatch(&rules.Rule{ID: ruleOf(p), Version: p.Identity(), Severity: tidegate.Severity(p.Then.Severity), Reason: p.Reason()},
				f.Emitted[0], e, entry, d)
		}
		if p.OnTimeout == nil || len(f.Expired) == 0 {
			continue
		}
		if p.OnTimeout.Alert {
			s.alertMatch(&rules.Rule{ID: timeoutOf(p), Version: p.Identity(), Severity: tidegate.Severity(p.OnTimeout.Severity), Reason: p.TimeoutReason()},
				f.Expired[0], e, entry, d)
		} else {
			fired(d, timeoutOf(p))
		}
	}
}

func (s *Scorer) alertMatch(r *rules.Rule, ids []string, e *tidegate.Event, entry *state.Entry[customer], d *tidegate.Decision) {
	sent := len(d.Alerts)
	s.alertFor(r, fired(d, r.ID), e, entry, d)
	for j := sent; j < len(d.Alerts); j++ {
		d.Alerts[j].EventIDs = ids
	}
}

// fired finds a pattern among the rules that fired. One whose match was
// completed earlier and held back is put there.
func fired(d *tidegate.Decision, rule string) *tidegate.FiredRule {
	for i := range d.Rules {
		if d.Rules[i].ID == rule {
			return &d.Rules[i]
		}
	}
	d.Rules = append(d.Rules, tidegate.FiredRule{ID: rule, Mode: modeLive})
	return &d.Rules[len(d.Rules)-1]
}

// Found is what the event at hand meant for the patterns.
func (s *Scorer) Found() []patterns.Found { return s.found }

// Patterns are the patterns that are looked for.
func (s *Scorer) Patterns() *patterns.Set { return s.patterns }
