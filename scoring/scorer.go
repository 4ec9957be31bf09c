package scoring

import (
	"github.com/cespare/xxhash/v2"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/models"
	"github.com/tidegate/tidegate/rules"
	"github.com/tidegate/tidegate/scoring/patterns"
	"github.com/tidegate/tidegate/wire"
)

// Scorer is one configuration, ready to decide. It has one user at a time,
// because it decides in memory of its own.
type Scorer struct {
	policy     Policy
	rates      *Rates
	featureSet *features.Set
	patterns   *patterns.Set
	models     *models.Set
	rules      *rules.Set
	lists      *rules.Lists
	schema     *tidegate.Schema
	attributes []string // declared, sorted
	declared   map[string]tidegate.Kind
	versions   tidegate.Versions

	layout       layout
	needed       []tidegate.Field
	featureKinds []tidegate.Kind

	// Of the event being decided.
	facts   *tidegate.Facts
	context rules.Context
	idHash  uint64
	warming []int // places in the feature row
	found   []patterns.Found
}

// layout is where each kind of value begins in the facts; fields are at 0.
type layout struct{ attributes, regressions, features, patterns, models int }

// How a rule counts in one decision: a live rule that is silenced, or outside
// of its rollout, is recorded and does not act.
const (
	modeLive       = "live"
	modeShadow     = "shadow"
	modeSuppressed = "suppressed"
)

// Decide answers a transaction from what is known, this event included, and
// remembers it. d is empty but for Sequence, Generation and ArrivalTime.
// follows is the transaction that tx names as its predecessor, if it is known.
//
// An error means that state could not be read; the caller must not go on.
func (s *Scorer) Decide(tx, follows *tidegate.Event, known *Known, d *tidegate.Decision) error {
	s.begin(tx, d)
	if err := known.observe(tx, follows, s.facts, s.layout.features); err != nil { // what we know, this event included
		return err
	}
	s.warming = known.features.Warming(s.warming[:0])
	customer, err := known.customerOf(tx)
	if err != nil {
		return err
	}
	regressed := s.compareClocks(tx, customer)
	if s.found, err = known.advance(s.patterns, tx, customer); err != nil { // what has been happening
		return err
	}
	known.patterns.Write(s.facts, s.layout.patterns)
	model, probability := s.models.Score(s.facts, s.idHash, d) // how likely
	s.rules.Evaluate(&s.context)                               // what the analysts say
	s.decide(tx, model, probability, d)                        // what we answer, and why
	if regressed {
		addReason(d, tidegate.Reason{Code: tidegate.ReasonClockRegression, Text: "stamped before an earlier event of this customer"})
	}
	s.alert(tx, customer, d)                   // whom we tell
	return known.ApplyDecision(tx, follows, d) // what the next event will know
}

// begin converts money, fills in the event's own facts and the decision's head.
func (s *Scorer) begin(tx *tidegate.Event, d *tidegate.Decision) {
	s.convert(tx)
	if tx.HasAmount && !tx.HasBase {
		d.Degraded = append(d.Degraded, "rates."+tx.Amount.Currency.String())
	}
	s.fill(tx)
	s.idHash = xxhash.Sum64String(tx.Text[tidegate.TransactionID])
	s.context.IDHash, s.context.Tenant, s.context.Now = s.idHash, tx.Tenant, tx.Time
	d.TransactionID = tx.Text[tidegate.TransactionID]
	_, d.CustomerID = owner(tx)
	d.EventTime = tx.Time
	d.Versions = s.versions
	d.Warnings = append(d.Warnings, tx.Warnings...)
}

// convert gives the event its amount in the base currency.
func (s *Scorer) convert(e *tidegate.Event) {
	if e.HasAmount {
		e.Base, e.HasBase = s.rates.Convert(e.Amount)
	}
}

// fill puts the event's own fields and declared attributes into the facts.
func (s *Scorer) fill(tx *tidegate.Event) {
	for _, f := range s.needed {
		if f.Kind() != tidegate.KindText {
			s.facts.SetNumber(int(f), tx.NumberOf(f))
		} else if text := tx.TextOf(f); text != "" {
			s.facts.SetText(int(f), text)
		} else {
			s.facts.SetMissing(int(f))
		}
	}
	for i, name := range s.attributes {
		place := s.layout.attributes + i
		a, ok := tx.Attribute(name)
		switch {
		case !ok || a.Kind != s.schema.At(place).Kind:
			s.facts.SetMissing(place)
		case a.Kind == tidegate.KindText:
			s.facts.SetText(place, a.Text)
		default:
			s.facts.SetNumber(place, a.Num)
		}
	}
}

// Convert prepares an event that is no transaction for being remembered.
func (s *Scorer) Convert(e *tidegate.Event) { s.convert(e) }

// Policy says how verdicts become answers.
func (s *Scorer) Policy() *Policy { return &s.policy }

// FeatureSet is what is remembered for this configuration.
func (s *Scorer) FeatureSet() *features.Set { return s.featureSet }

// Versions names what decides.
func (s *Scorer) Versions() tidegate.Versions { return s.versions }

// Schema is what rules and models can refer to.
func (s *Scorer) Schema() *tidegate.Schema { return s.schema }

// Features describes the feature values of a decision, in order.
func (s *Scorer) Features() []tidegate.Variable {
	return s.schema.Variables()[s.layout.features:s.layout.models]
}

// FeatureRow is the feature values of the event decided last, valid until
// the next: by the places of Features, as in [tidegate.Facts].
func (s *Scorer) FeatureRow() (nums []float64, texts []string) {
	return s.facts.Num[s.layout.features:s.layout.models], s.facts.Text[s.layout.features:s.layout.models]
}

// Warming appends the places in the feature row whose history is shorter than
// their window, of the event decided last.
func (s *Scorer) Warming(dst []int) []int { return append(dst, s.warming...) }

// AppendFacts appends the feature values of the event decided last in the
// journal's form, and then which of them are warming.
func (s *Scorer) AppendFacts(dst []byte) []byte {
	nums, texts := s.FeatureRow()
	return wire.AppendPlaces(wire.AppendFacts(dst, nums, texts, s.featureKinds), s.warming, len(s.featureKinds))
}

// Attributes are the declared free attributes, by name.
func (s *Scorer) Attributes() map[string]tidegate.Kind { return s.declared }

// Computes tells whether a name is that of a feature, a pattern's or a model's
// variable: something that is never sent.
func (s *Scorer) Computes(name string) bool {
	place, ok := s.schema.Index(name)
	return ok && place >= s.layout.regressions
}

// Rules, Models and Lists describe what decides.
func (s *Scorer) Rules() []rules.Rule     { return s.rules.Rules() }
func (s *Scorer) Models() []*models.Model { return s.models.Models() }
func (s *Scorer) Lists() *rules.Lists     { return s.lists }
