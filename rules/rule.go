package rules

import "github.com/tidegate/tidegate"

// Rule is one rule of a set, as [Set.Rules] shows it.
type Rule struct {
	ID       string            `json:"id"`
	Name     string            `json:"name,omitempty"`
	When     string            `json:"when"`
	Outcome  tidegate.Outcome  `json:"outcome"`
	Score    float64           `json:"score"` // points of 1000, may be negative
	Reason   tidegate.Reason   `json:"reason"`
	Severity tidegate.Severity `json:"severity"`
	Alert    bool              `json:"alert"`
	Mode     Mode              `json:"mode"`
	Rollout  float64           `json:"rollout"` // the share of transactions that a live rule acts on, 0 to 1
	Version  string            `json:"version"` // the file's, or a hash of what the rule says
	Tests    int               `json:"tests"`
	File     string            `json:"file"`
	Line     int               `json:"line"`

	evidence []int
	seed     uint64 // spreads the rollouts of rules over different transactions
}

// Evidence returns the places in the schema of what the condition looks at,
// in the order of mention. The caller must not change them.
func (r *Rule) Evidence() []int { return r.evidence }

// Mode says what a rule does when it fires.
type Mode uint8

const (
	Live   Mode = iota // acts
	Shadow             // is evaluated and recorded, never acted on
	Off                // is checked at load, and not evaluated
)

var modeNames = []string{"live", "shadow", "off"}

func (m Mode) String() string { return modeNames[m] }

func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// acts tells whether the rule acts on a transaction, by the hash of its id.
func (r *Rule) acts(idHash uint64) bool {
	return r.Mode == Live && (r.Rollout >= 1 || float64(mix(idHash^r.seed)>>11) < r.Rollout*(1<<53))
}

// mix is the finalizer of splitmix64 (Steele, Lea and Flood, 2014): every bit
// of the result depends on every bit of x.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
