package patterns

import (
	"testing"

	"pgregory.net/rapid"
)

// TestBeginnings checks that the short way of telling that an event begins
// nothing agrees with the matcher.
func TestBeginnings(t *testing.T) {
	set := compileText(t, letters)
	short := 0
	rapid.Check(t, func(t *rapid.T) {
		at := int64(0)
		e := drawEvent(t, 0, &at)
		set.view.turn(e)
		for _, p := range set.patterns {
			if p.beginnings != nil && !set.view.anyOf(p.beginnings) {
				short++
			}
			want := p.matcher.Begins(p.newEvent(e), at)
			if got := p.begins(e); got != want {
				t.Fatalf("%s begins %s: %v, want %v", e.Type, p.ID, got, want)
			}
		}
	})
	if short == 0 {
		t.Error("nothing was told the short way")
	}
}
