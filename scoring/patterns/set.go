package patterns

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/rules/condition"
)

// Set is the patterns of one configuration. It has one user at a time, who
// shows it one event after the other.
type Set struct {
	patterns   []*Pattern
	language   *language
	attributes map[string]tidegate.Kind
	base       tidegate.CurrencyCode
	view       *view
	keys       []keyed // the fields that patterns are keyed by
	byID       map[string]*Pattern
	version    string
	files      []File
	options    Options
}

// keyed are the patterns that are looked for among the events of one entity.
type keyed struct {
	field    tidegate.Field
	patterns []*Pattern
}

// Pattern is one pattern, ready to be advanced.
type Pattern struct {
	*cep.Definition[*Event]
	File  string
	Field tidegate.Field // whose events it looks at

	set        *Set
	place      int   // in the set
	kept       []int // columns that its conditions look back at
	variables  []tidegate.Variable
	machine    *condition.Machine
	matcher    *cep.Matcher[*Event]
	scratch    Event
	beginnings []uint64 // conditions of which one must hold to begin a match; nil: not known
	identity   uint64
	memory     int64 // ms for which a key without new events is remembered
	byTime     bool  // the end of a window can complete a match
}

// unbounded is how long a key without new events is remembered by a pattern
// that has no window.
const unbounded = 90 * 24 * 3600 * 1000

func newPattern(d *cep.Definition[*Event], file string, field tidegate.Field, set *Set, l *looking) *Pattern {
	p := l.pattern
	p.Definition, p.File, p.Field, p.set, p.place = d, file, field, set, len(set.patterns)
	p.matcher = cep.NewMatcher(d.Automaton)
	p.byTime = d.Automaton.CompletesByTime()
	var bounded bool
	if p.memory, bounded = d.Automaton.Memory(); !bounded {
		p.memory = unbounded
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %x", d.ID, field, d.Automaton.Fingerprint()))
	p.identity = binary.LittleEndian.Uint64(sum[:])
	return p
}

// Patterns are all patterns in the order of files and places.
func (s *Set) Patterns() []*Pattern { return s.patterns }

// Pattern finds a pattern by its id.
func (s *Set) Pattern(id string) (*Pattern, bool) {
	p, ok := s.byID[id]
	return p, ok
}

// Version is a short hash of all pattern files.
func (s *Set) Version() string { return s.version }

// Variables are what rules and models can ask of patterns, two for each:
// pattern.NAME.matched and pattern.NAME.stage.
func (s *Set) Variables() []tidegate.Variable {
	var vars []tidegate.Variable
	for _, p := range s.patterns {
		vars = append(vars,
			tidegate.Variable{Name: "pattern." + p.ID + ".matched", Kind: tidegate.KindBool, Key: p.Key, Definition: p.ID,
				Description: "this event completes the pattern: " + p.Description},
			tidegate.Variable{Name: "pattern." + p.ID + ".stage", Kind: tidegate.KindNumber, Key: p.Key, Definition: p.ID,
				Description: "the furthest stage of a partial match, 0 for none: " + p.Description})
	}
	return vars
}

// Identity tells definitions of a pattern apart: partial matches belong to one.
func (p *Pattern) Identity() string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, p.identity))
}

// Reports tells whether a match does anything beyond being seen by rules.
func (p *Pattern) Reports() bool {
	t := p.Then
	return t.Alert || t.Score != 0 || tidegate.Outcome(t.Outcome) != tidegate.Approve || t.Reason != ""
}

// TimeoutReason is what a partial match says that ran out of time.
func (p *Pattern) TimeoutReason() tidegate.Reason {
	if p.OnTimeout.Reason == "" {
		return tidegate.Reason{Code: "PATTERN_TIMED_OUT", Text: p.ID}
	}
	return tidegate.Reason{Code: p.OnTimeout.Reason, Text: p.OnTimeout.Text}
}

// Reason is what a match says in a decision.
func (p *Pattern) Reason() tidegate.Reason {
	if p.Then.Reason == "" {
		return tidegate.Reason{Code: "PATTERN", Text: p.ID}
	}
	return tidegate.Reason{Code: p.Then.Reason, Text: p.Then.Text}
}
