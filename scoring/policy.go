package scoring

import (
	"fmt"
	"sort"

	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// Policy says how a verdict becomes an answer. Its zero value is not useful;
// [DefaultPolicy] is.
type Policy struct {
	Version       string            `yaml:"version"`
	ResponseCodes ResponseCodes     `yaml:"response_codes"`
	Score         ScorePolicy       `yaml:"score"`
	Thresholds    []ScoreThreshold  `yaml:"thresholds"` // on the decision's score
	Enforce       yamlfile.Share    `yaml:"enforce"`    // where it does not, outcome is approve and would_be the verdict
	StandIn       StandIn           `yaml:"stand_in"`
	Deadline      yamlfile.Duration `yaml:"deadline"`
	Clock         ClockPolicy       `yaml:"clock"`
	Alerts        AlertPolicy       `yaml:"alerts"`
}

// ResponseCodes are the ISO 8583 (field 39) codes of the outcomes.
type ResponseCodes struct {
	Approve   string `yaml:"approve"`
	Review    string `yaml:"review"`
	Challenge string `yaml:"challenge"`
	Decline   string `yaml:"decline"`
}

// ScorePolicy weighs the champion's probability and the rules' scores.
type ScorePolicy struct {
	Model float64 `yaml:"model"` // points for a probability of 1
	Rules string  `yaml:"rules"` // sum or max of the scores of live rules that fired
}

// ScoreThreshold turns a score into an outcome.
type ScoreThreshold struct {
	Score   float64         `yaml:"score"` // from this on
	Outcome outcome         `yaml:"outcome"`
	Reason  tidegate.Reason `yaml:"-"`
	Code    string          `yaml:"reason"`
	Text    string          `yaml:"text"`
}

// StandIn is the advice that goes with an answer that is no decision.
type StandIn struct {
	Outcome      outcome `yaml:"outcome"`
	ResponseCode string  `yaml:"response_code"`
}

// ClockPolicy bounds how far event time may be from the arrival clock.
type ClockPolicy struct {
	MaxAge     yamlfile.Duration `yaml:"max_age"`
	MaxAhead   yamlfile.Duration `yaml:"max_ahead"`
	Regression yamlfile.Duration `yaml:"regression"` // older than the customer's newest event by more: CLOCK_REGRESSION
}

// AlertPolicy thins alerts.
type AlertPolicy struct {
	Dedupe yamlfile.Duration `yaml:"dedupe"` // per customer and rule
}

type outcome tidegate.Outcome

func (o *outcome) UnmarshalYAML(node ast.Node) error {
	v, ok := tidegate.ParseOutcome(node.GetToken().Value)
	if !ok {
		return yamlfile.At(node, "%q is not an outcome: write approve, review, challenge or decline", node.GetToken().Value)
	}
	*o = outcome(v)
	return nil
}

// DefaultPolicy is what holds where a policy file says nothing.
func DefaultPolicy() Policy {
	const day = yamlfile.Duration(24 * 3600e9)
	return Policy{
		Version:       "default",
		ResponseCodes: ResponseCodes{Approve: "00", Review: "00", Challenge: "1A", Decline: "05"},
		Score:         ScorePolicy{Model: 1000, Rules: "sum"},
		Enforce:       1,
		StandIn:       StandIn{Outcome: outcome(tidegate.Approve), ResponseCode: "00"},
		Deadline:      20e6,
		Clock:         ClockPolicy{MaxAge: day, MaxAhead: 5 * 60e9, Regression: 2e9},
		Alerts:        AlertPolicy{Dedupe: 5 * 60e9},
	}
}

// ParsePolicy reads a policy file over the defaults.
func ParsePolicy(file string, data []byte) (Policy, error) {
	p := DefaultPolicy()
	if err := yamlfile.Decode(file, data, &p); err != nil {
		return p, err
	}
	document := yamlfile.Document{File: file, Data: data}
	if p.Score.Rules != "sum" && p.Score.Rules != "max" {
		return p, document.Errorf("$.score.rules", "score.rules is %q: write sum or max", p.Score.Rules)
	}
	if !(p.Score.Model >= 0 && p.Score.Model <= 1000) {
		return p, document.Errorf("$.score.model", "score.model is outside of 0..1000")
	}
	if p.Deadline <= 0 || p.Deadline > maxDeadline {
		return p, document.Errorf("$.deadline", "deadline must be more than 0, and not more than 30s")
	}
	if p.Clock.MaxAhead <= 0 {
		return p, document.Errorf("$.clock.max_ahead", "clock.max_ahead must be more than 0: no two clocks are the same")
	}
	for i := range p.Thresholds {
		t := &p.Thresholds[i]
		at := fmt.Sprintf("$.thresholds[%d]", i)
		if missing := document.Missing(at, "score", "outcome"); len(missing) > 0 {
			return p, document.Errorf(at, "thresholds[%d] has no %s: write {score: 900, outcome: review}", i, missing[0])
		}
		if !(t.Score >= 0 && t.Score <= 1000) {
			return p, document.Errorf(at+".score", "thresholds[%d].score is outside of 0..1000", i)
		}
		if t.Score > 0 && t.Score < 1 {
			return p, document.Errorf(at+".score", "thresholds[%d].score is in points, 0..1000, and no probability: write %g for %g", i, 1000*t.Score, t.Score)
		}
		if t.Code == "" {
			t.Code = "SCORE"
		}
		t.Reason = tidegate.Reason{Code: tidegate.ReasonCode(t.Code), Text: t.Text}
		if why := t.Reason.Code.Wrong(); why != "" {
			return p, document.Errorf(at+".reason", "%s", why)
		}
	}
	sort.SliceStable(p.Thresholds, func(i, j int) bool { return p.Thresholds[i].Score > p.Thresholds[j].Score })
	return p, nil
}

// maxDeadline is how long a face may have to keep its connection for an answer.
const maxDeadline = 30e9

// ResponseCode is the code that answers an outcome.
func (p *Policy) ResponseCode(o tidegate.Outcome) string {
	return [...]string{p.ResponseCodes.Approve, p.ResponseCodes.Review, p.ResponseCodes.Challenge, p.ResponseCodes.Decline}[o]
}

// points is the decision's score before thresholds, 0..1000.
func (p *Policy) points(probability float64, rules []tidegate.FiredRule) float64 {
	sum := 0.0
	for _, r := range rules {
		switch {
		case r.Mode != modeLive:
		case p.Score.Rules == "max":
			sum = max(sum, r.Score)
		default:
			sum += r.Score
		}
	}
	return min(1000, max(0, p.Score.Model*probability+sum))
}

// enforced tells whether this transaction is in the share that the policy
// acts on: a hash of the id, so that a replay agrees.
func (p *Policy) enforced(idHash uint64) bool {
	return float64(idHash>>11) < float64(p.Enforce)*(1<<53)
}
