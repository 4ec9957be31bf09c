package cep

import (
	"testing"
	"time"
)

// attacks are patterns whose partial matches pile up when somebody sends
// nothing but events that fit.
var attacks = map[string]func() *Pattern[letter]{
	"first events": func() *Pattern[letter] {
		return Begin[letter]("a").Where(is("a")).FollowedBy("b").Where(is("b")).Within(time.Hour)
	},
	"a loop without a window": func() *Pattern[letter] {
		return Begin[letter]("a").Where(is("a")).OneOrMore().FollowedBy("b").Where(is("b"))
	},
	"combinations": func() *Pattern[letter] {
		return Begin[letter]("a").Where(is("a")).OneOrMore().AllowCombinations().FollowedBy("b").Where(is("b")).Within(time.Hour)
	},
	"matches held back": func() *Pattern[letter] {
		return Begin[letter]("a").Where(is("a")).FollowedBy("b").Where(is("ab")).
			Where(IfEarlier(func(l letter, e Earlier[letter]) bool {
				first, _ := e.First("a")
				return first.at != 0 // the first one waits for ever, and everything behind it
			})).AfterMatch(SkipToNext())
	},
}

func is(letters string) Condition[letter] {
	return If(func(l letter) bool { return plainStage{types: letters}.fits(l.kind) }).As("is " + letters)
}

// TestLimit checks that a key under attack stays within its bound, that what
// is dropped is counted, and that the newest partial matches still complete.
func TestLimit(t *testing.T) {
	limit := Limit{Partials: 50, Taken: 500}
	for name, pattern := range attacks {
		t.Run(name, func(t *testing.T) {
			a, err := Compile(pattern().Limit(limit))
			if err != nil {
				t.Fatal(err)
			}
			m, s := NewMatcher(a), &State[letter]{}
			dropped := 0
			for i := range 2000 {
				live, err := m.Live(s, letter{i, 'a'}, int64(i))
				if err != nil {
					t.Fatal(err)
				}
				dropped += live.Dropped
				if n := s.Partials() + s.Held(); n > limit.Partials {
					t.Fatalf("%d partial matches after %d events", n, i+1)
				}
				if n := len(s.taken.links); n > 2*limit.Taken+4*limit.Partials {
					t.Fatalf("%d events taken after %d events", n, i+1)
				}
			}
			if dropped == 0 || uint64(dropped) != m.Counts().Dropped {
				t.Errorf("%d dropped, %d counted", dropped, m.Counts().Dropped)
			}
			live, err := m.Live(s, letter{2000, 'b'}, 2000)
			if err != nil || len(live.Completed) == 0 {
				t.Errorf("nothing completed (%v)", err)
			}
		})
	}
}

// TestNewestSurvive checks that it is the oldest that is dropped.
func TestNewestSurvive(t *testing.T) {
	a, err := Compile(attacks["first events"]().Limit(Limit{Partials: 3}))
	if err != nil {
		t.Fatal(err)
	}
	m, s := NewMatcher(a), &State[letter]{}
	for i := range 10 {
		_, _ = m.Live(s, letter{i, 'a'}, int64(i))
	}
	live, _ := m.Live(s, letter{10, 'b'}, 10)
	var starts []int
	for _, match := range live.Completed {
		starts = append(starts, match.Events[0].Event.at)
	}
	if len(starts) != 3 || starts[0] != 7 || starts[1] != 8 || starts[2] != 9 {
		t.Errorf("matches from %v, want 7, 8 and 9", starts)
	}
}

// BenchmarkAttack is one event of a key that has been sent 10,000 first events.
func BenchmarkAttack(b *testing.B) {
	for name, pattern := range attacks {
		b.Run(name, func(b *testing.B) {
			a, err := Compile(pattern())
			if err != nil {
				b.Fatal(err)
			}
			m, s := NewMatcher(a), &State[letter]{}
			i := 0
			send := func() {
				_, _ = m.Live(s, letter{i, 'a'}, int64(i))
				i++
			}
			for range 10_000 {
				send()
			}
			b.ReportAllocs()
			for b.Loop() {
				send()
			}
		})
	}
}

// BenchmarkLive is one live advance of a customer with 20 partial matches that
// all look at the event and at what they have taken, and one that completes
// half of them.
func BenchmarkLive(b *testing.B) {
	a, err := Compile(Begin[letter]("a").Where(is("a")).FollowedByAny("b").Where(is("bc")).
		Where(IfEarlier(func(l letter, e Earlier[letter]) bool {
			first, _ := e.First("a")
			return l.kind == 'b' && first.at%2 == 0
		})).Within(time.Hour))
	if err != nil {
		b.Fatal(err)
	}
	for name, kind := range map[string]byte{"waiting": 'x', "looking back": 'c', "completing": 'b'} {
		b.Run(name, func(b *testing.B) {
			m, s := NewMatcher(a), &State[letter]{}
			for i := range 20 {
				_, _ = m.Live(s, letter{i, 'a'}, int64(i))
			}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = m.Live(s, letter{20, kind}, 20)
			}
			if s.Partials() != 20 {
				b.Fatalf("%d partial matches", s.Partials())
			}
		})
	}
}
