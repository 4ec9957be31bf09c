package scoring

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/models"
	"github.com/tidegate/tidegate/rules"
	"github.com/tidegate/tidegate/stream/state"
)

// decide turns lists, model and rules into an outcome: a block list declines;
// else an allow list approves; else the strongest of live rules, the model's
// thresholds and the score's. Where the policy does not enforce, the answer is
// approve and would_be holds the verdict.
func (s *Scorer) decide(tx *tidegate.Event, model *models.Model, probability float64, d *tidegate.Decision) {
	strongest := tidegate.Approve
	why := func(o tidegate.Outcome, reasons ...tidegate.Reason) {
		strongest = max(strongest, o)
		for _, r := range reasons {
			addReason(d, r)
		}
	}
	verdict := &s.context.Verdict
	for _, f := range verdict.Fired {
		r := s.rules.Rule(f.Rule)
		if f.Acts() {
			why(r.Outcome, r.Reason)
		}
		d.Rules = append(d.Rules, tidegate.FiredRule{ID: r.ID, Mode: modeOf(f), Outcome: r.Outcome, Score: r.Score})
	}
	s.matches(d, why)
	if model != nil {
		for _, t := range model.Thresholds {
			if probability >= t.From {
				why(tidegate.Outcome(t.Outcome), t.Reason)
				break
			}
		}
	}
	d.Score = s.policy.points(probability, d.Rules)
	for _, t := range s.policy.Thresholds {
		if d.Score >= t.Score {
			why(tidegate.Outcome(t.Outcome), t.Reason)
			break
		}
	}
	switch {
	case len(verdict.Block) > 0:
		strongest = tidegate.Decline
		firstReason(d, tidegate.ReasonBlockList, verdict.Block[0].Name)
	case len(verdict.Allow) > 0:
		strongest = tidegate.Approve
		firstReason(d, tidegate.ReasonAllowList, verdict.Allow[0].Name)
	}
	d.WouldBe = strongest
	if s.policy.enforced(s.idHash) {
		d.Outcome = strongest
	}
	d.ResponseCode = s.policy.ResponseCode(d.Outcome)
}

func modeOf(f rules.Fired) string {
	switch {
	case f.Shadow:
		return modeShadow
	case f.Suppressed:
		return modeSuppressed
	}
	return modeLive
}

// firstReason puts a list's hit before all other reasons.
func firstReason(d *tidegate.Decision, code tidegate.ReasonCode, list string) {
	d.Reasons = slices.Insert(d.Reasons, 0, tidegate.Reason{Code: code, Text: list})
}

func addReason(d *tidegate.Decision, r tidegate.Reason) {
	for _, have := range d.Reasons {
		if have.Code == r.Code {
			return
		}
	}
	d.Reasons = append(d.Reasons, r)
}

// compareClocks tells whether an event is older than its customer's newest by
// more than the policy's bound. It is decided all the same; a variable counts
// such events of the customer, this one included.
func (s *Scorer) compareClocks(tx *tidegate.Event, entry *state.Entry[customer]) bool {
	if entry == nil {
		s.facts.SetMissing(s.layout.regressions)
		return false
	}
	c := entry.Value()
	regressed := c.newest-tx.Time > s.policy.Clock.Regression.Millis()
	count := float64(c.regressions)
	if regressed {
		count++
	}
	s.facts.SetNumber(s.layout.regressions, count)
	return regressed
}

// alert gives the decision an alert for each live rule that asks for one and
// for each watch list that hit, unless one of the same customer and rule was
// sent a short while before: then that is counted.
func (s *Scorer) alert(tx *tidegate.Event, entry *state.Entry[customer], d *tidegate.Decision) {
	for i, f := range s.context.Verdict.Fired {
		if r := s.rules.Rule(f.Rule); r.Alert && f.Acts() {
			s.alertFor(r, &d.Rules[i], tx, entry, d)
		}
	}
	for _, l := range s.context.Verdict.Watch {
		watch := &rules.Rule{ID: "watch:" + l.Name, Version: s.lists.Version(), Severity: tidegate.Medium,
			Reason: tidegate.Reason{Code: tidegate.ReasonWatchList, Text: l.Name}}
		d.Rules = append(d.Rules, tidegate.FiredRule{ID: watch.ID, Mode: modeLive})
		s.alertFor(watch, &d.Rules[len(d.Rules)-1], tx, entry, d)
	}
	s.alertMatches(tx, entry, d)
}

func (s *Scorer) alertFor(r *rules.Rule, fired *tidegate.FiredRule, tx *tidegate.Event, entry *state.Entry[customer], d *tidegate.Decision) {
	var before *alertMemory
	if entry != nil {
		before = entry.Value().alertOf(r.ID)
	}
	if before != nil && tx.Time-before.last < s.policy.Alerts.Dedupe.Millis() {
		fired.Alert = tidegate.Suppressed
		return
	}
	fired.Alert = tidegate.Sent
	d.Alerts = append(d.Alerts, s.newAlert(tx, r, before, d))
}

func (s *Scorer) newAlert(tx *tidegate.Event, r *rules.Rule, before *alertMemory, d *tidegate.Decision) tidegate.Alert {
	a := tidegate.Alert{
		ID: alertID(tx, r.ID), TransactionID: d.TransactionID, CustomerID: d.CustomerID, CardLastFour: tx.Text[tidegate.CardLastFour],
		Amount: tx.Amount, HasAmount: tx.HasAmount, Base: tx.Base, HasBase: tx.HasBase, MerchantID: tx.Text[tidegate.MerchantID],
		Outcome: d.Outcome, Severity: r.Severity, RuleID: r.ID, RuleVersion: r.Version, Reason: r.Reason, EventTime: tx.Time,
	}
	for _, place := range r.Evidence() {
		v := s.schema.At(place)
		a.Evidence = append(a.Evidence, tidegate.Evidence{Name: v.Name, Kind: v.Kind, Num: s.facts.Num[place], Text: s.facts.Text[place]})
	}
	if tx.ID != "" {
		a.EventIDs = []string{tx.ID}
	}
	if before != nil {
		a.SuppressedCount, a.SuppressedAmount = before.suppressed, before.amount
	}
	return a
}

// alertID is the same for the same event and rule, in a replay too. A
// transaction's id names it; of other events more is needed.
func alertID(tx *tidegate.Event, rule string) string {
	h := sha256.New()
	for _, part := range [...]string{tx.Tenant, tx.Text[tidegate.TransactionID], rule} {
		h.Write(append([]byte(part), 0))
	}
	if tx.Type != tidegate.TypeTransaction {
		for _, part := range [...]string{tx.Type, tx.ID, tx.Time.String(), strings.Join(tx.Text[:], "\x00")} {
			h.Write(append([]byte(part), 0))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
