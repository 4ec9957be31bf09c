package rules

import (
	"slices"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/rules/condition"
)

// Set is a loaded set of rules with their lists and suppressions. It is
// immutable and may be shared by goroutines.
type Set struct {
	schema       *tidegate.Schema
	rules        []Rule
	program      *condition.Program
	lists        *Lists
	suppressions []suppressions // by rule
	references   []int
	version      string
}

// Rules returns the rules in order, those that are off included; the caller
// must not change them.
func (s *Set) Rules() []Rule { return s.rules }

// Rule returns the rule of a [Fired].
func (s *Set) Rule(i int) *Rule { return &s.rules[i] }

// Version is a short hash of the contents of all rule, list and suppression files.
func (s *Set) Version() string { return s.version }

// References returns the variables, ascending, that an evaluation looks at:
// nothing else in [tidegate.Facts] has to be filled for it.
func (s *Set) References() []int { return s.references }

func (s *Set) gatherReferences() {
	s.references = slices.Clone(s.program.References())
	for _, l := range s.lists.all {
		if l.Kind != Plain {
			s.references = append(s.references, l.variable)
		}
	}
	for _, byKey := range s.suppressions {
		for _, k := range byKey {
			s.references = append(s.references, k.variable)
		}
	}
	slices.Sort(s.references)
	s.references = slices.Compact(s.references)
}

// Context is one evaluation: what is known, and the verdict. It is reused
// from event to event by one goroutine, so that evaluating does not allocate.
// The zero value is ready for use, with any set.
type Context struct {
	Facts  *tidegate.Facts
	IDHash uint64          // of the transaction id; rollouts are shares of it
	Tenant string          // whose lists and suppressions count
	Now    tidegate.Millis // event time, for expiry

	Verdict Verdict // valid until the next evaluation

	set     *Set
	machine *condition.Machine
}

// Verdict is what the rules and lists say about one event.
type Verdict struct {
	Fired []Fired // in the order of the rules

	// The lists that contain the event's value of their field.
	Block []*List
	Allow []*List
	Watch []*List
}

// Fired is a rule whose condition holds.
type Fired struct {
	Rule       int // place in [Set.Rules]
	Shadow     bool
	Suppressed bool // live, but silenced for this event's key
}

// Acts tells whether the decision depends on it.
func (f Fired) Acts() bool { return !f.Shadow && !f.Suppressed }

// Evaluate fills the context's verdict. A rule outside of its rollout counts
// as a shadow rule.
func (s *Set) Evaluate(ctx *Context) {
	if ctx.set != s {
		ctx.set, ctx.machine = s, s.program.NewMachine()
	}
	v := &ctx.Verdict
	v.Fired, v.Block, v.Allow, v.Watch = v.Fired[:0], v.Block[:0], v.Allow[:0], v.Watch[:0]
	for _, l := range s.lists.all {
		if l.Kind != Plain && l.hits(ctx) {
			switch l.Kind {
			case Block:
				v.Block = append(v.Block, l)
			case Allow:
				v.Allow = append(v.Allow, l)
			case Watch:
				v.Watch = append(v.Watch, l)
			}
		}
	}
	for _, i := range ctx.machine.Evaluate(condition.Input{Facts: ctx.Facts, Tenant: ctx.Tenant, Now: ctx.Now}) {
		f := Fired{Rule: int(i), Shadow: !s.rules[i].acts(ctx.IDHash)}
		f.Suppressed = !f.Shadow && s.suppressions[i].silence(ctx)
		v.Fired = append(v.Fired, f)
	}
}
