package cep

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// Case is a test that stands beside a pattern: events of one key and what has
// to come out of them.
type Case struct {
	Name   string      `yaml:"name"`
	Events []CaseEvent `yaml:"events"`
	// Until is how long the case goes on, from its beginning; 0: for ever, so
	// that every window ends.
	Until    yamlfile.Duration `yaml:"until"`
	Expect   []CaseMatch       `yaml:"expect"`    // the matches, in any order
	TimedOut []CaseMatch       `yaml:"timed_out"` // the partial matches that time out, if that matters
	Stage    *string           `yaml:"stage"`     // how far a partial match is after the last event; "": there is none
	place    yamlfile.Place
}

// CaseMatch is a match in a test: per stage the ids of its events.
type CaseMatch map[string][]string

// CaseEvent is an event in a test.
type CaseEvent struct {
	ID     string
	At     int64 // ms from the beginning
	Fields map[string]any
	place  yamlfile.Place
}

func (c *Case) UnmarshalYAML(node ast.Node) error {
	type plain Case
	c.place = yamlfile.Begin(node)
	return yaml.NodeToValue(node, (*plain)(c), yaml.Strict())
}

func (e *CaseEvent) UnmarshalYAML(node ast.Node) error {
	var own struct {
		ID string            `yaml:"id"`
		At yamlfile.Duration `yaml:"at"`
	}
	if err := yaml.NodeToValue(node, &own); err != nil {
		return err
	}
	if err := yaml.NodeToValue(node, &e.Fields); err != nil {
		return err
	}
	delete(e.Fields, "id")
	delete(e.Fields, "at")
	e.ID, e.At, e.place = own.ID, int64(own.At.Millis()), yamlfile.Begin(node)
	return nil
}

// checkCase finds what is wrong with a test before it is run.
func (l *loader[E]) checkCase(c Case) {
	ids := map[string]bool{}
	for _, e := range c.Events {
		if e.ID == "" || ids[e.ID] {
			l.fail(e.place, "an event of a test needs an id of its own")
		}
		ids[e.ID] = true
	}
	for _, m := range slices.Concat(c.Expect, c.TimedOut) {
		for _, stage := range slices.Sorted(maps.Keys(m)) {
			if !slices.Contains(l.stages, stage) {
				l.fail(c.place, "test %s expects events of stage %s, which the pattern does not have", c.Name, stage)
			}
			for _, id := range m[stage] {
				if !ids[id] {
					l.fail(c.place, "test %s expects event %s, which it does not have", c.Name, id)
				}
			}
		}
	}
}

// EventReader makes events of the fields in tests.
type EventReader[E any] interface {
	// ReadEvent makes an event of time t (ms).
	ReadEvent(id string, t int64, fields map[string]any) (E, error)
	// EventID is the id that the event was made with.
	EventID(event E) string
}

// caseStart is when a test begins: an instant like any other.
const caseStart = 1767225600000 // 2026-01-01T00:00:00Z

// Test runs the pattern's tests and returns an error for each that fails, a
// *tidegate.Error with the place of the test, or of its event that can't be
// read.
func (d *Definition[E]) Test(reader EventReader[E]) []error {
	var failures []error
	for _, c := range d.Cases {
		at := c.place
		if err := d.test(c, reader, &at); err != nil {
			failures = append(failures, tidegate.FileErrorf("", at.Line, at.Column, "pattern %s, test %s: %v", d.ID, c.Name, err))
		}
	}
	return failures
}

// test runs one; at is moved to the event that can't be read.
func (d *Definition[E]) test(c Case, reader EventReader[E], at *yamlfile.Place) error {
	m, s := NewMatcher(d.Automaton), &State[E]{}
	var matched, timedOut []string
	collect := func(outputs []Output[E]) {
		for _, o := range outputs {
			if o.Kind == Matched {
				matched = append(matched, ids(o.Match, reader, d.Automaton.stages))
			} else {
				timedOut = append(timedOut, ids(o.Match, reader, d.Automaton.stages))
			}
		}
	}
	events := slices.Clone(c.Events)
	slices.SortStableFunc(events, func(a, b CaseEvent) int { return int(a.At - b.At) })
	for _, e := range events {
		event, err := reader.ReadEvent(e.ID, caseStart+e.At, e.Fields)
		if err != nil {
			*at = e.place
			return fmt.Errorf("event %s: %w", e.ID, err)
		}
		outputs, err := m.Process(s, event, caseStart+e.At)
		if err != nil {
			return err
		}
		collect(outputs)
	}
	stage, _ := d.Automaton.Progress(s)
	end := int64(math.MaxInt64)
	if c.Until > 0 {
		end = caseStart + int64(c.Until.Millis())
	}
	outputs, err := m.Advance(s, end)
	if err != nil {
		return err
	}
	collect(outputs)
	if err := compare("matches", matched, c.Expect, d.Automaton.stages); err != nil {
		return err
	}
	if c.TimedOut != nil {
		if err := compare("time-outs", timedOut, c.TimedOut, d.Automaton.stages); err != nil {
			return err
		}
	}
	if c.Stage != nil && stage != *c.Stage {
		return fmt.Errorf("is at stage %q, want %q", stage, *c.Stage)
	}
	return nil
}

// ids writes a match as its stages with the ids of their events.
func ids[E any](m Match[E], reader EventReader[E], stages []string) string {
	match := CaseMatch{}
	for _, t := range m.Events {
		match[t.Stage] = append(match[t.Stage], reader.EventID(t.Event))
	}
	return match.text(stages)
}

func (m CaseMatch) text(stages []string) string {
	var parts []string
	for _, stage := range stages {
		if list, ok := m[stage]; ok {
			parts = append(parts, stage+": "+strings.Join(list, " "))
		}
	}
	return strings.Join(parts, ", ")
}

func compare(what string, got []string, want []CaseMatch, stages []string) error {
	var wanted []string
	for _, m := range want {
		wanted = append(wanted, m.text(stages))
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		return fmt.Errorf("%s:\n  %s\nwant:\n  %s", what, listed(got), listed(wanted))
	}
	return nil
}

func listed(lines []string) string {
	if len(lines) == 0 {
		return "none"
	}
	return strings.Join(lines, "\n  ")
}
