package node

import (
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/stream/state"
)

// Status is what /readyz tells.
type Status struct {
	Ready      bool   `json:"ready"`
	Reason     string `json:"reason,omitempty"`
	Generation uint32 `json:"generation"`
	Last       uint64 `json:"last_record"`
	Durable    uint64 `json:"durable_record"`
}

// Status tells whether the node decides.
func (n *Node) Status() Status {
	s := Status{Ready: true, Generation: n.current.Load().Generation, Last: n.journal.Last(), Durable: n.journal.Durable()}
	if err := n.Err(); err != nil {
		s.Ready, s.Reason = false, "the journal or the state failed; the process restarts"
	}
	if n.journal.Stats().LowSpace {
		s.Ready, s.Reason = false, "the disk is almost full"
	}
	return s
}

// Stats are the figures of a node's parts, for metrics.
type Stats struct {
	Journal    journal.Stats
	State      state.Usage
	Checkpoint CheckpointStats
}

func (n *Node) Stats() Stats {
	return Stats{Journal: n.journal.Stats(), State: n.store.Usage(), Checkpoint: n.counters.checkpoints()}
}

// Counters counts what the node did since it was opened.
func (n *Node) Counters() *Counters { return &n.counters }

// RuleSet describes what decides now.
type RuleSet struct {
	Generation uint32
	Versions   tidegate.Versions
	Features   int
	Rules      []RuleSummary
	Models     []ModelInfo
	Lists      []ListInfo
}

// RuleSummary is a rule for people.
type RuleSummary struct {
	ID       string           `json:"id"`
	Version  string           `json:"version,omitempty"`
	When     string           `json:"when"`
	Outcome  tidegate.Outcome `json:"outcome"`
	Score    float64          `json:"score"`
	Reason   tidegate.Reason  `json:"reason"`
	Severity string           `json:"severity"`
	Alert    bool             `json:"alert"`
	Mode     string           `json:"mode"`
	File     string           `json:"file"`
	Line     int              `json:"line"`
}

// ModelInfo is a model for people.
type ModelInfo struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Role       string `json:"role"`
	Hash       string `json:"sha256"`
	Operations int    `json:"operations"`
}

// ListInfo is a list for people.
type ListInfo struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Entries int    `json:"entries"`
}

// Rules describes what decides now.
func (n *Node) Rules() RuleSet {
	a := n.current.Load()
	set := RuleSet{Generation: a.Generation, Versions: a.scorer.Versions(), Features: len(a.scorer.Features()),
		Rules: []RuleSummary{}, Models: []ModelInfo{}, Lists: []ListInfo{}}
	for _, r := range a.scorer.Rules() {
		set.Rules = append(set.Rules, RuleSummary{ID: r.ID, Version: r.Version, When: r.When, Outcome: r.Outcome, Score: r.Score,
			Reason: r.Reason, Severity: r.Severity.String(), Alert: r.Alert, Mode: r.Mode.String(), File: r.File, Line: r.Line})
	}
	for _, m := range a.scorer.Models() {
		set.Models = append(set.Models, ModelInfo{m.Name, m.Version, string(m.Role), m.Hash(), m.Cost()})
	}
	for _, l := range a.scorer.Lists().All() {
		set.Lists = append(set.Lists, ListInfo{l.Name, l.Kind.String(), l.Entries})
	}
	return set
}

// StandIn is advice for when there is no decision.
type StandIn struct {
	Outcome      tidegate.Outcome
	ResponseCode string
}

// StandIn is the policy's advice.
func (n *Node) StandIn() StandIn {
	p := n.current.Load().scorer.Policy()
	return StandIn{tidegate.Outcome(p.StandIn.Outcome), p.StandIn.ResponseCode}
}

// ClockGuard is how far event time may be from the arrival clock.
type ClockGuard struct {
	Off      bool
	MaxAge   time.Duration
	MaxAhead time.Duration
}

// Attributes are the declared free attributes, by name.
func (n *Node) Attributes() map[string]tidegate.Kind { return n.current.Load().scorer.Attributes() }

// Computes tells whether a name is that of a feature, or otherwise computed.
func (n *Node) Computes(name string) bool { return n.current.Load().scorer.Computes(name) }

// Clock is the policy's guard; it is off when the node runs on event time.
func (n *Node) Clock() ClockGuard {
	p := n.current.Load().scorer.Policy()
	return ClockGuard{n.options.EventClock, p.Clock.MaxAge.Std(), p.Clock.MaxAhead.Std()}
}
