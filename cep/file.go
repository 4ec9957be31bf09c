package cep

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// Definition is a pattern from a file.
type Definition[E any] struct {
	ID          string
	Description string
	Key         string // the field whose values have partial matches of their own, as "customer_id"
	Then        Then
	OnTimeout   *Report // what a partial match that runs out of time means; nil: nothing
	Automaton   *Automaton[E]
	Cases       []Case

	Place    yamlfile.Place // of the id
	KeyPlace yamlfile.Place
}

// Then is what a match means: it acts like a rule that fired. Every member may
// be empty; without an outcome a match is only reported.
type Then struct {
	Outcome  Outcome             `yaml:"outcome"`
	Score    float64             `yaml:"score"`
	Reason   tidegate.ReasonCode `yaml:"reason"`
	Text     string              `yaml:"text"`
	Severity Severity            `yaml:"severity"`
	Alert    bool                `yaml:"alert"`
}

// Report is what a partial match means whose window ended before it was
// complete. There is no decision left that it could act on.
type Report struct {
	Reason   tidegate.ReasonCode `yaml:"reason"`
	Text     string              `yaml:"text"`
	Severity Severity            `yaml:"severity"`
	Alert    bool                `yaml:"alert"`
}

// ConditionCompiler makes conditions from the text in pattern files. An error
// that is a *tidegate.Error counts its line and column from the beginning of
// source.
type ConditionCompiler[E any] interface {
	CompileCondition(source string, scope Scope) (Condition[E], error)
}

// Scope is where a condition stands.
type Scope struct {
	Pattern string
	Stage   string   // whose condition it is; "" for the end of a group
	Stages  []string // all stages of the pattern: what the condition may refer to
}

// Load reads a pattern file. The error joins one *tidegate.Error per mistake,
// each with its place.
func Load[E any](file string, data []byte, compiler ConditionCompiler[E]) ([]*Definition[E], error) {
	var doc struct {
		Patterns []patternNode `yaml:"patterns"`
	}
	if err := yamlfile.Decode(file, data, &doc); err != nil {
		return nil, err
	}
	var all []*Definition[E]
	var wrong []error
	seen := map[string]bool{}
	document := yamlfile.Document{File: file, Data: data}
	for i, n := range doc.Patterns {
		wrong = append(wrong, checkReasons(document, fmt.Sprintf("$.patterns[%d]", i), n)...)
		l := &loader[E]{file: file, pattern: n, compiler: compiler, places: map[string]yamlfile.Place{}}
		switch {
		case n.ID.text == "":
			l.fail(n.place(), "a pattern needs an id")
		case seen[n.ID.text]:
			l.fail(n.ID.place, "the id %q is taken", n.ID.text)
		case n.Key.text == "":
			l.fail(n.ID.place, "pattern %s needs a key: whose events it looks at", n.ID.text)
		}
		seen[n.ID.text] = true
		if d := l.load(); len(l.wrong) == 0 {
			all = append(all, d)
		}
		wrong = append(wrong, l.wrong...)
	}
	return all, errors.Join(wrong...)
}

// checkReasons holds what a pattern tells to what rules are held to.
func checkReasons(document yamlfile.Document, at string, n patternNode) (wrong []error) {
	codes := map[string]tidegate.ReasonCode{at + ".then.reason": n.Then.Reason}
	if n.OnTimeout != nil {
		codes[at+".on_timeout.reason"] = n.OnTimeout.Reason
	}
	for _, path := range slices.Sorted(maps.Keys(codes)) {
		if code := codes[path]; code != "" && code.Wrong() != "" {
			wrong = append(wrong, document.Errorf(path, "%s", code.Wrong()))
		}
	}
	if !(n.Then.Score >= -tidegate.MaxScore && n.Then.Score <= tidegate.MaxScore) {
		wrong = append(wrong, document.Errorf(at+".then.score", "score is outside of -%d..%d", tidegate.MaxScore, tidegate.MaxScore))
	}
	return wrong
}

// loader loads one pattern.
type loader[E any] struct {
	file     string
	pattern  patternNode
	compiler ConditionCompiler[E]
	stages   []string
	places   map[string]yamlfile.Place
	wrong    []error
}

func (l *loader[E]) load() *Definition[E] {
	n := l.pattern
	l.name(n.Stages)
	p := l.build(n.Stages)
	if p == nil {
		return nil
	}
	apply(n.Within, p.Within)
	if n.AfterMatch != nil {
		p.AfterMatch(n.AfterMatch.skip)
	}
	if n.Limit < 0 {
		l.fail(n.place(), "limit %d: at least one partial match must be allowed", n.Limit)
	}
	if n.Limit > 0 {
		p.Limit(Limit{Partials: n.Limit, Taken: n.Limit * DefaultLimit.Taken / DefaultLimit.Partials})
	}
	d := &Definition[E]{ID: n.ID.text, Description: n.Description, Key: n.Key.text, Then: n.Then, OnTimeout: n.OnTimeout, Cases: n.Tests,
		Place: n.ID.place, KeyPlace: n.Key.place}
	var refusal *Refusal
	var err error
	if d.Automaton, err = Compile(p); errors.As(err, &refusal) {
		place, ok := l.places[refusal.Stage]
		if !ok {
			place = n.place()
		}
		l.fail(place, "%s", strings.TrimPrefix(refusal.Error(), "cep: "))
	}
	if d.Automaton != nil && n.OnTimeout != nil {
		if _, ends := d.Automaton.Memory(); !ends {
			l.fail(n.place(), "on_timeout: without a window no partial match runs out of time")
		}
	}
	for _, c := range n.Tests {
		l.checkCase(c)
	}
	return d
}

// name collects the names of stages, in groups too.
func (l *loader[E]) name(stages []stageNode) {
	for _, s := range stages {
		if f := s.follows(); f.group != nil {
			l.name(f.group)
		} else if f.name != "" {
			l.stages = append(l.stages, f.name)
			l.places[f.name] = f.place
		}
	}
}

// build makes a pattern of stages; nil after a mistake that leaves none.
func (l *loader[E]) build(stages []stageNode) *Pattern[E] {
	if len(stages) == 0 {
		l.fail(l.pattern.place(), "a pattern needs stages")
		return nil
	}
	var p *Pattern[E]
	for i, s := range stages {
		f := s.follows()
		first := i == 0
		switch {
		case s.count() != 1:
			l.fail(f.place, "a stage has exactly one of begin, next, followed_by, followed_by_any, not_next and not_followed_by")
			return nil
		case first != (s.Begin != nil):
			l.fail(f.place, "the first stage, and no other, has begin")
			return nil
		}
		p = l.add(p, s, f)
		if p == nil {
			return nil
		}
	}
	return p
}

func (l *loader[E]) add(p *Pattern[E], s stageNode, f follows) *Pattern[E] {
	if p == nil {
		p = &Pattern[E]{limit: DefaultLimit}
	}
	switch {
	case f.group != nil:
		inner := l.build(f.group)
		if inner == nil {
			return nil
		}
		p.addGroup(f.contiguity, inner)
	case f.contiguity.negated():
		p.addNot(f.contiguity, f.name)
	default:
		p.add(f.contiguity, f.name)
	}
	if s.Where != nil {
		p.Where(l.condition(*s.Where, f.name))
	}
	if q := s.quantity(); q != nil && q.from == 0 {
		p.TimesBetween(0, q.to)
	} else if q != nil {
		p.quantify(q.kind, q.from, q.to)
	}
	apply(s.StepWithin, p.StepWithin)
	for _, flag := range []struct {
		set   bool
		apply func() *Pattern[E]
	}{{s.Consecutive, p.Consecutive}, {s.Combinations, p.AllowCombinations}, {s.Greedy, p.Greedy}, {s.Optional, p.Optional}} {
		if flag.set {
			flag.apply()
		}
	}
	if s.Until != nil {
		p.Until(l.condition(*s.Until, f.name))
	}
	apply(s.Within, p.Within)
	apply(s.WithinPrevious, p.WithinPrevious)
	return p
}

func (l *loader[E]) condition(source text, stage string) Condition[E] {
	c, err := l.compiler.CompileCondition(source.text, Scope{Pattern: l.pattern.ID.text, Stage: stage, Stages: l.stages})
	if err != nil {
		place := source.place
		var e *tidegate.Error
		if errors.As(err, &e) && e.Line > 0 {
			place = source.at(e.Line, e.Column)
			err = errors.New(e.Message)
		}
		l.fail(place, "%s", err)
	}
	return c.As(source.text)
}

func (l *loader[E]) fail(at yamlfile.Place, format string, args ...any) {
	l.wrong = append(l.wrong, tidegate.FileErrorf(l.file, at.Line, at.Column, format, args...))
}
