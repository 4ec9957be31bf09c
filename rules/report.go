package rules

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Report is what a check of rule files tells people: what was loaded, and
// what is worth a second look.
func (s *Set) Report() string {
	var b strings.Builder
	modes, tests := [3]int{}, 0
	for i := range s.rules {
		modes[s.rules[i].Mode]++
		tests += s.rules[i].Tests
	}
	fmt.Fprintf(&b, "rules %s: %d live, %d shadow, %d off; %d tests passed\n", s.version, modes[Live], modes[Shadow], modes[Off], tests)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i := range s.rules {
		r := &s.rules[i]
		mode := r.Mode.String()
		if r.Rollout < 1 {
			mode += fmt.Sprintf(" %g%%", 100*r.Rollout)
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%+g\t%s\t%s\n", r.ID, mode, r.Outcome, r.Score, r.Reason.Code, strings.Join(s.evidenceNames(r), ", "))
	}
	w.Flush()
	for _, l := range s.lists.all {
		fmt.Fprintf(w, "  list %s\t%s\t%s\t%s\t%d entries\n", l.Name, l.Kind, l.Field, l.Match, l.Entries)
	}
	w.Flush()
	for _, note := range s.Notes() {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	return b.String()
}

func (s *Set) evidenceNames(r *Rule) []string {
	names := make([]string, len(r.evidence))
	for i, v := range r.evidence {
		names[i] = s.schema.At(v).Name
	}
	return names
}

// Notes are remarks that are no errors, each with a place.
func (s *Set) Notes() []string {
	var notes []string
	note := func(r *Rule, format string, args ...any) {
		notes = append(notes, fmt.Sprintf("%s:%d: rule %s ", r.File, r.Line, r.ID)+fmt.Sprintf(format, args...))
	}
	for i := range s.rules {
		r := &s.rules[i]
		if r.Tests == 0 {
			note(r, "has no tests")
		}
		if len(r.evidence) == 0 {
			note(r, "looks at nothing: it always or never fires")
		}
		if f := s.program.Foreign(i); f != "" {
			note(r, "is evaluated more slowly: %s is left to the VM of expr", f)
		}
		if len(s.suppressions[i]) > 0 {
			note(r, "has suppressions")
		}
	}
	return notes
}
