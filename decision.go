package tidegate

import "fmt"

// Outcome is what Tidegate answers. The order is by strength.
type Outcome uint8

const (
	Approve Outcome = iota
	Review          // lets the payment pass and puts a person on it
	Challenge
	Decline
)

var outcomeNames = [...]string{"approve", "review", "challenge", "decline"}

func (o Outcome) String() string { return outcomeNames[o] }

func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

func (o *Outcome) UnmarshalText(b []byte) error {
	v, ok := ParseOutcome(string(b))
	if !ok {
		return Errorf(CodeInvalid, "unknown outcome: approve, review, challenge or decline")
	}
	*o = v
	return nil
}

// ParseOutcome reads an outcome's name.
func ParseOutcome(s string) (Outcome, bool) {
	for i, name := range outcomeNames {
		if name == s {
			return Outcome(i), true
		}
	}
	return 0, false
}

// Severity grades an alert.
type Severity uint8

const (
	Low Severity = iota
	Medium
	High
	Critical
)

var severityNames = [...]string{"low", "medium", "high", "critical"}

func (s Severity) String() string { return severityNames[s] }

func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s *Severity) UnmarshalText(b []byte) error {
	v, ok := ParseSeverity(string(b))
	if !ok {
		return Errorf(CodeInvalid, "unknown severity: low, medium, high or critical")
	}
	*s = v
	return nil
}

// ParseSeverity reads a severity's name.
func ParseSeverity(s string) (Severity, bool) {
	for i, name := range severityNames {
		if name == s {
			return Severity(i), true
		}
	}
	return 0, false
}

// ReasonCode says in one word why. Rules bring their own; these are built in.
type ReasonCode string

const (
	ReasonBlockList       ReasonCode = "BLOCK_LIST"
	ReasonAllowList       ReasonCode = "ALLOW_LIST"
	ReasonWatchList       ReasonCode = "WATCH_LIST"
	ReasonModelScore      ReasonCode = "MODEL_SCORE"
	ReasonClockRegression ReasonCode = "CLOCK_REGRESSION"
)

// Wrong says what is wrong with a code, or "": codes are capitals, digits and _,
// a capital first, and 64 of them at most.
func (c ReasonCode) Wrong() string {
	valid := c != "" && len(c) <= 64
	for i, r := range []byte(c) {
		letter := r >= 'A' && r <= 'Z'
		valid = valid && (letter || i > 0 && (r == '_' || r >= '0' && r <= '9'))
	}
	if valid {
		return ""
	}
	return fmt.Sprintf("%q is not a reason code: write capitals, digits and _", string(c))
}

// MaxScore is the highest score of a decision; what rules and patterns add is
// within it in both directions.
const MaxScore = 1000

// Reason is a reason code and a sentence for people.
type Reason struct {
	Code ReasonCode `json:"code"`
	Text string     `json:"text,omitempty"`
}

// FiredRule is a rule whose condition held.
type FiredRule struct {
	ID      string  `json:"id"`
	Mode    string  `json:"mode"` // live or shadow
	Outcome Outcome `json:"outcome"`
	Score   float64 `json:"score"`
	Alert   Alerted `json:"alert,omitempty"`
}

// Alerted says what became of a fired rule's alert.
type Alerted uint8

const (
	NoAlert    Alerted = iota // the rule asks for none
	Sent                      // the decision carries it
	Suppressed                // one of this customer and rule was sent a short while before
)

// ModelScore is what one model said.
type ModelScore struct {
	Name     string  `json:"name"`
	Version  string  `json:"version"`
	Role     string  `json:"role"` // champion, challenger or shadow
	Score    float64 `json:"score"`
	Fallback bool    `json:"fallback,omitempty"` // the model failed and this is its manifest's fallback
}

// PatternMatch is an event pattern that this event completed.
type PatternMatch struct {
	Name     string   `json:"name"`
	EventIDs []string `json:"event_ids,omitempty"`
}

// Versions names what decided.
type Versions struct {
	Engine   string `json:"engine"`
	Rules    string `json:"rules"`
	Features string `json:"features"`
	Models   string `json:"models"`
	Policy   string `json:"policy"`
}

// Decision answers one transaction. Its JSON is the answer of /v1/authorize
// and the record of the decisions topic.
type Decision struct {
	Sequence      uint64 // the journal's number of its record
	Generation    uint32 // which activation of rules, models, … decided
	TransactionID string
	CustomerID    string
	Outcome       Outcome
	WouldBe       Outcome // the verdict before the policy's enforcement share
	ResponseCode  string
	Score         float64 // 0..1000, higher is riskier
	Reasons       []Reason
	Rules         []FiredRule
	Models        []ModelScore
	Patterns      []PatternMatch
	Versions      Versions
	Degraded      []string
	Warnings      []string
	Retry         bool
	EventTime     Millis
	ArrivalTime   Millis
	DecidedInUS   int64 // microseconds from request to durable record; not part of the record
	Alerts        []Alert
}

// Reset empties a decision for the next one, which may use its memory again.
func (d *Decision) Reset() {
	*d = Decision{
		Reasons: d.Reasons[:0], Rules: d.Rules[:0], Models: d.Models[:0], Patterns: d.Patterns[:0],
		Degraded: d.Degraded[:0], Warnings: d.Warnings[:0], Alerts: d.Alerts[:0],
	}
}

// SchemaVersion is the version of the answer's and the alert's JSON.
const SchemaVersion = 1

// Alert tells analysts that a live rule with alert: true fired. The id is
// derived from the transaction and the rule, so it is the same in a replay.
type Alert struct {
	ID            string
	TransactionID string
	CustomerID    string
	CardLastFour  string
	Amount        Money
	HasAmount     bool
	Base          Money
	HasBase       bool
	MerchantID    string
	Outcome       Outcome
	Severity      Severity
	RuleID        string
	RuleVersion   string
	Reason        Reason
	Evidence      []Evidence // the values its condition looked at
	EventIDs      []string
	// What was not sent since the last alert of this customer and rule.
	SuppressedCount  int64
	SuppressedAmount int64 // minor units of the base currency
	EventTime        Millis
}

// Evidence is one named value that an alert's rule looked at.
type Evidence struct {
	Name string
	Kind Kind
	Num  float64 // NaN is missing
	Text string
}

// Label says afterwards whether a transaction was fraud.
type Label struct {
	ID            string
	Tenant        string
	TransactionID string
	Fraud         bool
	Kind          string // chargeback, network_report, customer, analyst, reversal
	ReasonCode    string
	OccurredAt    Millis
	ReportedAt    Millis
	Source        string
}
